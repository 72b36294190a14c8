"""Looks at what this machine has of all that Holdfast needs, and says how to mend the rest."""

import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from services.local.chromium import MEND, find_chromium
from services.local.errors import LocalError
from services.local.java import find_java
from services.local.kafka_jars import KAFKA_VERSION, jars_folder, missing_jars
from services.local.places import LOOPBACK
from services.local.ready import ask_ready
from services.local.redis_server import find_redis
from services.local.run_state import NAMES, Name, read_state

LEAST_FREE_BYTES = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Looked:
    """One thing that was looked at; `mend` is one line, empty when nothing is to do."""

    what: str
    fine: bool
    sentence: str
    mend: str = ""


def examine(home: Path) -> Iterator[Looked]:
    """Everything, in the order in which it is needed. Changes nothing."""
    for what, look in (
        ("Python", _python),
        ("Java", _java),
        ("Kafka", _kafka),
        ("Redis", _redis),
        ("browser", _browser),
        ("disk", lambda: _disk(home)),
    ):
        yield _safely(what, look)
    for name in NAMES:
        yield _safely(name, partial(_part, home, name))


def _safely(what: str, look: Callable[[], Looked]) -> Looked:
    try:
        return look()
    except LocalError as error:
        return Looked(what, False, error.sentence, error.mend)


def _python() -> Looked:
    said = f"{platform.python_version()} at {sys.executable}"
    fine = (3, 11) <= sys.version_info[:2] < (3, 14)
    return Looked("Python", fine, said, "" if fine else "delete .venv and run `make setup`")


def _java() -> Looked:
    java = find_java()
    return Looked("Java", True, f"{java.version} at {java.program}")


def _kafka() -> Looked:
    missing = missing_jars()
    if not missing:
        return Looked("Kafka", True, f"{KAFKA_VERSION} in {jars_folder()}")
    megabytes = sum(jar.size for jar in missing) / 1e6
    said = f"{KAFKA_VERSION}: {len(missing)} jars ({megabytes:.0f} MB) are not fetched yet"
    return Looked("Kafka", False, said, "run `holdfast stack fetch` (`make up` does it too)")


def _redis() -> Looked:
    redis = find_redis()
    return Looked("Redis", True, f"{redis.name} {redis.version} at {redis.program}")


def _browser() -> Looked:
    """Only the tests need one: its lack is no fault."""
    found = find_chromium()
    if found is None:
        return Looked("browser", True, f"no Chromium; the browser tests need one: {MEND}")
    return Looked("browser", True, f"{found} (for the browser tests)")


def _disk(home: Path) -> Looked:
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    fine = free >= LEAST_FREE_BYTES
    mend = "" if fine else "free some space, or set HOLDFAST_HOME to a folder on a larger disk"
    return Looked("disk", fine, f"{free / 1e9:.1f} GB free for {home}", mend)


def _part(home: Path, name: Name) -> Looked:
    """A part that was never started, or was stopped, is fine: one that died is not."""
    state = read_state(home)
    part = state.running(name)
    if part is None:
        siblings = [other for other in NAMES if state.running(other)]
        if siblings:
            said = f"does not run, though {', '.join(siblings)} does"
            return Looked(name, False, said, f"read {home}/logs/{name}.log, then `make up`")
        return Looked(name, True, "does not run (`make up` starts it)")
    said = f"runs on {LOOPBACK}:{part.port}, process {part.pid}"
    if name in ("web", "worker"):
        answer = ask_ready(part.port)
        if answer != "ready":
            return Looked(name, False, f"{said}: {answer}", f"read {home}/logs/{name}.log")
        said += ", ready"
    return Looked(name, True, said)
