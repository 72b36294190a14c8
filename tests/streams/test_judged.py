"""Judged forms on their way: three lines whose parts go into the record as the bytes they are."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid5

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from eligibility.verdict import Gist, Verdict
from enrollment.answer import Answer
from enrollment.canonical import canonical, digest
from enrollment.commands import REQUEST, JudgedRequest, Request, SubmitForm, SuspendAssignment
from enrollment.paper import Paper
from streams.batch import Command, Parked, Written, decide_all
from streams.health import Health
from streams.judge import JudgeStage
from streams.judged import NoCommandError, command_id_of, judged_message, read_command
from streams.kafka import Outgoing
from streams.ledger import Ledger
from streams.record import Record, build, parse
from streams.rules import RULES, judge_form, parse_protocol
from streams.settings import Settings
from streams.topics import COMMANDS
from streams.work import decide_items
from tests.streams.counting import ACTOR, NAMESPACE, judged_form
from tests.streams.counting import request as counted
from tests.streams.plain import PLAIN
from tests.streams.told import Recorded, story_records

AT = datetime(2027, 3, 22, 15, tzinfo=UTC)


@lru_cache(maxsize=1)
def before_each_form() -> tuple[tuple[Ledger, Request], ...]:
    """The shipped story once more: the ledger before every form, and the form as it came."""
    found = []
    ledger = Ledger(0)
    for offset, record in enumerate(story_records()):
        content = record.content
        follower = Recorded(content.trial)
        follower.ledger.trials[content.trial] = ledger.of(content.trial, RULES)
        command = content.command | {"form": _form(record.stored)}
        if content.command["type"] in ("SubmitForm", "AmendForm") and command["form"]:
            message = {
                "trial_id": content.trial,
                "command_id": str(content.command_id),
                "digest": content.digest,
                "at": content.at.isoformat(),
                "actor": content.actor.model_dump(mode="json"),
                "command": command,
            }
            found.append((_copy(ledger), REQUEST.validate_json(orjson.dumps(message))))
        ledger.read(record, offset, RULES)
    return tuple(found)


def _form(stored: bytes) -> object:
    events = orjson.loads(stored)["events"]
    return next((event["form"] for event in events if event.get("form")), None)


def _copy(ledger: Ledger) -> Ledger:
    """Frozen states and tips; only the index of decisions is one that changes."""
    copied = Ledger(ledger.partition, last_offset=ledger.last_offset)
    for trial_id, known in ledger.trials.items():
        entry = copied.of(trial_id, RULES)
        entry.trial, entry.tip, entry.public = known.trial, known.tip, known.public
    return copied


def verdict_of(ledger: Ledger, request: Request) -> tuple[Paper, Verdict]:
    command = request.command
    assert isinstance(command, SubmitForm) or command.type == "AmendForm"
    form = Paper(canonical(command.form), command.form)
    verdict = judge_form(form, ledger.trials[request.trial_id].trial.protocol, request)
    assert verdict is not None
    return form, verdict


def written(ledger: Ledger, request: JudgedRequest) -> Written:
    (result,) = decide_all(ledger, [Command(request, request.at)], RULES)
    assert isinstance(result, Written)
    return result


def test_every_form_of_the_story_gives_the_same_record_by_its_parts_as_by_itself() -> None:
    """The slow way reads the whole form and verdict as JSON and writes all of it again."""
    forms = before_each_form()
    assert len(forms) > 20
    for ledger, request in forms:
        form, verdict = verdict_of(ledger, request)
        spliced = written(_copy(ledger), read_command(judged_message(request, form, verdict)))
        plain = request.model_dump(mode="json") | {"verdict": verdict.to_json()}
        slow = written(_copy(ledger), read_command(orjson.dumps(plain)))
        assert spliced.record.stored == slow.record.stored
        assert canonical(orjson.loads(spliced.record.stored)) == spliced.record.stored
        assert spliced.record.hash == hashlib.sha256(spliced.record.stored).hexdigest()
        assert spliced.trial == slow.trial
        assert parse(spliced.record.stored).content.events == slow.record.content.events


def test_it_also_is_the_record_that_stands_in_the_story() -> None:
    stored = {record.content.command_id: record.stored for record in story_records()}
    for ledger, request in before_each_form():
        form, verdict = verdict_of(ledger, request)
        command = read_command(judged_message(request, form, verdict))
        assert written(_copy(ledger), command).record.stored == stored[request.command_id]


OBJECTS = st.dictionaries(st.text('ab"\\\né', max_size=3), PLAIN, max_size=4)


@tried(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(OBJECTS, st.integers(0, 4))
def test_canonical_json_is_the_same_whether_a_part_is_parsed_or_its_bytes(
    plain: dict[str, object], known: int
) -> None:
    paper = Paper(canonical(plain), dict(list(plain.items())[:known]))
    whole = {"b": [plain, 1], "a": plain, "é": {"z": plain}}
    assert canonical({"b": [paper, 1], "a": paper, "é": {"z": paper}}) == canonical(whole)
    assert canonical(paper) == canonical(plain)
    assert paper == plain
    assert {name: paper[name] for name in paper} == plain


@tried(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(OBJECTS, OBJECTS, st.booleans())
def test_a_record_is_the_same_bytes_whether_form_and_verdict_are_parsed_or_their_bytes(
    form: dict[str, object], verdict: dict[str, object], told: bool
) -> None:
    def one(form: Mapping[str, object], verdict: Mapping[str, object]) -> Record:
        asks = SubmitForm(subject_id="P1", site_id="S1", form=form)
        event = judged_form(form, verdict)
        events = (event if told else event.model_copy(update={"form": None}),)
        asked = counted("T1", 1).model_copy(update={"command": asks})
        return build(asked, 3, "a" * 64, "", 7, Answer(outcome="recorded"), events)

    spliced = one(Paper(canonical(form), form), Paper(canonical(verdict)))
    slow = one(form, verdict)
    assert spliced.stored == slow.stored
    assert spliced.hash == slow.hash
    assert parse(spliced.stored).content == slow.content


def test_the_gist_answers_what_decide_asks_as_the_whole_verdict_does() -> None:
    for ledger, request in before_each_form():
        form, verdict = verdict_of(ledger, request)
        gist = read_command(judged_message(request, form, verdict)).verdict
        assert isinstance(gist, Gist)
        assert gist.anchors == verdict.anchors
        assert gist.telling == verdict.telling
        assert gist.to_json() == verdict.to_json()
        for phase in (1, 2):
            for asked in ("outcome", "missing", "fails", "unknowns", "reviews", "safety"):
                assert getattr(gist, asked)(phase) == getattr(verdict, asked)(phase)
            assert gist.earliest(phase) == verdict.earliest(phase)


def test_a_phase_without_any_finding_earns_nothing_by_its_gist_either() -> None:
    _, verdict = verdict_of(*before_each_form()[0])
    only = Verdict(
        verdict.protocol_digest,
        verdict.anchors,
        tuple(f._replace(phases=(2,)) for f in verdict.findings),
    )
    gist = Gist.from_json(only.gist_json(), only.to_json())
    assert gist.outcome(1) == only.outcome(1) == "incomplete"


def message() -> bytes:
    ledger, request = before_each_form()[0]
    return judged_message(request, *verdict_of(ledger, request))


def test_a_part_that_was_changed_cut_or_swapped_is_no_command() -> None:
    head, form, verdict = message().split(b"\n")
    assert read_command(b"\n".join((head, form, verdict))).verdict is not None
    for wrong in (
        [head, form.replace(b'"yes"', b'"noes"', 1), verdict],
        [head, form, verdict[:-1]],
        [head, verdict, form],
        [head, form],
        [head],
        [head, form, verdict, b"{}"],
        [head, form, verdict, b""],
        [head[:-1], form, verdict],
        [head.replace(b'"parts":[', b'"parts":[1'), form, verdict],
        [head, b"[" + form[1:], verdict],
        [head, form, verdict[:-1] + b"]"],
        [head.replace(b'"actor"', b'"factor"'), form, verdict],
    ):
        with pytest.raises(NoCommandError) as caught:
            read_command(b"\n".join(wrong))
        assert "subject" not in str(caught.value)


@pytest.mark.parametrize(
    ("at", "wrong"),
    [("telling", [{}]), ("telling", [{"criterion_id": "I1"}]), ("anchors", {}), ("phases", 1)],
)
def test_a_gist_that_is_none_is_no_command_and_halts_nothing(at: str, wrong: object) -> None:
    head, _, parts = message().partition(b"\n")
    plain = orjson.loads(head)
    plain["verdict"][at] = wrong
    with pytest.raises(NoCommandError):
        read_command(orjson.dumps(plain) + b"\n" + parts)


def test_other_than_two_parts_are_no_command_whatever_the_head_says_of_them() -> None:
    head, form, verdict = message().split(b"\n")
    plain = orjson.loads(head)
    for lines in ([form], [form, verdict, b"{}"], [form, b""], [b"", verdict], []):
        changed = orjson.dumps(plain | {"parts": [len(line) for line in lines]})
        with pytest.raises(NoCommandError):
            read_command(b"\n".join((changed, *lines)))


def test_what_passes_judge_unchanged_is_read_as_it_came() -> None:
    command = SuspendAssignment(reason="A signal.")
    request = Request(
        trial_id="T1",
        command_id=uuid5(NAMESPACE, "T1"),
        digest=digest(canonical(command.model_dump(mode="json"))),
        at=AT,
        actor=ACTOR,
        command=command,
    )
    value = request.model_dump_json(indent=2).encode()
    assert read_command(value) == JudgedRequest(**dict(request))
    assert command_id_of(value) == request.command_id


def test_the_id_of_a_judged_command_is_found_without_its_parts() -> None:
    _, request = before_each_form()[0]
    assert command_id_of(message()) == request.command_id
    assert isinstance(request.command_id, UUID)


def test_the_form_of_a_request_is_not_told_by_its_paper() -> None:
    assert repr(Paper(b'{"subject_id":"A1"}')) == "Paper(19 bytes)"


class _Kafka:
    """Takes what a stage sends."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []

    async def send_all(self, messages: Sequence[Outgoing]) -> list[int]:
        self.sent += messages
        return []


class _Redis:
    """Where no protocol is known."""

    async def adopted(self, trial_ids: Sequence[str]) -> list[int | None]:
        return [None for _ in trial_ids]


@pytest.mark.parametrize("number", [b"123456789012345678901234567890", b"1.5", b"1e400"])
async def test_a_form_with_numbers_that_json_does_not_keep_passes_judge_and_is_parked_by_decide(
    number: bytes,
) -> None:
    _, request = before_each_form()[0]
    value = request.model_dump_json().encode().replace(b'"form":{', b'"form":{"n":' + number + b",")
    kafka: Any = _Kafka()
    redis: Any = _Redis()
    settings = Settings(kafka_bootstrap="nowhere:1", redis_url="redis://nowhere:1/0", partitions=1)
    stage = JudgeStage(settings, parse_protocol, judge_form, kafka, redis, Health())
    stage.inbox.assigned((0,))
    await stage.inbox.put(0, 0, AT.timestamp() * 1000, b"T", value)
    (item,) = await stage.inbox.take(0, 1)
    await stage.handle([item])
    (passed,) = kafka.sent
    assert (passed.topic, passed.value) == (COMMANDS, value)
    assert stage.inbox.to_commit() == {0: 1}
    work = decide_items(Ledger(0), [item], RULES, 1)
    (result,) = work.results
    assert isinstance(result, Parked)
    assert result.reason == "unreadable"
