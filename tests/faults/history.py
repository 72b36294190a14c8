"""What each client asked and what it heard, one JSON object a line, as in Jepsen's histories."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TextIO

Heard = Literal["yes", "no", "unknown"]
"""yes: 200 with the answer, or 202 (Kafka has it); no: 4xx, nothing was decided; else unknown."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One command as a client sent it: under this id it may be decided once at most."""

    trial: str
    command_id: str
    command: str
    site: str | None
    key: str


@dataclass(slots=True)
class History:
    """Kept in memory for the checker and on disk for people."""

    path: Path
    lines: list[dict[str, Any]] = field(default_factory=list)
    _start: float = field(default_factory=time.monotonic)
    _file: TextIO | None = None

    def asks(self, asked: Asked) -> None:
        self._add(asked, "asks", {})

    def heard(
        self, asked: Asked, heard: Heard, status: int, body: dict[str, Any] | None = None
    ) -> None:
        """`status` 0 where nothing came back; of the body only what holds no form is kept."""
        self._add(asked, heard, {"status": status} | ({} if body is None else {"body": body}))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _add(self, asked: Asked, what: str, more: dict[str, Any]) -> None:
        line = {
            "at": round(time.monotonic() - self._start, 3),
            "what": what,
            "trial": asked.trial,
            "command_id": asked.command_id,
            "command": asked.command,
            "site": asked.site,
            "key": asked.key,
        } | more
        self.lines.append(line)
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8")
        self._file.write(json.dumps(line) + "\n")
