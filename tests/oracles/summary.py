"""Tells at the end of the run how many rows of which file of oracles were checked.

Hooks of pytest, named in `tests/conftest.py`: where the run is shared by several processes, each
hands its counts to the one that writes the end.
"""

from dataclasses import asdict
from typing import Any

import pytest

from tests.oracles.reading import folder
from tests.oracles.tally import TALLY, Tally


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a process that shares the run: what it has checked."""
    config = session.config
    if hasattr(config, "workeroutput") and TALLY in config.stash:
        config.workeroutput["oracles"] = asdict(config.stash[TALLY])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """In the process that writes the end: takes it in."""
    counts = getattr(node, "workeroutput", {}).get("oracles")
    if counts:
        node.config.stash.setdefault(TALLY, Tally()).take_in(Tally(**counts))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """One line a file, below the results."""
    if TALLY not in config.stash:
        return
    terminalreporter.section(f"oracles in {folder()}")
    for line in config.stash[TALLY].lines():
        terminalreporter.line(line)
