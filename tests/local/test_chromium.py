"""What `make test` does where the browser tests have no browser yet."""

import shutil
import subprocess
from pathlib import Path

import pytest

from services.local.chromium import MEND, find_chromium

SHELL = shutil.which("sh") or "/bin/sh"
SCRIPT = Path(__file__).parents[2] / "scripts" / "chromium.sh"


def _machine(folder: Path, uid: int, apt: str | None) -> Path:
    """A PATH with a shell, `id`, and an `apt-get` that notes what it was asked."""
    programs = {"id": f"echo {uid}"} | ({} if apt is None else {"apt-get": apt})
    for name, does in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{does}\n")
        (folder / name).chmod(0o755)
    return folder


def _run(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SHELL, str(SCRIPT)], env={"PATH": str(path)}, capture_output=True, text=True, check=False
    )


def test_root_on_debian_gets_it_installed(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    said = _run(_machine(tmp_path, 0, f'echo "$@" >> {asked}'))
    assert said.returncode == 0
    assert asked.read_text().splitlines() == [
        "-qq update",
        "-qq install --yes --no-install-recommends chromium fonts-dejavu-core",
    ]
    assert "Mend" not in said.stderr


@pytest.mark.parametrize(("uid", "apt"), [(0, "exit 100"), (0, None), (1000, "true")])
def test_everybody_else_is_told_one_line_that_mends_it(
    tmp_path: Path, uid: int, apt: str | None
) -> None:
    said = _run(_machine(tmp_path, uid, apt))
    assert said.returncode == 0, "the other tests run all the same"
    assert said.stderr.splitlines()[-1] == f"Mend: {MEND}"


def test_one_that_is_there_or_named_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOLDFAST_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_chromium() is None
    program = tmp_path / "chromium-browser"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_chromium() == program
    assert _run(tmp_path).stderr == ""
    monkeypatch.setenv("HOLDFAST_CHROMIUM", "/opt/other")
    assert find_chromium() == Path("/opt/other")
