"""Where the local stack keeps its data, and where clones of the project share their downloads."""

import fcntl
import os
import random
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from services.local.errors import LocalError

LOOPBACK = "127.0.0.1"
# Below the range from which systems take the ports of outgoing connections.
_SEARCHED = range(20_000, 31_000)


def home_folder() -> Path:
    """`HOLDFAST_HOME`, else `.holdfast` in the current folder."""
    return Path(os.environ.get("HOLDFAST_HOME") or ".holdfast").absolute()


def cache_folder() -> Path:
    """The user's cache (`XDG_CACHE_HOME`, else `~/.cache`): may be deleted at any time."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).absolute() / "holdfast"


@contextmanager
def alone_in_choosing() -> Iterator[None]:
    """Of this user's starts only one at a time chooses a port and waits until it is taken."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / "ports.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_free(port: int) -> bool:
    """True if a server could listen on this loopback port now."""
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_port(preferred: int | None = None, taken: Collection[int] = ()) -> int:
    """The preferred port if free, else any free one that is not in `taken`."""
    searched = random.sample(_SEARCHED, 500)
    for port in ([preferred] if preferred else []) + searched:
        if port not in taken and is_free(port):
            return port
    raise LocalError("No free port was found on 127.0.0.1.", "stop some servers and try again")
