"""The story is sound, and goes as told through the real judge and decider, without servers."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest

from eligibility.form import ScreeningForm
from enrollment.commands import COMMAND
from protocols.parse import parse_protocol
from services.demo.forms import command_of, form_of, merged
from services.demo.story import Expect, Story, StoryError, load_story
from services.demo.tell import Outcome, Reply, differences, tell
from tests.demo.memory import InMemory

ROOT = Path(__file__).parents[2]
STORY_FILE = ROOT / "examples" / "story" / "story.toml"


@pytest.fixture(scope="module")
def story() -> Story:
    return load_story(STORY_FILE, ROOT)


@pytest.fixture(scope="module")
def told(story: Story) -> tuple[tuple[Outcome, ...], InMemory]:
    memory = InMemory(story.told.trial_id)
    zone = parse_protocol(story.protocol_text).time_zone
    return tuple(tell(story, zone, memory)), memory


def _types(outcomes: Iterable[Outcome]) -> set[str]:
    return {event["type"] for outcome in outcomes for event in outcome.reply.events}


def test_every_step_goes_as_told(told: tuple[tuple[Outcome, ...], InMemory]) -> None:
    wrong = [
        (str(outcome.step.at), outcome.step.do, outcome.step.subject, *outcome.differences)
        for outcome in told[0]
        if outcome.differences
    ]
    assert wrong == []


def test_the_story_has_all_that_a_trial_can_meet(
    told: tuple[tuple[Outcome, ...], InMemory], story: Story
) -> None:
    outcomes = [outcome.reply.answer["outcome"] for outcome in told[0]]
    assert set(outcomes) >= {
        "slot_reserved",
        "waitlisted",
        "ineligible",
        "incomplete",
        "needs_review",
        "recorded",
        "refused",
    }
    assert {person.site for person in story.people.values()} == {"S1", "S2", "S3", "S4"}
    assert len(story.people) == 20
    assert _types(told[0]) >= {
        "SlotExpired",
        "SlotReleased",
        "SlotRecalled",
        "PassedOver",
        "DltRecorded",
        "LevelExpanded",
        "LevelStopped",
        "ReviewSigned",
        "FindingSettled",
        "MtdDeclared",
        "Rp2dDeclared",
        "PhaseOpened",
    }


def test_every_step_is_one_record(told: tuple[tuple[Outcome, ...], InMemory]) -> None:
    assert [o.step.at for o in told[0] if not o.reply.events] == []


def test_a_story_told_in_part_goes_on_where_it_was(story: Story) -> None:
    memory = InMemory(story.told.trial_id)
    zone = parse_protocol(story.protocol_text).time_zone
    first = list(islice(tell(story, zone, memory), 20))
    again = list(tell(story, zone, memory))
    assert [outcome.told_before for outcome in first] == [False] * 20
    assert [outcome.told_before for outcome in again] == [True] * 20 + [False] * (len(again) - 20)
    assert [outcome.differences for outcome in again] == [()] * len(story.steps)


def test_the_story_ends_in_phase_two(told: tuple[tuple[Outcome, ...], InMemory]) -> None:
    trial = told[1].trial
    assert (trial.mtd, trial.rp2d, trial.phase1, trial.phase2) == ("L1", "L1", "closed", "open")
    level = trial.levels[trial.level_index("L1")]
    assert (level.counts.evaluable, level.counts.dlts, level.counts.pending) == (6, 1, 0)
    assert trial.phase2_counts.dosed == 1


def test_every_form_is_a_screening_form(story: Story) -> None:
    forms = [step for step in story.steps if step.do in ("SubmitForm", "AmendForm")]
    assert len(forms) == 27
    for step in forms:
        form = ScreeningForm.model_validate_json(orjson.dumps(form_of(story, step)))
        assert form.completed_on == step.at.date()


def test_every_command_is_one(story: Story) -> None:
    for step in story.steps:
        command = command_of(story, step, "0" * 64)
        assert COMMAND.validate_json(orjson.dumps(command)).type == step.do


def test_what_a_step_expects_is_compared(story: Story) -> None:
    step = story.steps[0].model_copy(
        update={
            "expect": Expect(outcome="waitlisted", earliest="null", rule="held"),
            "then": ("SlotExpired S1-001", "SlotReserved S1-002"),
        }
    )
    turned = (
        {"type": "SlotReserved", "subject_id": "S1-002"},
        {"type": "SlotExpired", "subject_id": "S1-001"},
    )
    reply = Reply({"outcome": "waitlisted", "earliest": "2027-03-04", "rule": "full"}, turned)
    assert differences(step, reply) == (
        "rule should be held and is full",
        "earliest should be None and is 2027-03-04",
        "SlotReserved S1-002 should follow in its turn; what followed is "
        "SlotReserved S1-002, SlotExpired S1-001",
    )


def test_a_reply_as_told_has_no_difference(story: Story) -> None:
    step = story.steps[0]
    assert differences(step, Reply({"outcome": "recorded", "rule": None}, ())) == ()


def test_a_story_that_goes_back_in_time_is_refused(tmp_path: Path) -> None:
    text = STORY_FILE.read_text("utf-8").replace("2027-03-01T09:00:00", "2027-02-01T09:00:00", 1)
    broken = tmp_path / "story.toml"
    broken.write_text(text, "utf-8")
    with pytest.raises(StoryError, match="time only goes forward"):
        load_story(broken, ROOT)


def test_a_change_replaces_lists_and_merges_objects() -> None:
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 4}
    change = {"a": {"c": [3], "b": "@gone"}, "e": 5}
    assert merged(base, change) == {"a": {"c": [3]}, "d": 4, "e": 5}


def test_the_story_uses_the_shipped_protocol(story: Story) -> None:
    protocol = parse_protocol(story.protocol_text)
    assert protocol.protocol_id == "NCT00825734"
    assert protocol.time_zone == ZoneInfo("America/Chicago")
    assert "phase1" in protocol.illustrative
