"""A kept command is started again when it ended by itself, and only then."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from services.local import keep, processes
from services.local.guard import Guard

# Counts its runs in a file, then does what it was told to do.
COMMAND = """
import os, sys, time
with open(sys.argv[1], "a") as runs:
    runs.write(f"{os.getpid()}\\n")
if sys.argv[2] == "sleep":
    time.sleep(600)
sys.exit(int(sys.argv[2]))
"""


def _kept(tmp_path: Path, does: str, guard: Guard) -> tuple[keep.Keeper, Path]:
    runs = tmp_path / "runs"
    command = [sys.executable, "-c", COMMAND, str(runs), does]
    return keep.Keeper(command, guard), runs


def _count(runs: Path) -> int:
    return len(runs.read_text().splitlines())


def test_a_command_that_cannot_start_is_not_tried_again(
    tmp_path: Path, process_guard: Guard
) -> None:
    kept, runs = _kept(tmp_path, "3", process_guard)
    assert kept.run() == 3
    assert _count(runs) == 1


@pytest.mark.parametrize("code", [0, 78])
def test_one_that_ended_in_order_or_is_set_up_wrongly_is_not_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, process_guard: Guard, code: int
) -> None:
    monkeypatch.setattr(keep, "_TOO_SOON_SECONDS", 0.0)
    kept, runs = _kept(tmp_path, str(code), process_guard)
    assert kept.run() == code
    assert _count(runs) == 1


def test_one_that_ended_unsure_is_started_again_until_asked_to_end(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    process_guard: Guard,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(keep, "_TOO_SOON_SECONDS", 0.0)
    kept, runs = _kept(tmp_path, "70", process_guard)
    pauses: list[float] = []

    def wait(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            kept.end(signal.SIGTERM, None)

    monkeypatch.setattr(kept._asked_to_end, "wait", wait)
    assert kept.run() == 70
    assert _count(runs) == 3
    assert pauses == [1.0, 2.0, 4.0]
    assert capsys.readouterr().out.startswith("ended with 70; started again in 1 s\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_command_ends_with_its_keeper(tmp_path: Path, number: signal.Signals) -> None:
    runs = tmp_path / "runs"
    keeper = subprocess.Popen(
        [
            *(sys.executable, "-m", "services.local.keep"),
            *(sys.executable, "-c", COMMAND, str(runs), "sleep"),
        ]
    )
    assert processes.wait_until(lambda: runs.exists() and runs.read_text().endswith("\n"), 60)
    child = processes.identify(int(runs.read_text()))
    keeper.send_signal(number)
    keeper.wait()
    assert processes.wait_until(lambda: not processes.is_running(child), 30)
    assert _count(runs) == 1
