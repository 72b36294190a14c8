"""The persistent set of numbers against a plain sorted list."""

from hypothesis import given
from hypothesis import strategies as st

from cohorts.numbers import Numbers

NUMBERS = st.sets(st.integers(-10_000, 10_000) | st.integers(-5, 5) | st.integers(4090, 4100))
ANY = st.integers(-10_001, 10_001) | st.integers(4090, 4100) | st.integers(-5, 5)


def filled(numbers: set[int]) -> Numbers:
    made = Numbers()
    for number in numbers:
        made = made.add(number)
    return made


@given(NUMBERS, ANY)
def test_it_answers_as_a_sorted_list_does(numbers: set[int], any_number: int) -> None:
    made, plain = filled(numbers), sorted(numbers)
    assert list(made) == plain
    assert made.size == len(plain)
    assert made.first() == (plain[0] if plain else None)
    assert (any_number in made) == (any_number in numbers)
    assert made.below(any_number) == sum(number < any_number for number in plain)


@given(NUMBERS, st.data())
def test_removing_leaves_the_old_set_as_it_was(numbers: set[int], data: st.DataObject) -> None:
    made = filled(numbers)
    gone = data.draw(st.sets(st.sampled_from(sorted(numbers)))) if numbers else set()
    fewer = made
    for number in gone:
        fewer = fewer.remove(number)
    assert list(fewer) == sorted(numbers - gone)
    assert fewer == filled(numbers - gone), "no trace is left of what was removed"
    assert list(made) == sorted(numbers)
