"""The message of a request: what pydantic writes, also where a form goes in without it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.commands import (
    REQUEST,
    Actor,
    AmendForm,
    AnyCommand,
    RecordConsent,
    Request,
    SubmitForm,
)
from streams.kafka import Outgoing, SendFailedError
from streams.requests import REQUESTS, RequestWriter, request_message
from streams.settings import Settings

WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
LEAF = st.one_of(st.none(), st.booleans(), WHOLE, st.text(max_size=20))
VALUE = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=15,
)
FORM = st.dictionaries(st.text(max_size=12), VALUE, max_size=8)
KINDS = st.sampled_from((SubmitForm, AmendForm))
AT = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def request_of(command: AnyCommand, at: datetime) -> Request:
    return Request(
        trial_id="T-1",
        command_id=UUID(int=7),
        digest="0" * 64,
        at=at,
        actor=Actor(id="räume", role="site", sites=("S1",)),
        command=command,
    )


@given(FORM, KINDS, AT)
def test_a_form_is_written_as_pydantic_writes_it(
    form: dict[str, Any], kind: type[SubmitForm | AmendForm], at: datetime
) -> None:
    request = request_of(kind(subject_id="S-1", site_id="S1", form=form), at)
    value = request_message(request, 24).value
    assert value == request.model_dump_json().encode()
    assert REQUEST.validate_json(value) == request


@pytest.mark.parametrize("form", [{"n": 2**70}, {"n": -(2**64)}, {"n": 2**64}])
def test_a_number_that_only_pydantic_writes_is_written_by_it(form: dict[str, Any]) -> None:
    at = datetime(2027, 3, 24, tzinfo=UTC)
    request = request_of(SubmitForm(subject_id="S-1", site_id="S1", form=form), at)
    value = request_message(request, 24).value
    assert json.loads(value)["command"]["form"] == form


def test_any_other_command_and_where_it_goes() -> None:
    at = datetime(2027, 3, 24, 9, 30, tzinfo=UTC)
    command = RecordConsent(
        subject_id="S-1", site_id="S1", consented_on=at.date(), consent_version="2"
    )
    request = request_of(command, at)
    message = request_message(request, 24)
    assert (message.topic, message.key) == (REQUESTS, b"T-1")
    assert message.value == request.model_dump_json().encode()


async def test_who_sent_what_kafka_did_not_take_is_told_before_the_producer_is_renewed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ending a producer waits for Kafka; the one that failed sends nothing more."""
    steps: list[str] = []
    numbers = iter(range(9))

    class Silent:
        def __init__(self, _: Settings) -> None:
            self.number = next(numbers)

        async def start(self) -> None:
            steps.append(f"start {self.number}")

        async def stop(self) -> None:
            steps.append(f"stop {self.number}")

        async def partitions_of(self, _: str) -> int:
            return 8

        async def send_all(self, _: Sequence[Outgoing]) -> list[int]:
            steps.append(f"send {self.number}")
            if self.number == 0:
                raise SendFailedError("Kafka did not acknowledge")
            return [0]

    monkeypatch.setattr("streams.requests.Producer", Silent)
    writer = RequestWriter(Settings(kafka_bootstrap="a:1", redis_url="redis://a:2"))
    await writer.start()
    at = datetime(2027, 3, 24, tzinfo=UTC)
    request = request_of(SubmitForm(subject_id="S-1", site_id="S1", form={}), at)
    with pytest.raises(SendFailedError):
        await writer.send(request)
    assert steps == ["start 0", "send 0"]
    await writer.send(request)
    await writer.send(request)
    assert steps[2:] == ["stop 0", "start 1", "send 1", "send 1"]
