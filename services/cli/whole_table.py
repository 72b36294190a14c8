"""Tables of ids that somebody is to copy: nothing is cut, however narrow the terminal is."""

from typing import Final

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

_ANY: Final = 100_000


def print_whole(table: Table) -> None:
    """One line for each line of the table; a terminal too narrow for it breaks lines by itself."""
    console = Console(highlight=False, soft_wrap=True)
    needed = Measurement.get(console, console.options.update(max_width=_ANY), table).maximum
    console.width = max(console.width, needed)
    console.print(table)
