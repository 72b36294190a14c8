"""A persistent set of whole numbers that can say how many of them lie below a given one.

Numbers are bits of large blocks: 100,000 of them are some 25 blocks, so adding and removing copies
one block of 512 bytes, and counting looks at each block once. Numbers may be negative.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from immutables import Map

BITS: Final = 12
"""A block holds 2**BITS numbers that follow one another."""
INSIDE: Final = (1 << BITS) - 1


@dataclass(frozen=True, slots=True)
class Numbers:
    """Different numbers; iterating gives them smallest first."""

    _blocks: Map[int, int] = field(default_factory=Map)
    """Number >> BITS -> the bits of those in it; no block is empty."""
    size: int = 0

    def add(self, number: int) -> "Numbers":
        """The set with one more; it must not be there yet."""
        assert number not in self, f"{number} is there already"
        block = number >> BITS
        bits = self._blocks.get(block, 0) | 1 << (number & INSIDE)
        return Numbers(self._blocks.set(block, bits), self.size + 1)

    def remove(self, number: int) -> "Numbers":
        """The set without one that is in it."""
        assert number in self, f"{number} is not there"
        block = number >> BITS
        bits = self._blocks[block] ^ 1 << (number & INSIDE)
        blocks = self._blocks.set(block, bits) if bits else self._blocks.delete(block)
        return Numbers(blocks, self.size - 1)

    def below(self, number: int) -> int:
        """How many are smaller than this."""
        last = number >> BITS
        whole = sum(bits.bit_count() for block, bits in self._blocks.items() if block < last)
        cut = self._blocks.get(last, 0) & ((1 << (number & INSIDE)) - 1)
        return whole + cut.bit_count()

    def first(self) -> int | None:
        """The smallest; none of an empty set."""
        return next(iter(self), None)

    def __iter__(self) -> Iterator[int]:
        for block in sorted(self._blocks):
            yield from _ones(block << BITS, self._blocks[block])

    def __contains__(self, number: int) -> bool:
        return bool(self._blocks.get(number >> BITS, 0) >> (number & INSIDE) & 1)


def _ones(start: int, bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield start + lowest.bit_length() - 1
        bits ^= lowest
