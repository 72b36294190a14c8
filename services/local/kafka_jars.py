"""Fetches the jars of one Kafka release, each checked against its pinned digest, into the cache."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path

from services.local.errors import LocalError
from services.local.places import cache_folder

KAFKA_VERSION = "4.3.1"
_AT_ONCE = 4

Progress = Callable[[int], None]
"""Told the number of bytes that arrived."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One artifact by its coordinates, its SHA-256 and its size in bytes."""

    group: str
    artifact: str
    version: str
    digest: str
    size: int

    @property
    def file_name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


def pinned_jars() -> tuple[Jar, ...]:
    """All that Kafka needs at run time, as resolved once for this release."""
    lines = files("services.local").joinpath("kafka-jars.txt").read_text("ascii").splitlines()
    return tuple(_read(line) for line in lines)


def jars_folder() -> Path:
    return cache_folder() / f"kafka-{KAFKA_VERSION}"


def missing_jars() -> tuple[Jar, ...]:
    """A jar is only ever moved into the folder whole and checked, so being there is enough."""
    folder = jars_folder()
    return tuple(jar for jar in pinned_jars() if not (folder / jar.file_name).exists())


def fetch_jars(progress: Progress = lambda _: None) -> Path:
    """Brings what is missing and returns the folder; several processes may do so at once."""
    missing = missing_jars()
    folder = jars_folder()
    folder.mkdir(parents=True, exist_ok=True)
    if missing:
        with (
            tempfile.TemporaryDirectory(dir=folder.parent) as staging,
            ThreadPoolExecutor(_AT_ONCE) as pool,
        ):
            fetch = partial(_fetch, Path(staging), folder, progress)
            for _ in pool.map(fetch, sorted(missing, key=lambda jar: -jar.size)):
                pass
    return folder


def _read(line: str) -> Jar:
    coordinates, digest, size = line.split()
    group, artifact, version = coordinates.split(":")
    return Jar(group, artifact, version, digest, int(size))


def _fetch(staging: Path, folder: Path, progress: Progress, jar: Jar) -> None:
    arrived = _download(staging, progress, jar)
    if hashlib.sha256(arrived.read_bytes()).hexdigest() != jar.digest:
        raise LocalError(
            f"{jar.file_name} is not the file that was pinned.",
            "try again on another network: something between here and the repository changed it",
        )
    os.replace(arrived, folder / jar.file_name)


def _download(staging: Path, progress: Progress, jar: Jar) -> Path:
    try:
        from jgo.maven import MavenContext, PythonResolver
    except ImportError:
        raise LocalError(
            "The downloader of jars is not installed.",
            "run `make setup`, or `pip install holdfast-trials[local]`",
        ) from None

    @contextmanager
    def tell(_name: str, _size: int) -> Iterator[Progress]:
        yield progress

    context = MavenContext(
        resolver=PythonResolver(progress_callback=tell), repo_cache=staging, timeout=60
    )
    artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
    try:
        return Path(artifact.resolve())
    except (OSError, RuntimeError) as error:
        raise LocalError(
            f"{jar.file_name} could not be fetched ({type(error).__name__}).",
            "check the network and run the same command again; what arrived is kept",
        ) from error
