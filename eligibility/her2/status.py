"""HER2 statuses, and the readings of one specimen that the rules are applied to."""

from decimal import Decimal
from enum import StrEnum
from typing import Final, Literal, NamedTuple

Score = Literal["0", "1+", "2+", "3+"]


class Status(StrEnum):
    """What a rule says of one specimen. A technical failure is none of the biological answers."""

    NEGATIVE = "negative"
    POSITIVE = "positive"
    EQUIVOCAL = "equivocal"
    PENDING_TEST = "pending_test"
    """A named further test decides."""
    DISCORDANT = "discordant"
    """The tests of one specimen contradict each other: retest, or a person decides."""
    UNDEFINED = "undefined"
    """The rule says nothing about such a result, or there is none."""
    INDETERMINATE = "indeterminate"
    """The test failed technically: neither equivocal nor negative."""


NEGATIVE: Final = Status.NEGATIVE
POSITIVE: Final = Status.POSITIVE
EQUIVOCAL: Final = Status.EQUIVOCAL
PENDING_TEST: Final = Status.PENDING_TEST
DISCORDANT: Final = Status.DISCORDANT
UNDEFINED: Final = Status.UNDEFINED
INDETERMINATE: Final = Status.INDETERMINATE
"""The members by name, as in `eligibility.finding`."""


class Ish(NamedTuple):
    """One in-situ hybridisation that worked. `ratio` comes from a dual probe only."""

    assay: Literal["FISH", "SISH", "CISH"]
    probe: Literal["dual", "single"]
    ratio: Decimal | None
    copies: Decimal | None


class Reading(NamedTuple):
    """The latest results of one specimen; `failed` where a test failed and none replaced it."""

    ihc: Score | None
    ish: Ish | None
    ihc_failed: bool = False
    ish_failed: bool = False
    others: tuple[Ish, ...] = ()
    """The latest of every other assay; one that contradicts `ish` makes the specimen discordant."""


class Call(NamedTuple):
    """A status with the rule that gives it, such as a guideline's group, and what is needed."""

    status: Status
    because: str
