"""`holdfast judge` on every example form, and what it says of a form that cannot be read."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from protocols.declared import DECLARED
from services.cli.main import main

FORMS = Path(__file__).parents[2] / "examples" / "forms"
EXPECTED = {
    # form: Phase I, Phase II, criteria that fail or need a person or are unknown in Phase I
    "adjuvant-and-first-line-needs-review": ("needs_review", "ineligible", ["I5a", "E1"]),
    "boundary-all-just-inside": ("eligible", "eligible", []),
    "eligible": ("eligible", "eligible", []),
    "eligible-endocrine-and-radiotherapy": ("eligible", "eligible", []),
    "eligible-man": ("eligible", "eligible", []),
    "eligible-treated-brain-metastases": ("eligible", "eligible", []),
    "her2-negative-then-positive-today": ("needs_review", "needs_review", ["I6"]),
    "her2-pending-fish": ("incomplete", "incomplete", ["I6"]),
    "her2-pending-fish-amended": ("eligible", "eligible", []),
    "her2-specimens-disagree": ("needs_review", "needs_review", ["I6"]),
    "incomplete-liver-metastases-unknown": ("incomplete", "incomplete", ["I9"]),
    "incomplete-stale-pregnancy-test": ("incomplete", "incomplete", ["I14"]),
    "ineligible-all-at-the-strict-limits": (
        "ineligible",
        "ineligible",
        ["I8", "I9", "I10", "I13"],
    ),
    "ineligible-bevacizumab-day-28": ("ineligible", "ineligible", ["I5d", "E2"]),
    "ineligible-ketoconazole": ("ineligible", "ineligible", ["E17"]),
    "ineligible-third-line": ("ineligible", "ineligible", ["I5a", "E1"]),
    "ineligible-too-young-until-the-birthday": ("ineligible", "ineligible", ["I1"]),
    "second-line-needs-review": ("needs_review", "needs_review", ["I5a"]),
    "warfarin-needs-review": ("needs_review", "needs_review", ["I12"]),
}


def judge(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["judge", *arguments], env={"COLUMNS": "200"})


def test_every_example_form_is_expected() -> None:
    assert sorted(file.stem for file in FORMS.glob("*.json")) == sorted(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_each_example_form_has_its_verdict(name: str) -> None:
    phase1, phase2, criteria = EXPECTED[name]
    result = judge(str(FORMS / f"{name}.json"), "--json")
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert printed["phases"]["1"]["outcome"] == phase1
    assert printed["phases"]["2"]["outcome"] == phase2
    findings = printed["verdict"]["findings"]
    in_phase1 = [f for f in findings if 1 in f.get("phases", [1, 2])]
    assert [f["criterion_id"] for f in in_phase1 if f["answer"] != "pass"] == criteria


@pytest.mark.parametrize("name", EXPECTED)
def test_the_table_shows_every_criterion_and_both_verdicts(name: str) -> None:
    result = judge(str(FORMS / f"{name}.json"))
    assert result.exit_code == 0, result.output
    phase1, phase2, _ = EXPECTED[name]
    assert f"Phase I: {phase1.replace('_', ' ').upper()}." in result.output
    assert f"Phase II: {phase2.replace('_', ' ').upper()}." in result.output
    lines = [line.split("│")[0].strip() for line in result.output.splitlines() if "│" in line]
    assert [line.rstrip("*") for line in lines if line] == list(DECLARED)
    assert {"I8*", "I14", "E1*", "E2"} <= set(lines)
    assert "* illustrative: not from the public record, at least in part." in result.output


def test_the_earliest_date_is_named_with_its_anchor() -> None:
    result = judge(str(FORMS / "ineligible-bevacizumab-day-28.json"))
    assert "Could pass with first dose from 2027-03-30." in result.output


def test_another_registration_date_is_another_verdict() -> None:
    file = str(FORMS / "ineligible-too-young-until-the-birthday.json")
    printed = json.loads(judge(file, "--on", "2027-03-25", "--json").stdout)
    assert printed["phases"]["1"]["outcome"] == "eligible"
    assert printed["verdict"]["anchors"]["registration_on"] == "2027-03-25"


def test_a_bad_form_is_told_pointer_rule_and_mend(tmp_path: Path) -> None:
    form = json.loads((FORMS / "eligible.json").read_text("utf-8"))
    form["labs"][0]["value"] = 3200.5
    form["hart"] = {}
    bad = tmp_path / "form.json"
    bad.write_text(json.dumps(form), "utf-8")
    result = judge(str(bad))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "form.json is no screening form:",
        "  /labs/0/value: not a value of this field. Mend: write a decimal number as a string,"
        ' such as "1.5", so that it stays exact.',
        "  /hart: unknown field. Mend: write `heart`, or remove it.",
    ]


def test_a_bad_protocol_and_a_missing_file_are_told(tmp_path: Path) -> None:
    bad = tmp_path / "protocol.toml"
    bad.write_text("id = ", "utf-8")
    result = judge(str(FORMS / "eligible.json"), "--protocol", str(bad))
    assert result.exit_code == 2
    assert "protocol.toml" in result.stderr
    assert judge(str(tmp_path / "none.json")).exit_code == 2


def test_the_help_lists_the_command() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    assert "judge" in result.output
