"""The progress bar of commands that read a file or a log, and leave no trace of it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

Advance = Callable[[int], None]


@contextmanager
def progress(says: str, total: int | None = None) -> Iterator[tuple[Advance, Advance]]:
    """Two functions: one sets the total, one is told how many more are done. On stderr."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    console = Console(stderr=True)
    hidden = not sys.stderr.isatty()
    with Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True, disable=hidden
    ) as bar:
        task = bar.add_task(says, total=total)
        yield (
            lambda count: bar.update(task, total=max(count, 1)),
            lambda count: bar.advance(task, count),
        )
