"""A process is known by pid and start time, and none outlives its owner unless that was wanted."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.local import processes
from services.local.processes import Process

SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")

OWNER = """
import sys, time
from pathlib import Path
from services.local import processes
from services.local.guard import Guard
guard = Guard()
child = processes.start([sys.executable, "-c", "import time; time.sleep(600)"], Path(sys.argv[1]))
guard.watch(child)
if sys.argv[2] == "release":
    guard.release()
print(child.pid, child.started, flush=True)
time.sleep(600)
"""


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Process]:
    process = processes.start(SLEEPER, tmp_path / "sleeper.log")
    yield process
    processes.kill(process)


def test_a_stopped_process_is_gone(sleeper: Process) -> None:
    assert processes.is_running(sleeper)
    processes.stop(sleeper)
    assert not processes.is_running(sleeper)


def test_a_later_process_with_the_same_pid_is_not_taken_for_ours(sleeper: Process) -> None:
    earlier = Process(sleeper.pid, "another start")
    assert not processes.is_running(earlier)
    processes.stop(earlier)
    processes.kill(earlier)
    assert processes.is_running(sleeper)


def test_a_process_that_ignores_the_request_to_end_is_ended_by_force(tmp_path: Path) -> None:
    deaf = (
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('deaf', flush=True)\n"
        "time.sleep(600)\n"
    )
    log = tmp_path / "deaf.log"
    process = processes.start((sys.executable, "-c", deaf), log)
    assert processes.wait_until(lambda: b"deaf" in log.read_bytes(), 20)
    processes.stop(process, within_seconds=0.2)
    assert not processes.is_running(process)


def test_what_a_process_says_is_in_its_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "said.log"
    process = processes.start((sys.executable, "-c", "print('hello')"), log)
    assert processes.wait_until(lambda: not processes.is_running(process), 20)
    assert log.read_text() == "hello\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_children_end_when_their_owner_is_killed_or_its_terminal_closes(
    tmp_path: Path, number: signal.Signals
) -> None:
    owner, child = _owner(tmp_path, "watch")
    assert processes.is_running(child)
    owner.send_signal(number)
    owner.wait()
    assert processes.wait_until(lambda: not processes.is_running(child), 30)


def test_released_children_run_on_when_their_owner_is_killed(tmp_path: Path) -> None:
    owner, child = _owner(tmp_path, "release")
    owner.kill()
    owner.wait()
    assert not processes.wait_until(lambda: not processes.is_running(child), 1.0)
    processes.kill(child)


def _owner(tmp_path: Path, mode: str) -> tuple[subprocess.Popen[str], Process]:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path / "child.log"), mode],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    pid, started = owner.stdout.readline().split()
    return owner, Process(int(pid), started)
