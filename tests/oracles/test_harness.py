"""The harness itself: what is altered, unknown, unread or damaged fails, and the run says so."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cohorts.designs.crm_model import CrmModel
from cohorts.designs.crm_quadrature import posterior
from tests.oracles.checks_crm import counts_of
from tests.oracles.judging import judge_file
from tests.oracles.reading import OWN_FOLDER, Row, read
from tests.oracles.registry import NOT_CHECKED, Check, NotCheckedError, close, found_checks
from tests.oracles.tally import Tally

CHECKS = found_checks()
ROOT = Path(__file__).parents[2]
MOVES = "ESDU"


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every single value in what JSON or CSV may hold."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from leaves(part, (*path, name))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from leaves(part, (*path, place))
    else:
        yield path


def altered(value: Any, tolerance: float) -> list[Any]:
    """Other values of the kind, further off than the tolerance; each letter of a table in turn."""
    match value:
        case bool():
            return [not value]
        case int():
            return [value - 1, value + 1]
        case float():
            return [value - 3 * tolerance - 1e-12, value + 3 * tolerance + 1e-12]
        case None:
            return [1]
        case "":
            return ["1"]
        case str() if set(value) <= set(MOVES):
            others = [(place, MOVES[MOVES.index(now) - 1]) for place, now in enumerate(value)]
            return [value[:place] + other + value[place + 1 :] for place, other in others]
        case str():
            number = "." in value or value.isdigit()
            return [str(float(value) + 1e-6 if "." in value else int(value) + 1) if number else "?"]
    raise AssertionError(value)


def changed(row: dict[str, Any], path: tuple[Any, ...], tolerance: float) -> Iterator[Any]:
    """The row with the one value at `path` altered, in every way."""
    now: Any = row
    for step in path:
        now = now[step]
    for other in altered(now, tolerance):
        copy = json.loads(json.dumps(row))
        place: Any = copy
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = other
        yield copy


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_an_expected_value_that_was_altered_fails(name: str) -> None:
    check, file = CHECKS[name], read(OWN_FOLDER / name)
    tried = 0
    for row in file.rows:
        for path in leaves({field: row[field] for field in check.expected if field in row}):
            if check.may_alter is not None and not check.may_alter(row, path):
                continue
            for wrong in changed(row, path, file.tolerance):
                tried += 1
                with pytest.raises((AssertionError, KeyError)):
                    check.of(wrong, file.tolerance)
    assert tried


def test_every_file_of_ours_is_checked_or_left_out_by_name() -> None:
    names = {path.name for path in OWN_FOLDER.iterdir()}
    assert names == CHECKS.keys() | NOT_CHECKED.keys()


def test_a_file_that_nobody_knows_fails(tmp_path: Path) -> None:
    path = tmp_path / "new_design.json"
    path.write_text('{"tolerance": 0, "cases": [{"id": "N-1"}, {"id": "N-2"}]}')
    tally = Tally()
    assert judge_file(path, CHECKS, tally) == ["no check for new_design.json (2 rows)"]
    assert tally.lines()[-1] == "0 of 2 rows of 1 files checked"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tpt_paths.json", '{"tolerance": 0}'),
        ("tpt_paths.json", '{"cases": []}'),
        ("tpt_paths.json", "{"),
        ("tpt_paths.txt", "nothing"),
    ],
)
def test_a_file_without_the_shape_of_one_fails(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert "cannot be read" in judge_file(tmp_path / name, CHECKS, Tally())[0]


@pytest.mark.parametrize(
    ("name", "damaged"),
    [("i3p3_table.csv", "0.3,7"), ("i3p3_table.csv", "0.3,1,ES,E"), ("i3p3_table.csv", "0.3,n,ES")],
)
def test_a_damaged_line_fails_by_itself_and_the_others_are_checked(
    name: str, damaged: str, tmp_path: Path
) -> None:
    path, tally = tmp_path / name, Tally()
    path.write_text(f"target,n,row\n{damaged}\n0.3,1,ES\n", "utf-8")
    problems = judge_file(path, CHECKS, tally)
    assert len(problems) == 1
    assert problems[0].startswith(f"{name} row 1 (target 0.3, n ")
    assert "cannot be checked" in problems[0]
    assert tally.lines()[-1] == "1 of 2 rows of 1 files checked"


def test_a_case_that_is_no_object_fails_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "crm_skeletons.json"
    file = json.loads((OWN_FOLDER / path.name).read_text("utf-8"))
    path.write_text(json.dumps({**file, "cases": [*file["cases"], "1NNN"]}), "utf-8")
    (problem,) = judge_file(path, CHECKS, Tally())
    assert problem.startswith("crm_skeletons.json row 6 (beyond the shape 1NNN) cannot be checked")


def test_a_row_that_lacks_something_or_holds_more_cannot_be_checked(tmp_path: Path) -> None:
    path = tmp_path / "doubles.json"
    rows = [{"x": 1, "twice": 2}, {"x": 2, "twice": 5}, {"x": 1}, {"x": 1, "twice": 2, "half": 0.5}]
    path.write_text(json.dumps({"tolerance": 0, "cases": rows}))

    def doubled(row: Any, _: float) -> None:
        assert row["x"] * 2 == row["twice"], "not twice"

    tally = Tally()
    problems = judge_file(path, {path.name: Check(doubled, ("twice",))}, tally)
    assert problems == [
        "doubles.json row 2 (x 2, twice 5): not twice assert (2 * 2) == 5",
        "doubles.json row 3 (x 1) cannot be checked: KeyError('twice')",
        "doubles.json row 4 (x 1, twice 2, half 0.5) cannot be checked: NotCheckedError('half')",
    ]
    assert (tally.rows, tally.checked, tally.wrong) == (
        {path.name: 4},
        {path.name: 2},
        {path.name: 1},
    )


def test_a_file_of_which_no_row_could_be_checked_says_so(tmp_path: Path) -> None:
    path = tmp_path / "idle.json"
    path.write_text('{"tolerance": 0, "cases": [{"x": 1}]}')
    problems = judge_file(path, {path.name: Check(lambda row, _: None, ("x",))}, Tally())
    assert problems[-1] == "idle.json has 1 rows and none could be checked"


def test_what_is_nested_must_be_read_too() -> None:
    def shallow(row: Any, _: float) -> None:
        assert row["input"]["a"] == row["steps"][0]["b"]

    fields = {"input": {"a": 1, "hidden": 2}, "steps": [{"b": 1}, {"b": 3}]}
    with pytest.raises(NotCheckedError, match=r"input\.hidden, steps\.b"):
        Check(shallow, ("steps",)).of(fields, 0)


def test_nan_is_close_to_nothing() -> None:
    assert not close(float("nan"), float("nan"), 1)


def test_another_folder_is_read_and_the_end_of_the_run_says_what_was_checked(
    tmp_path: Path,
) -> None:
    file = json.loads((OWN_FOLDER / "tpt_path_counts.json").read_text("utf-8"))
    file["cases"] = file["cases"][:2]
    (tmp_path / "tpt_path_counts.json").write_text(json.dumps(file))
    (tmp_path / "peers_timing.csv").write_text("peer,seconds\n")
    good = run_on(tmp_path)
    assert good.returncode == 0, good.stdout
    assert "tpt_path_counts.json     2 of    2 rows checked" in good.stdout
    assert "peers_timing.csv      not checked: how long" in good.stdout

    file["cases"][1]["complete_paths"] += 1
    (tmp_path / "tpt_path_counts.json").write_text(json.dumps(file))
    bad = run_on(tmp_path)
    assert bad.returncode == 1
    assert "2 of    2 rows checked, 1 wrong" in bad.stdout


def test_the_end_of_a_run_shared_by_two_processes_tells_of_every_file(tmp_path: Path) -> None:
    for name in ("i3p3_table.csv", "keyboard_table.csv", "mtpi_table.csv", "peers_timing.csv"):
        (tmp_path / name).write_bytes((OWN_FOLDER / name).read_bytes())
    shared = run_on(tmp_path, "-n", "2", "--dist", "load")
    assert shared.returncode == 0, shared.stdout
    assert "162 of 162 rows of 3 files checked" in shared.stdout
    assert "peers_timing.csv    not checked" in shared.stdout


def test_an_empty_folder_fails(tmp_path: Path) -> None:
    assert run_on(tmp_path).returncode == 1


def run_on(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The tests of oracles as somebody else would run them."""
    asked = ["-m", "pytest", "tests/oracles/test_oracles.py", "-p", "no:cacheprovider", *more]
    return subprocess.run(
        [sys.executable, *asked],
        cwd=ROOT,
        env={**os.environ, "HOLDFAST_ORACLES": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_crm_row_may_hold_the_integral_in_place_of_the_sum_and_nothing_further_off() -> None:
    file = read(OWN_FOLDER / "crm_posteriors.json")
    check = CHECKS[file.name]
    for fields in file.rows:
        given = fields["input"]
        model = CrmModel(tuple(given["skeleton"]), given["model"], given["prior_sd"], given["a0"])
        exact = posterior(model, given["target"], *counts_of(Row(given))).exceeds
        for off in (0.0, 1e-5, -1e-5):
            expected = {**fields["expected"], "p_exceeds_target": [one + off for one in exact]}
            row = {**fields, "expected": expected}
            if off:
                with pytest.raises(AssertionError):
                    check.of(row, file.tolerance)
            else:
                check.of(row, file.tolerance)


def test_a_file_in_a_folder_within_is_found_too(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "unknown.csv").write_text("n\n1\n", "utf-8")
    assert "no check for unknown.csv" in run_on(tmp_path).stdout
