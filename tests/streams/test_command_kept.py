"""A record keeps the command whole, and what its events hold only once."""

import pytest
from pydantic import ValidationError

from enrollment.canonical import canonical, digest, exact
from enrollment.commands import AdoptProtocol, AnyCommand, SubmitForm, SuspendAssignment
from enrollment.events import AnyEvent, Rejected
from streams.batch import Parked
from streams.command_kept import command_of, kept
from streams.inbox import Item
from streams.ledger import Ledger
from streams.work import decide_items
from tests.streams.counting import COUNTING, judged_form, request

FORM = {"subject_id": "P1", "site_id": "S1", "labs": [{"value": "1.50"}]}
SUBMITTED = SubmitForm(subject_id="P1", site_id="S1", form=FORM)
JUDGED = judged_form(FORM, {})
REJECTED = Rejected(command="SubmitForm", rule="form.identity", sentence="No.")


@pytest.mark.parametrize(
    ("command", "events", "keys"),
    [
        (SUBMITTED, (JUDGED,), {"type", "subject_id", "site_id"}),
        (SUBMITTED, (REJECTED,), {"type", "subject_id", "site_id", "form"}),
        (SuspendAssignment(reason="A signal."), (), {"type", "reason"}),
        (
            AdoptProtocol(text="x = 1", meaning="m"),
            (REJECTED,),
            {"type", "text", "clock", "meaning"},
        ),
    ],
)
def test_the_whole_command_comes_back_with_its_digest(
    command: AnyCommand, events: tuple[AnyEvent, ...], keys: set[str]
) -> None:
    plain = kept(command, events)
    assert set(plain) == keys
    again = command_of(plain, events)
    assert again == command
    assert _digest(again) == _digest(command)


def test_a_form_is_not_found_where_the_events_hold_none() -> None:
    with pytest.raises(ValidationError):
        command_of(kept(SUBMITTED, (JUDGED,)), (REJECTED,))


@pytest.mark.parametrize("value", [1.5, 2**53, [{"a": [1e3]}]])
def test_a_form_that_the_record_could_not_keep_exactly_is_parked(value: object) -> None:
    command = SubmitForm(subject_id="P1", site_id="S1", form={**FORM, "odd": value})
    told = request("T1", 1).model_copy(update={"command": command})
    item = Item(0, 1, 0, told.at.timestamp() * 1000, b"T1", told.model_dump_json().encode())
    work = decide_items(Ledger(0), [item], COUNTING, 1)
    assert work.results == [
        Parked("unreadable", "a form with fractions or huge whole numbers as JSON numbers")
    ]
    assert not exact(value)


def _digest(command: AnyCommand) -> str:
    return digest(canonical(command.model_dump(mode="json")))
