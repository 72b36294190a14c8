"""`holdfast demo --once` on a real Kafka, a real Redis, a worker and the web service."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.local.run_state import NAMES, read_state

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(420)
def test_the_demo_goes_as_told_and_leaves_nothing_running(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = subprocess.run(
        [sys.executable, "-m", "services.cli.main", "demo", "--once"],
        cwd=ROOT,
        env={**os.environ, "HOLDFAST_HOME": str(home), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "The story of 75 steps went as told." in done.stdout
    assert "Phase I  closed · MTD L1 · RP2D L1" in done.stdout
    state = read_state(home)
    assert {name for name in NAMES if state.part(name) is not None} == set(NAMES)
    assert [name for name in NAMES if state.running(name)] == []
