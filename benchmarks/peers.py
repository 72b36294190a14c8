"""Peers of the designs, each in a place of its own made for this run: what they took, or why not.

clintrials comes from the Python index into a fresh virtual environment; R packages are used where R
and they are there. What cannot be had or does not run is said, never left out silently.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TASKS: Final = Path(__file__).with_name("peer_clintrials.py")
INSTALL_SECONDS: Final = 300
RUN_SECONDS: Final = 300
R_PACKAGES: Final = {
    "BOIN": (
        "BOIN get.oc (R)",
        "get.oc(target = 0.25, p.true = c(0.05, 0.12, 0.25, 0.40, 0.55), ncohort = 10, "
        "cohortsize = 3, ntrial = 1000)",
    ),
    "dfcrm": (
        "dfcrm crmsim (R)",
        "crmsim(PI = c(0.05, 0.12, 0.25, 0.40, 0.55), prior = c(0.05, 0.12, 0.25, 0.40, 0.55), "
        "target = 0.25, n = 30, x0 = 1, nsim = 1000, mcohort = 3)",
    ),
}
R_TASKS: Final = {"BOIN": "BOIN", "dfcrm": "CRM"}


@dataclass(frozen=True, slots=True)
class Peer:
    """Seconds that one trial takes by task (`3+3`, `CRM`, `BOIN`), or why there are none."""

    name: str
    seconds: dict[str, float]
    why_not: str = ""


def clintrials(trials: int, crm_trials: int) -> Peer:
    """clintrials from the Python index, with today's NumPy and SciPy."""
    name = "clintrials"
    with tempfile.TemporaryDirectory(prefix="holdfast-peer-") as folder:
        python = Path(folder) / "bin" / "python"
        try:
            _run([sys.executable, "-m", "venv", folder], INSTALL_SECONDS)
            install = [str(python), "-m", "pip", "install", "--quiet", "--no-input"]
            _run([*install, "numpy>=2", "scipy>=1.14", "clintrials"], INSTALL_SECONDS)
            said = _run([str(python), str(TASKS), str(trials), str(crm_trials)], RUN_SECONDS)
            return Peer(name, json.loads(said.splitlines()[-1]))
        except _FailedError as error:
            return Peer(name, {}, str(error))


def fork_of_clintrials() -> Peer:
    """The fork that is developed further is a repository, not a package that could be installed."""
    return Peer("clintrials, fork by fderuiter", {}, "it is not in the Python index")


def r_packages() -> list[Peer]:
    """BOIN and dfcrm by R, if it and they are there."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return [Peer(name, {}, "there is no Rscript here") for name, _ in R_PACKAGES.values()]
    return [_r_package(rscript, package) for package in R_PACKAGES]


def _r_package(rscript: str, package: str) -> Peer:
    name, call = R_PACKAGES[package]
    code = (
        f"if (!requireNamespace('{package}', quietly = TRUE)) quit(status = 3)\n"
        f"took <- system.time({package}::{call})\n"
        "cat('\\n', took[['user.self']] + took[['sys.self']], '\\n', sep = '')\n"
    )
    try:
        said = _run([rscript, "-e", code], RUN_SECONDS)
        return Peer(name, {R_TASKS[package]: float(said.split()[-1]) / 1000})
    except _FailedError as error:
        missing = error.status == 3
        return Peer(name, {}, f"{package} is not installed in R" if missing else str(error))


class _FailedError(Exception):
    """A step of a peer did not work; its text is the last line that it said."""

    def __init__(self, said: str, status: int | None = None) -> None:
        super().__init__(said)
        self.status = status


def _run(command: list[str], seconds: float) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise _FailedError(f"it took longer than {seconds:.0f} s") from None
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip() or "it failed").splitlines()
        raise _FailedError(lines[-1], done.returncode)
    return done.stdout
