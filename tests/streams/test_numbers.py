"""A number of things is said as a person says it."""

import pytest

from streams.numbers import number_of
from streams.record import UnreadableRecordError, parse


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 errors"), (1, "1 error"), (2, "2 errors"), (21, "21 errors")]
)
def test_one_thing_has_no_s(count: int, said: str) -> None:
    assert number_of(count, "error") == said


def test_what_is_parked_says_one_error_as_one() -> None:
    with pytest.raises(UnreadableRecordError, match=r"^not a record: 1 error$"):
        parse(b"[]")
