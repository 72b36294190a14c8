"""Every row of every file of oracles, against ours."""

from pathlib import Path

import pytest

from tests.oracles.judging import judge_file
from tests.oracles.reading import folder
from tests.oracles.registry import found_checks
from tests.oracles.tally import Tally

FILES = sorted(path for path in folder().rglob("*") if path.is_file())


def test_there_are_oracles() -> None:
    assert FILES, f"no files in {folder()}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.name))
def test_every_row_of_the_file_is_as_expected(path: Path, tally: Tally) -> None:
    problems = judge_file(path, found_checks(), tally)
    assert not problems, "\n".join(problems)
