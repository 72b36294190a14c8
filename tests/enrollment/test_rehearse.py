"""`holdfast rehearse`: the same decider without a server, its errors, and its determinism."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from enrollment import commands as c
from enrollment.events import EVENTS
from enrollment.evolve import evolve
from enrollment.rehearse import new_rehearsal, rehearse
from enrollment.trial import new_trial
from services.cli.rehearse import rehearse_command
from tests.enrollment.second_dlt import mtd_signed
from tests.enrollment.spec import CENTRE, P0, Story, site_staff
from tests.enrollment.worlds import rp2d_is_l2

ROOT = Path(__file__).parents[2]
PROTOCOL = ROOT / "protocols" / "nct00825734.toml"
EXAMPLE = ROOT / "examples" / "rehearsal.ndjson"
SITE = {"id": "anna", "role": "site", "sites": ["S1"]}


def run(protocol: Path, commands: Path, *options: str) -> Result:
    return CliRunner().invoke(rehearse_command, [str(protocol), str(commands), *options])


def decisions(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def given(folder: Path, *lines: Any) -> Path:
    file = folder / "commands.ndjson"
    file.write_text("".join(x if isinstance(x, str) else json.dumps(x) + "\n" for x in lines))
    return file


def line(command: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"at": "2027-02-22T15:00:00Z", "actor": SITE, "command": command} | rest


def test_the_example_runs_and_tells_the_whole_course() -> None:
    told = decisions(run(PROTOCOL, EXAMPLE))
    outcomes = [(d["answer"]["outcome"], d["answer"].get("rule")) for d in told]
    assert ("refused", "trial_not_open") in outcomes
    assert ("waitlisted", "stagger") in outcomes
    assert ("ineligible", "I5d") in outcomes
    assert ("incomplete", "I6") in outcomes
    assert ("needs_review", "I5a") in outcomes
    assert ("refused", "window_open") in outcomes
    assert ("refused", "review.bolder") in outcomes
    assert [event["type"] for event in told[-1]["events"]] == ["ReviewSigned", "LevelOpened"]
    assert [d["sequence"] for d in told] == list(range(len(told)))


def test_what_is_bulky_is_printed_only_when_asked_for() -> None:
    short = run(PROTOCOL, EXAMPLE).stdout
    whole = decisions(run(PROTOCOL, EXAMPLE, "--whole"))
    assert '"verdict"' not in short
    trial = new_trial("NCT00825734")
    for decision in whole:
        events = EVENTS.validate_json(json.dumps(decision["events"]))
        trial = evolve(trial, datetime.fromisoformat(decision["at"]), events)
    assert trial.levels[trial.level_index("L1")].counts.dlts == 2


@pytest.mark.parametrize(
    ("text", "place", "mend"),
    [
        ("nope\n", "line 1, /: not JSON", "write one object"),
        (line({"type": "ReportDeth"}), "line 1, /command: no command", "write ReportDeath"),
        (line({"type": "TimePassed", "x": 1}), "line 1, /command/x: unknown key", "remove it"),
        (
            line({"type": "TimePassed"}, at="2027-02-22T15:00:00"),
            "line 1, /at: the instant has no zone",
            "end it with Z",
        ),
        (
            line({"type": "ReportDeath", "subject_id": "P1", "died_on": "22 May"}),
            "line 1, /command/died_on:",
            "write a date such as 2027-02-22",
        ),
        (
            line({"type": "SubmitForm", "subject_id": "P1", "site_id": "S1", "form": {}}),
            "line 1, /command/form/subject_id: this field is required",
            "fill it in",
        ),
        (
            line({"type": "SubmitForm", "subject_id": "P1", "site_id": "S1", "form": "@no.json"}),
            "line 1, /command/form:",
            "correct the path",
        ),
        (
            line({"type": "TimePassed"}, actor={"id": "x", "role": "king"}),
            "line 1, /actor/role: not a known value",
            "'coordinator'",
        ),
    ],
)
def test_an_unusable_line_is_named_with_pointer_and_mend(
    tmp_path: Path, text: Any, place: str, mend: str
) -> None:
    result = run(PROTOCOL, given(tmp_path, text))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert place in result.stderr
    assert mend in result.stderr


def test_all_unusable_lines_are_named_at_once_and_nothing_is_run(tmp_path: Path) -> None:
    good = line({"type": "TimePassed"})
    result = run(PROTOCOL, given(tmp_path, good, "\n", "nope\n", line({"type": "X"})))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "line 3" in result.stderr
    assert "line 4" in result.stderr


def test_an_unsound_protocol_is_named_with_its_mend(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("id = 3\n")
    result = run(broken, given(tmp_path, line({"type": "TimePassed"})))
    assert result.exit_code == 2
    assert "broken.toml" in result.stderr
    assert "Mend" in result.stderr


def test_a_file_without_commands_decides_nothing(tmp_path: Path) -> None:
    assert decisions(run(PROTOCOL, given(tmp_path, "\n"))) == []


def test_the_same_command_id_again_gets_the_stored_answer_and_another_body_is_a_conflict() -> None:
    at = datetime(2027, 2, 22, 15, tzinfo=UTC)
    one, other = UUID(int=1), UUID(int=2)
    adopt = c.AdoptProtocol(text=P0(), clock="simulated", meaning="I adopt.")
    trial, first = rehearse(new_rehearsal("T1"), at, CENTRE, adopt, one)
    trial, again = rehearse(trial, at, CENTRE, adopt, one)
    assert (again.answer, again.sequence, again.repeated) == (first.answer, 0, True)
    assert again.events == ()
    trial, conflict = rehearse(trial, at, site_staff("S1"), c.TimePassed(), one)
    assert (conflict.answer.rule, conflict.sequence) == ("command_id_reused", None)
    suspend = c.ActivateTrial(meaning="I open.")
    trial, next_one = rehearse(trial, at, CENTRE, suspend, other)
    assert next_one.sequence == 1


def commands_of(story: Story) -> str:
    """Everything that was sent to a story, as a rehearsal file."""
    return "".join(
        json.dumps(
            {
                "at": at.isoformat(),
                "actor": actor.model_dump(mode="json"),
                "command": command.model_dump(mode="json"),
            }
        )
        + "\n"
        for at, actor, command in story.sent
        if not isinstance(command, c.AdoptProtocol)
    )


@pytest.mark.parametrize("course", ["mtd", "phase two"])
def test_a_history_decides_to_the_same_bytes_under_two_hash_seeds(
    tmp_path: Path, course: str
) -> None:
    story = mtd_signed() if course == "mtd" else rp2d_is_l2(4, site_cap=3)
    protocol, commands = tmp_path / "protocol.toml", tmp_path / "commands.ndjson"
    assert story.state.protocol is not None
    protocol.write_text(story.state.protocol.text)
    commands.write_text(commands_of(story))
    outputs = [
        subprocess.run(
            [sys.executable, "-m", "services.cli.main", "rehearse", protocol, commands, "--whole"],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "4711")
    ]
    assert outputs[0] == outputs[1]
    events = [
        EVENTS.validate_json(json.dumps(json.loads(x)["events"])) for x in outputs[0].splitlines()
    ]
    told = [event for some in events[1:] for event in some]
    assert told == [event for _, some in story.log[1:] for event in some]
