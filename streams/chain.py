"""The chain rule: which records of `trial.log` were accepted, the same for every reader."""

from dataclasses import dataclass
from enum import StrEnum


class Link(StrEnum):
    """What a record is to the chain that its trial has so far."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Tip:
    """The last accepted record of a trial: its sequence and the hash of its bytes."""

    sequence: int = -1
    hash: str = ""


EMPTY = Tip()


def link(tip: Tip, sequence: int, previous: str, own_hash: str) -> Link:
    """Accepted only as the next after the tip, by number and by hash of its predecessor.

    The tip's own hash again is a duplicate. Anything else is void: its writer did not know the tip.
    An older duplicate looks void here; who remembers the commands can tell (`ledger`).
    """
    if own_hash == tip.hash:
        return Link.DUPLICATE
    if sequence == tip.sequence + 1 and previous == tip.hash:
        return Link.ACCEPTED
    return Link.VOID
