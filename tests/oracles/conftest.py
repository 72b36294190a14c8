"""Tells at the end of the run how many rows of which file of oracles were checked."""

import pytest

from tests.oracles.reading import folder
from tests.oracles.tally import TALLY, Tally


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """The counts of this run."""
    return request.config.stash.setdefault(TALLY, Tally())


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """One line a file, below the results."""
    if TALLY not in config.stash:
        return
    terminalreporter.section(f"oracles in {folder()}")
    for line in config.stash[TALLY].lines():
        terminalreporter.line(line)
