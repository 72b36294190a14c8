"""Unknown keys, and criteria that are missing, doubled or unknown: each is named and stops."""

import pytest

from tests.protocols.build import criteria_text, protocol_text
from tests.protocols.wrong import changed, line_with, wrong


def test_an_unknown_key_is_named_with_file_line_and_mend() -> None:
    text = changed("dlt_window_days = 21", "dlt_windw_days = 21")
    message = str(wrong(text))
    line = line_with(text, "dlt_windw_days")
    assert message.startswith("trial.toml: 2 errors\n")
    assert (
        f"line {line}, phase1.dlt_windw_days: unknown key. "
        "Mend: write `dlt_window_days`, or remove it." in message
    )
    assert (
        "phase1.dlt_window_days: this key is missing. Mend: add `dlt_window_days = ...`." in message
    )


def test_an_unknown_table_is_named() -> None:
    problem = wrong(protocol_text() + "\n[phase3]\nnumber = 4\n").problems[0]
    assert (problem.key, problem.rule) == ("phase3", "unknown key")
    assert problem.mend.startswith("write `phase")


@pytest.mark.parametrize("criterion_id", ["I1", "I5c", "E21"])
def test_a_missing_criterion_is_named(criterion_id: str) -> None:
    tables = criteria_text().split("[[criteria]]")
    kept = [table for table in tables if f'\nid = "{criterion_id}"\n' not in table]
    assert len(kept) == len(tables) - 1
    error = wrong(protocol_text(criteria="[[criteria]]".join(kept)))
    assert [p.rule for p in error.problems] == [f"criterion {criterion_id} is missing"]


def test_all_missing_criteria_are_named_at_once() -> None:
    error = wrong(protocol_text(criteria=""))
    assert "I5a, I5b, I5c, I5d" in str(error)
    assert "criteria" in {p.key for p in error.problems}


def test_two_criteria_with_one_id_are_named() -> None:
    text = changed('\nid = "E21"', '\nid = "E20"')
    problems = {p.rule: p for p in wrong(text).problems}
    assert "two criteria have the id E20" in problems
    assert problems["two criteria have the id E20"].line is not None
    assert "criterion E21 is missing" in problems


def test_a_criterion_that_the_record_does_not_have_is_named() -> None:
    problems = [p.rule for p in wrong(changed('\nid = "E21"', '\nid = "E22"')).problems]
    assert problems == ["the record has no criterion E22", "criterion E21 is missing"]


def test_an_unknown_criterion_family_is_named_with_its_line() -> None:
    table = next(t for t in criteria_text().split("[[criteria]]") if '\nid = "I1"\n' in t)
    family = next(line for line in table.splitlines() if line.startswith("family = "))
    text = changed(family, 'family = "horoscope"')
    (problem,) = wrong(text).problems
    assert problem.key == "criteria.I1.family"
    assert "horoscope" in problem.rule
    assert problem.line == line_with(text, "horoscope")


def test_an_unknown_key_of_a_criterion_is_named_with_its_line() -> None:
    text = changed('\nid = "I1"\n', '\nid = "I1"\nyears_mni = 18\n')
    problem = wrong(text).problems[0]
    assert (problem.key, problem.rule) == ("criteria.I1.years_mni", "unknown key")
    assert problem.line == line_with(text, "years_mni")
