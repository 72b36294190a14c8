"""A persistent priority queue: look at the smallest in O(1), add and take it in O(log n), always.

A leftist heap (Crane 1972): no step is ever paid for by an earlier or a later one, so that a
decision costs the same behind a hundred thousand entries. Entries are never removed from the
middle: the caller drops those that no longer hold when they come to the top.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Node:
    """Smaller than all below it. `rank`: the length of the path down to the right, the shortest."""

    key: Key
    value: str
    rank: int = 1
    left: "_Node | None" = None
    right: "_Node | None" = None


def _meld(one: _Node | None, other: _Node | None) -> _Node | None:
    """Goes down the right paths only, which hold at most log2(n + 1) entries."""
    if one is None:
        return other
    if other is None:
        return one
    if (other.key, other.value) < (one.key, one.value):
        one, other = other, one
    left, right = one.left, _meld(one.right, other)
    if left is None or (right is not None and left.rank < right.rank):
        left, right = right, left
    return _Node(one.key, one.value, 1 + (0 if right is None else right.rank), left, right)


@dataclass(frozen=True, slots=True)
class Ordered:
    """Values by key, smallest first; ties by value."""

    _root: _Node | None = None

    def add(self, key: Key, value: str) -> "Ordered":
        return Ordered(_meld(self._root, _Node(key, value)))

    def first(self) -> tuple[Key, str] | None:
        return None if self._root is None else (self._root.key, self._root.value)

    def without_first(self) -> "Ordered":
        """All but the smallest; there must be one."""
        assert self._root is not None, "nothing to take"
        return Ordered(_meld(self._root.left, self._root.right))

    def settled(self, holds: Callable[[Key, str], bool]) -> "Ordered":
        """The same queue, with entries that no longer hold dropped from its top."""
        queue = self
        while queue._root is not None and not holds(queue._root.key, queue._root.value):
            queue = queue.without_first()
        return queue

    def __iter__(self) -> Iterator[tuple[Key, str]]:
        """All entries, smallest first; costs a sort, entries that no longer hold included."""
        found: list[tuple[Key, str]] = []
        todo = [self._root]
        while todo:
            node = todo.pop()
            if node is not None:
                found.append((node.key, node.value))
                todo += (node.left, node.right)
        return iter(sorted(found))
