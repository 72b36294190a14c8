"""The picture and the printed story, line by line, of the story as it ends."""

import io
from pathlib import Path

import orjson
import pytest
from rich.console import Console

from enrollment.board import board, waitlist_view
from protocols.parse import parse_protocol
from services.demo.picture import MARKS, mark_of, picture
from services.demo.run import shipped_story, tell_to
from services.demo.screen import Screen
from tests.demo.memory import InMemory


def _console() -> Console:
    return Console(file=io.StringIO(), width=80, color_system=None, legacy_windows=False)


def _text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture(scope="module")
def shown() -> tuple[str, str]:
    """The printed story, and the picture at its end."""
    story, console, drawn = shipped_story(), _console(), _console()
    zone = parse_protocol(story.protocol_text).time_zone
    memory = InMemory(story.told.trial_id)
    told = tell_to(story, zone, memory, Screen(console, story, zone).show)
    assert told.as_told
    assert told.new_steps == len(story.steps)
    trial = memory.trial
    seen = orjson.loads(orjson.dumps([board(trial, trial.time), waitlist_view(trial)]))
    drawn.print(picture(*seen))
    return _text(console), _text(drawn)


@pytest.mark.parametrize(
    "line",
    [
        "NCT00825734-demo · Tue 18 May 2027, 15:00",
        "Phase I  closed · MTD L1 · RP2D L1",
        "doses (illustrative)",
        "✖S1-005  ✖S2-004",
        "■S1-001  ✖S3-001  ■S2-003",
        "Illustrative values are made up: no advice on treating anybody.",
        "Phase II open at L1 · 1 used, 4 reserved, 45 of 50 places free",
        "◌S2-005  ◌S1-006  ◌S4-001  ◌S2-007",
        "1. S2-008 Phase II",
        "none is due",
    ],
)
def test_the_picture_shows_the_trial_as_the_story_leaves_it(
    shown: tuple[str, str], line: str
) -> None:
    assert line in shown[1]


def test_the_picture_fits_a_terminal_of_eighty_columns(shown: tuple[str, str]) -> None:
    assert max(map(len, shown[1].splitlines())) == 80


@pytest.mark.parametrize(
    "line",
    [
        "Mon 1 March 2027",
        "  09:10  S1       S1-001  submits a form  (40, adjuvant AC-T, relapse after five years)",
        "         ● place reserved · level L1 · until Thu 4 March 2027, 09:10",
        "           → the place of S1-002 has expired",
        "           → level L2 is stopped",
        "           → Phase II is open at L1",
    ],
)
def test_the_story_is_printed_as_it_happens(shown: tuple[str, str], line: str) -> None:
    assert line in shown[0].splitlines()


def test_a_step_that_goes_otherwise_is_shown_and_stops_the_story(tmp_path: Path) -> None:
    story = shipped_story()
    first, *rest = story.told.chapters
    steps = list(first.steps)
    steps[4] = steps[4].model_copy(
        update={"expect": steps[4].expect.model_copy(update={"rule": "held"})}
    )
    wrong = first.model_copy(update={"steps": tuple(steps)})
    told = story.told.model_copy(update={"chapters": (wrong, *rest)})
    other = type(story)(told, story.protocol_text, story.form)
    console, zone = _console(), parse_protocol(story.protocol_text).time_zone
    result = tell_to(other, zone, InMemory("T1"), Screen(console, other, zone).show)
    assert (result.as_told, result.new_steps) == (False, 5)
    assert "NOT AS TOLD: rule should be held and is trial_not_open" in _text(console)


def test_what_was_told_before_is_checked_but_not_printed_again() -> None:
    story, console = shipped_story(), _console()
    zone = parse_protocol(story.protocol_text).time_zone
    memory = InMemory(story.told.trial_id)
    tell_to(story, zone, memory, lambda outcome: None)
    again = tell_to(story, zone, memory, Screen(console, story, zone).show)
    assert (again.as_told, again.new_steps, _text(console)) == (True, 0, "")


@pytest.mark.parametrize(
    ("slot", "mark"),
    [
        ({"state": "reserved", "flagged": [], "overdue": False}, "◌"),
        ({"state": "authorised", "flagged": ["I8"], "overdue": False}, "⚑"),
        ({"state": "dosed", "flagged": ["I8"], "overdue": False}, "◔"),
        ({"state": "dosed", "flagged": [], "overdue": True}, "◕"),
        ({"state": "dlt", "flagged": [], "overdue": False}, "✖"),
        ({"state": "cleared", "flagged": [], "overdue": False}, "■"),
        ({"state": "not_evaluable", "flagged": [], "overdue": False}, "□"),
    ],
)
def test_every_state_has_its_mark(slot: dict[str, object], mark: str) -> None:
    assert MARKS[mark_of({"slot": slot})][0] == mark
