"""`holdfast verify`, `why`, `export` and `restore` as somebody at a terminal meets them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli.main import main
from streams.record import Record
from tests.streams.forging import Plain, forged

NOWHERE = {"HOLDFAST_KAFKA_BOOTSTRAP": "127.0.0.1:1", "HOLDFAST_REDIS_URL": "redis://127.0.0.1:1"}


def holdfast(*words: object, **env: str) -> Result:
    environment = {"COLUMNS": "100", "HOLDFAST_HOME": "/nowhere"} | env
    return CliRunner().invoke(main, [str(word) for word in words], env=environment)


def test_what_holds_is_said_to_hold_with_what_was_checked(
    whole: Path, records: tuple[Record, ...]
) -> None:
    done = holdfast("verify", whole, "--head", records[-1].hash)
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"Trial NCT00825734-demo, head {records[-1].hash}",
        "75 records read, 75 decisions taken again with 37 verdicts and 17 assignments the same, "
        "6 signatures looked at, invariants asked after every decision.",
        "All of it holds.",
    ]


def test_a_fault_is_said_with_its_place_both_values_and_why_it_matters(
    tmp_path: Path, records: tuple[Record, ...]
) -> None:
    def fail_one(plains: list[Plain]) -> None:
        event = next(e for p in plains for e in p["events"] if e["type"] == "FormJudged")
        event["verdict"]["findings"][3]["answer"] = "fail"

    file = forged(tmp_path / "forged", records, fail_one)
    done = holdfast("verify", file)
    assert done.exit_code == 1
    assert "✗ derivation at decision 6 (line 8): event 0 (FormJudged)" in done.stdout
    assert "/events/0/verdict/findings/3/answer: recorded fail, derived pass" in done.stdout
    assert "Why it matters: The rules in force, on the trial as it was," in done.stdout
    assert done.stdout.endswith("It does NOT hold.\n")
    told = json.loads(holdfast("verify", file, "--json").stdout)
    assert (told["holds"], told["records"], told["derived"]) == (False, 75, 74)
    assert [fault["kind"] for fault in told["faults"]] == ["derivation"]


def test_rules_of_another_version_are_named_with_what_to_do(
    tmp_path: Path, records: tuple[Record, ...]
) -> None:
    def later(plains: list[Plain]) -> None:
        for plain in plains[70:]:
            plain["rules"] = 9

    done = holdfast("verify", forged(tmp_path / "later", records, later))
    assert done.exit_code == 2
    assert "5 decisions from #70 on were taken by rules version 9" in done.stdout
    assert "Mend: verify with the Holdfast of that version too." in done.stdout


def test_why_tells_from_the_form_to_the_rule_with_hashes(
    whole: Path, records: tuple[Record, ...]
) -> None:
    said = holdfast("why", "S1-002", "--file", whole)
    assert said.exit_code == 0
    assert "S1-002: 3 decisions" in said.stdout
    assert "#13  2027-03-03 15:00 UTC  SubmitForm  by S1-staff (site)" in said.stdout
    assert f"hash {records[13].hash[:16]}… after {records[12].hash[:16]}…" in said.stdout
    assert "I5a  review" in said.stdout
    assert 'signed by centre ("I confirm that I5a is met")' in said.stdout.replace("\n    ", " ")
    assert "Rule no_live_slot (R11): The subject holds no reservation." in said.stdout


def test_why_as_json_has_the_whole_hashes_and_what_another_subjects_command_did(
    whole: Path, records: tuple[Record, ...]
) -> None:
    steps = json.loads(holdfast("why", "S1-002", "--file", whole, "--json").stdout)
    assert [step["sequence"] for step in steps] == [13, 14, 21]
    assert steps[0]["hash"] == records[13].hash
    assert steps[0]["events"][0]["telling"][0]["criterion"] == "I5a"
    others = [
        step
        for subject in ("S3-001", "S1-003", "S2-002")
        for step in json.loads(holdfast("why", subject, "--file", whole, "--json").stdout)
        if step["about"] != subject
    ]
    assert others
    assert all(step["answer"] is None for step in others)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["S1-999", "--file", "WHOLE"], "no decision is about S1-999: is the name right?"),
        (["S1-002"], "name a trial, or an export with --file"),
        (["S1-002", "T", "--file", "WHOLE"], "name a trial, or an export with --file"),
        (["S1-002", "--file", "CUT"], "Run `holdfast verify"),
    ],
)
def test_why_says_what_it_lacks(whole: Path, tmp_path: Path, words: list[str], says: str) -> None:
    (tmp_path / "cut").write_bytes(whole.read_bytes()[:-9])
    files = {"WHOLE": str(whole), "CUT": str(tmp_path / "cut")}
    done = holdfast("why", *[files.get(word, word) for word in words])
    assert done.exit_code != 0
    assert says in done.stderr


def test_what_does_not_hold_is_not_restored(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "cut").write_bytes(whole.read_bytes()[:-9])
    done = holdfast("restore", tmp_path / "cut", **NOWHERE)
    assert done.exit_code == 1
    assert done.stdout.endswith("It does NOT hold.\nNothing was restored.\n")
    done = holdfast("restore", whole, "--head", "0" * 64, **NOWHERE)
    assert "✗ head at the file" in done.stdout


def test_an_export_without_settings_says_what_to_set(tmp_path: Path) -> None:
    done = holdfast("export", "T1", "-o", tmp_path / "file")
    assert done.exit_code == 1
    assert "HOLDFAST_KAFKA_BOOTSTRAP" in done.stderr
    done = holdfast("export", "T1", "-o", tmp_path / "no" / "file", **NOWHERE)
    assert "is not there: make it first" in done.stderr
