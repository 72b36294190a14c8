"""The persistent queue against a plain sorted list."""

from hypothesis import given
from hypothesis import strategies as st

from cohorts.ordered import Ordered

ENTRIES = st.lists(st.tuples(st.integers(-50, 50), st.text("abc", min_size=1, max_size=2)))


def filled(entries: list[tuple[int, str]]) -> Ordered:
    queue = Ordered()
    for key, value in entries:
        queue = queue.add((key,), value)
    return queue


@given(ENTRIES)
def test_taking_all_gives_the_entries_sorted(entries: list[tuple[int, str]]) -> None:
    queue, taken = filled(entries), []
    while (first := queue.first()) is not None:
        taken.append((first[0][0], first[1]))
        queue = queue.without_first()
    assert taken == sorted(entries)


@given(ENTRIES)
def test_iterating_gives_the_entries_sorted_and_takes_nothing(
    entries: list[tuple[int, str]],
) -> None:
    queue = filled(entries)
    assert [(key[0], value) for key, value in queue] == sorted(entries)
    assert [(key[0], value) for key, value in queue] == sorted(entries)


@given(ENTRIES, st.tuples(st.integers(-50, 50), st.text("abc", min_size=1, max_size=2)))
def test_adding_leaves_the_old_queue_as_it_was(
    entries: list[tuple[int, str]], more: tuple[int, str]
) -> None:
    queue = filled(entries)
    longer = queue.add((more[0],), more[1])
    assert [(key[0], value) for key, value in queue] == sorted(entries)
    assert [(key[0], value) for key, value in longer] == sorted([*entries, more])


@given(ENTRIES)
def test_settling_drops_from_the_top_what_no_longer_holds(entries: list[tuple[int, str]]) -> None:
    settled = filled(entries).settled(lambda key, value: key[0] >= 0)
    first = settled.first()
    wanted = [entry for entry in sorted(entries) if entry[0] >= 0]
    assert (None if first is None else (first[0][0], first[1])) == (wanted[0] if wanted else None)


def test_a_hundred_thousand_entries_need_no_recursion() -> None:
    queue = filled([(number, "s") for number in range(100_000)])
    queue = queue.without_first()
    assert queue.first() == ((1,), "s")


@given(ENTRIES)
def test_no_path_that_a_step_goes_down_is_longer_than_the_logarithm(
    entries: list[tuple[int, str]],
) -> None:
    node, path = filled(entries)._root, 0
    while node is not None:
        assert node.left is not None or node.right is None, "the right is never the longer side"
        node, path = node.right, path + 1
    assert 2**path <= len(entries) + 1
