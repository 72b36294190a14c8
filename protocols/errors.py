"""What is wrong with a protocol text: where, which rule it breaks, and how to mend it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MOST_SHOWN: Final = 50
"""As many problems as one message names; a text with more is no protocol yet."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One error; `key` is the dotted path of the key or table, `line` counts from 1."""

    key: str
    rule: str
    mend: str
    line: int | None = None

    def __str__(self) -> str:
        place = [f"line {self.line}"] if self.line is not None else []
        if self.key:
            place.append(self.key)
        return f"{', '.join(place) or 'the file'}: {self.rule}. Mend: {self.mend}."


class ProtocolError(ValueError):
    """A protocol text that may not be used; says every problem found, in the file's order."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        assert problems, "an error needs a reason"
        ordered = sorted(problems, key=lambda p: (p.line is None, p.line or 0, p.key))
        self.name = name
        self.problems = tuple(ordered)
        count = "1 error" if len(ordered) == 1 else f"{len(ordered)} errors"
        more = len(ordered) - MOST_SHOWN
        rest = [f"  and {more} more"] if more > 0 else []
        shown = [f"  {problem}" for problem in ordered[:MOST_SHOWN]]
        super().__init__("\n".join([f"{name}: {count}", *shown, *rest]))
