"""The record of a decision: canonical bytes, read back whole, and higher formats refused."""

import hashlib

import orjson
import pytest
import rfc8785
from hypothesis import given

from enrollment.answer import Answer
from enrollment.canonical import canonical
from enrollment.events import AssignmentSuspended, FormJudged
from streams.record import (
    HigherFormatError,
    Record,
    UnreadableRecordError,
    build,
    parse,
    parse_without_forms,
)
from tests.streams.counting import judged_form, request
from tests.streams.plain import PLAIN


@given(PLAIN)
def test_our_canonical_json_is_rfc_8785_for_all_that_we_write(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


def one() -> Record:
    return build(
        request("A", 1),
        sequence=3,
        previous="a" * 64,
        protocol="",
        public_from=7,
        answer=Answer(outcome="recorded", sentence="Noted."),
        events=(AssignmentSuspended(reason="A signal."),),
    )


def test_a_record_is_read_back_as_it_was_built() -> None:
    record = one()
    again = parse(record.stored)
    assert again.content == record.content
    assert again.hash == record.hash == hashlib.sha256(record.stored).hexdigest()


def test_the_stored_bytes_are_canonical_and_hold_all_that_a_verifier_needs() -> None:
    record = one()
    plain = orjson.loads(record.stored)
    assert rfc8785.dumps(plain) == record.stored
    assert sorted(plain) == [
        "actor",
        "answer",
        "at",
        "command",
        "command_id",
        "digest",
        "events",
        "format",
        "previous",
        "protocol",
        "public_from",
        "rules",
        "sequence",
        "trial",
    ]
    assert plain["at"] == "2027-02-22T15:00:00Z"
    assert plain["answer"] == {"outcome": "recorded", "sentence": "Noted."}


def test_a_higher_format_is_told_apart_from_nonsense() -> None:
    plain = orjson.loads(one().stored)
    with pytest.raises(HigherFormatError, match="update every worker"):
        parse(canonical({**plain, "format": 2, "unheard": "of"}))


@pytest.mark.parametrize("stored", [b"", b"{", b"[]", b'{"format":1}', b'{"format":"2"}', b"\xff"])
def test_nonsense_is_unreadable_and_its_text_is_not_told(stored: bytes) -> None:
    with pytest.raises(UnreadableRecordError) as caught:
        parse(stored)
    assert stored.decode("latin-1") == "" or stored.decode("latin-1") not in str(caught.value)


def test_without_forms_all_else_is_read_the_same_and_the_hash_is_that_of_the_whole() -> None:
    events = (
        judged_form(
            {"subject_id": "P1", "labs": [{"value": "1.50"}]},
            {"protocol": "0" * 64, "findings": []},
        ),
        AssignmentSuspended(reason="A signal."),
    )
    answer = Answer(outcome="recorded")
    written = build(request("T1", 1), 3, "a" * 64, "", 7, answer, events)
    whole, light = parse(written.stored), parse_without_forms(written.stored)
    assert (light.hash, light.stored) == (whole.hash, whole.stored)
    judged, suspended = light.content.events
    assert isinstance(judged, FormJudged)
    assert (judged.form, judged.verdict, judged.subject_id) == (None, {}, "P1")
    assert suspended == events[1]
    assert light.content.model_copy(update={"events": ()}) == whole.content.model_copy(
        update={"events": ()}
    )
    assert whole.content.events == events


@pytest.mark.parametrize(
    "stored", [b"", b"[]", b"{}", b'{"events":[1]}', b'{"events":[{"form":{}}],"format":1}']
)
def test_without_forms_nonsense_is_refused_as_ever(stored: bytes) -> None:
    with pytest.raises(UnreadableRecordError):
        parse_without_forms(stored)
