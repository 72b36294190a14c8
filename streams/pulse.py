"""The sign of life of a task: it beats wherever it gets on, and a watchdog sees when it stops."""

import asyncio
from contextvars import ContextVar
from typing import Any


class Pulse:
    """Beaten by one task; read by the watchdog, from any thread."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.beats = 0
        self._task: asyncio.Task[Any] | None = None

    def begin(self) -> None:
        """From now on `beat` in this task, and in what it awaits, is a beat of this pulse."""
        self._task = asyncio.current_task()
        _PULSE.set(self)
        self.beats += 1

    def where(self) -> list[str]:
        """What its task waits in, outermost first: file, line and function, never a value."""
        found: list[str] = []
        awaited: Any = None if self._task is None else self._task.get_coro()
        while awaited is not None and len(found) < 50:
            frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "ag_frame", None)
            if frame is not None:
                code = frame.f_code
                found.append(f"{code.co_filename}:{frame.f_lineno} {code.co_name}")
            awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "ag_await", None)
        return found


_PULSE: ContextVar[Pulse | None] = ContextVar("pulse", default=None)


def beat() -> None:
    """The task that calls this gets on. Nothing happens in a task that nobody watches."""
    pulse = _PULSE.get()
    if pulse is not None:
        pulse.beats += 1
