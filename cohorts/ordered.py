"""A persistent priority queue: insert and look at the smallest in O(1), take it in O(log n).

A pairing heap (Fredman, Sedgewick, Sleator, Tarjan 1986; the log is amortised). Entries are never
removed from the middle: the caller drops those that no longer hold when they come to the top.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Node:
    key: Key
    value: str
    children: "tuple[_Node, _Rest] | None" = None


_Rest = (
    Any  # The next sibling cell: `tuple[_Node, _Rest] | None`; mypy has no recursive alias here.
)


def _meld(left: _Node, right: _Node) -> _Node:
    if (right.key, right.value) < (left.key, left.value):
        left, right = right, left
    return _Node(left.key, left.value, (right, left.children))


@dataclass(frozen=True, slots=True)
class Ordered:
    """Values by key, smallest first; ties by value."""

    _root: _Node | None = None

    def add(self, key: Key, value: str) -> "Ordered":
        node = _Node(key, value)
        return Ordered(node if self._root is None else _meld(self._root, node))

    def first(self) -> tuple[Key, str] | None:
        return None if self._root is None else (self._root.key, self._root.value)

    def without_first(self) -> "Ordered":
        """Two passes: pair the children from the left, meld the pairs from the right."""
        assert self._root is not None, "nothing to take"
        pairs: list[_Node] = []
        cell = self._root.children
        while cell is not None:
            node, cell = cell
            if cell is not None:
                other, cell = cell
                node = _meld(node, other)
            pairs.append(node)
        if not pairs:
            return Ordered()
        root = pairs.pop()
        while pairs:
            root = _meld(pairs.pop(), root)
        return Ordered(root)

    def settled(self, holds: Callable[[Key, str], bool]) -> "Ordered":
        """The same queue, with entries that no longer hold dropped from its top."""
        queue = self
        while queue._root is not None and not holds(queue._root.key, queue._root.value):
            queue = queue.without_first()
        return queue

    def __iter__(self) -> Iterator[tuple[Key, str]]:
        """All entries, smallest first; costs a sort, entries that no longer hold included."""
        found: list[tuple[Key, str]] = []
        todo = [self._root] if self._root is not None else []
        while todo:
            node = todo.pop()
            found.append((node.key, node.value))
            cell = node.children
            while cell is not None:
                child, cell = cell
                todo.append(child)
        return iter(sorted(found))
