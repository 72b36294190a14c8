"""The chain rule: what every reader of `trial.log` accepts."""

import pytest

from streams.chain import EMPTY, Link, Tip, link

TIP = Tip(4, "hash-4")


@pytest.mark.parametrize(
    ("sequence", "previous", "own_hash", "is_a"),
    [
        (5, "hash-4", "hash-5", Link.ACCEPTED),
        (4, "hash-3", "hash-4", Link.DUPLICATE),
        (5, "hash-3", "hash-5", Link.VOID),
        (6, "hash-4", "hash-6", Link.VOID),
        (4, "hash-3", "another-4", Link.VOID),
        (3, "hash-2", "hash-3", Link.VOID),
        (0, "", "hash-0", Link.VOID),
    ],
)
def test_only_the_next_record_on_the_tip_is_accepted(
    sequence: int, previous: str, own_hash: str, is_a: Link
) -> None:
    assert link(TIP, sequence, previous, own_hash) is is_a


def test_a_chain_begins_with_number_0_on_nothing() -> None:
    assert link(EMPTY, 0, "", "hash-0") is Link.ACCEPTED
    assert link(EMPTY, 1, "", "hash-1") is Link.VOID
    assert link(EMPTY, 0, "hash-x", "hash-0") is Link.VOID
