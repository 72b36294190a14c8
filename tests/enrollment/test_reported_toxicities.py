"""How a toxicity was graded, judged and measured stays in the record, and counts nowhere."""

import pytest
from pydantic import ValidationError

from enrollment import commands as c
from enrollment.canonical import canonical
from enrollment.events import DltRecorded, ToxicityRecorded
from enrollment.public_events import public
from tests.enrollment.spec import Story, day, recorded, site_staff
from tests.enrollment.worlds import dosed_at_l1

TOLD = {"ctcae_version": "5.0", "attribution": "probable", "reported_value": "ANC 350 /uL"}


def dlt(trial: Story, **more: str) -> None:
    command = c.ReportDlt(
        subject_id="P1",
        onset_on=day("03-05"),
        term="Neutropenia",
        grade=4,
        **more,  # type: ignore[arg-type]  # checked by the model
    )
    assert trial.at("03-06 10:00").do(command, site_staff("S1")) == recorded()


def test_what_was_reported_of_a_dlt_is_kept_and_counts_as_without_it() -> None:
    plain, told = dosed_at_l1(), dosed_at_l1()
    dlt(plain)
    dlt(told, **TOLD)
    [event] = told.last(DltRecorded)
    assert event.model_dump(include=set(TOLD)) == TOLD
    assert told.counts("L1") == plain.counts("L1") == (1, 1, 2, 0)
    assert told.state.levels == plain.state.levels


def test_what_was_reported_is_told_to_nobody_outside() -> None:
    trial = dosed_at_l1()
    dlt(trial, **TOLD)
    [event] = trial.last(DltRecorded)
    told = public(event, "T1")
    assert told is not None
    said = told.model_dump_json()
    assert not any(value in said for value in TOLD.values())


def test_an_event_without_it_is_written_as_it_always_was() -> None:
    trial = dosed_at_l1()
    dlt(trial)
    [event] = trial.last(DltRecorded)
    assert not TOLD.keys() & event.model_dump(mode="json").keys()
    assert b"attribution" not in canonical(trial.sent[-1][2].model_dump(mode="json"))


def test_a_later_toxicity_keeps_it_too() -> None:
    trial = dosed_at_l1()
    command = c.ReportToxicity(
        subject_id="P1",
        onset_on=day("03-05"),
        term="Rash",
        grade=1,
        ctcae_version="4.03",
        attribution="unlikely",
    )
    assert trial.at("03-06 10:00").do(command, site_staff("S1")) == recorded()
    [event] = trial.last(ToxicityRecorded)
    assert (event.ctcae_version, event.attribution, event.reported_value) == (
        "4.03",
        "unlikely",
        None,
    )


@pytest.mark.parametrize("wrong", [{"ctcae_version": "v5"}, {"attribution": "maybe"}])
def test_other_words_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        c.ReportDlt.model_validate({"subject_id": "P1", "onset_on": day("03-05"), **wrong})
