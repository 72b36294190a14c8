"""Asks a service over HTTP whether it is ready, and says why it is not."""

import json
import time
from collections import deque
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from services.local.errors import LocalError
from services.local.places import LOOPBACK
from services.local.run_state import Part

READY_PATH = "/ready"


def wait_ready(part: Part, name: str, log: Path, within_seconds: float = 90.0) -> None:
    """Returns when it says that it is ready."""
    deadline = time.monotonic() + within_seconds
    answer = "no answer"
    while time.monotonic() < deadline:
        if not part.running:
            raise LocalError(f"The {name} ended while it started.{_tail(log)}", f"read {log}")
        answer = ask_ready(part.port)
        if answer == "ready":
            return
        time.sleep(0.1)
    raise LocalError(
        f"The {name} is not ready after {within_seconds:.0f} seconds ({answer}).", f"read {log}"
    )


def ask_ready(port: int) -> str:
    """`ready`, or what it says instead."""
    try:
        with urlopen(f"http://{LOOPBACK}:{port}{READY_PATH}", timeout=5) as response:
            return "ready" if response.status == 200 else f"status {response.status}"
    except HTTPError as error:
        return _why(error)
    except (URLError, OSError):
        return "no answer"


def _why(error: HTTPError) -> str:
    body = error.read(2000).decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(body))
    except ValueError:
        return f"status {error.code}"


def _tail(log: Path, lines: int = 6) -> str:
    try:
        with log.open(encoding="utf-8", errors="replace") as opened:
            last = deque(opened, maxlen=lines)
    except OSError:
        return ""
    return "".join(f"\n  {line.rstrip()}" for line in last) + "\n"
