"""The criteria that the public record declares: none may be missing from the protocol."""

from typing import Final

DECLARED: Final[tuple[str, ...]] = (
    *(f"I{n}" for n in range(1, 5)),
    *("I5a", "I5b", "I5c", "I5d"),
    *(f"I{n}" for n in range(6, 18)),
    *(f"E{n}" for n in range(1, 22)),
)
"""17 inclusion criteria, the four parts of the fifth singly, and 21 exclusion criteria."""

assert len(DECLARED) == len(set(DECLARED)) == 41
