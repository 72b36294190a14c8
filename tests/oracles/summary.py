"""Tells at the end of the run how many rows of which file of oracles were checked.

Hooks of pytest, named in `tests/conftest.py`: where the run is shared by several processes, the one
that has checked the oracles hands its lines to the one that writes the end.
"""

from typing import Any

import pytest

from tests.oracles.reading import folder
from tests.oracles.tally import TALLY

LINES = pytest.StashKey[list[str]]()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a process that shares the run: what it has checked."""
    config = session.config
    if hasattr(config, "workeroutput") and TALLY in config.stash:
        config.workeroutput["oracles"] = config.stash[TALLY].lines()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """In the process that writes the end: takes it in."""
    lines = getattr(node, "workeroutput", {}).get("oracles")
    if lines:
        node.config.stash[LINES] = lines


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """One line a file, below the results."""
    lines = config.stash.get(LINES, None)
    if TALLY in config.stash:
        lines = config.stash[TALLY].lines()
    if not lines:
        return
    terminalreporter.section(f"oracles in {folder()}")
    for line in lines:
        terminalreporter.line(line)
