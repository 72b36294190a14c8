"""What a simulated trial is told of the world: truth, arrivals, delays, drop-out, chance."""

from dataclasses import dataclass
from math import ceil, inf, log
from typing import Final, Literal, Protocol

from cohorts.characteristics import checked_truth

Arrivals = Literal["poisson", "fixed"]
SIMULATED: Final = "SIM-"
"""How the ids of simulated people begin; a number follows."""


class Chance(Protocol):
    """Where chance comes from: `random.Random` is one. The same numbers give the same trial."""

    def random(self) -> float:
        """A number from 0 up to, not including, 1."""
        ...


@dataclass(frozen=True, slots=True)
class Conditions:
    """Everything that the protocol does not say. Raises ValueError for what cannot be.

    `truth` is the true probability of a DLT in the window at each level, in the order of levels.
    Probabilities are from 0 to 1; days are calendar days.
    """

    truth: tuple[float, ...]
    arrivals: Arrivals = "poisson"
    days_between: float = 10.0
    """Mean time between two subjects who come to be screened."""
    screen_failure: float = 0.0
    """Of those who come, the part that is not eligible."""
    released: float = 0.0
    """Of the reservations, the part that is given back on the day of the first dose."""
    lapsed: float = 0.0
    """Of the reservations, the part that nobody uses or gives back: they expire."""
    not_evaluable: float = 0.0
    """Probability that a subject withdraws in its DLT window, on a day uniform over it."""
    second_half: float = 0.5
    """Of the DLTs, the part with an onset in the second half of the window; see `dlt_day`."""
    days_to_dose: int = 1
    """From the reservation to the first dose, where the stagger does not ask for more."""
    report_days: int = 1
    """From an onset, or the end of a window, to its report."""
    review_days: int = 3
    """From a review that is due, on data that stay the same, to its signatures."""
    patience_days: int = 14
    """How long somebody waits for a place before going elsewhere; 0 does not wait at all."""
    most_days: int = 7_305
    """A trial that has not ended after so many days counts as unfinished."""

    def __post_init__(self) -> None:
        checked_truth(self.truth)
        for name in ("screen_failure", "released", "lapsed", "not_evaluable", "second_half"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a probability: from 0 to 1")
        if self.screen_failure == 1:
            raise ValueError("with a screen_failure of 1 nobody ever enters")
        if self.released + self.lapsed >= 1:
            raise ValueError("released and lapsed together leave nobody who is dosed")
        for name in ("days_to_dose", "report_days", "review_days", "patience_days"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is a number of days: 0 or more")
        if not 0 < self.days_between < inf:
            raise ValueError("days_between is a number of days above 0")
        if self.most_days < 1:
            raise ValueError("most_days is a number of days above 0")


@dataclass(frozen=True, slots=True)
class Person:
    """One who comes: what would happen to it, whatever the design. Every draw is from 0 to 1.

    A DLT follows at a level whose truth is above `tolerance`, so that under the same chance the
    same person tolerates the same levels in every design.
    """

    subject_id: str
    site_id: str
    eligible: bool
    tolerance: float
    dlt_when: float
    drop_out: float
    drop_when: float
    use: float


def next_gap(conditions: Conditions, chance: Chance) -> float:
    """Days until the next one comes: exponential for `poisson`, always the mean for `fixed`."""
    drawn = chance.random()
    if conditions.arrivals == "fixed":
        return conditions.days_between
    return -log(1 - drawn) * conditions.days_between


def next_person(
    number: int, sites: tuple[str, ...], conditions: Conditions, chance: Chance
) -> Person:
    """The one who comes now, from a site drawn with equal chances; always the same seven draws."""
    site, screened = chance.random(), chance.random()
    return known_person(
        f"{SIMULATED}{number:05d}",
        sites[int(site * len(sites))],
        chance,
        eligible=screened >= conditions.screen_failure,
    )


def known_person(subject_id: str, site_id: str, chance: Chance, *, eligible: bool = True) -> Person:
    """One who is there already, with a course still to be drawn: five draws."""
    return Person(
        subject_id=subject_id,
        site_id=site_id,
        eligible=eligible,
        tolerance=chance.random(),
        dlt_when=chance.random(),
        drop_out=chance.random(),
        drop_when=chance.random(),
        use=chance.random(),
    )


def dlt_day(drawn: float, window_days: int, second_half: float) -> int:
    """The day of onset, 1 to w: P(onset by the part f of the window) = f ** k.

    k is chosen so that `second_half` of the onsets lie behind the middle: 0.5 is uniform, 1 puts
    all of them on the last day, 0 on the first.
    """
    if second_half == 1:
        return window_days
    if second_half == 0:
        return 1
    power = log(1 - second_half) / log(0.5)
    day = ceil(window_days * float(drawn ** (1 / power)))
    return min(window_days, max(1, day))


def drop_day(drawn: float, window_days: int) -> int:
    """The day of withdrawal, uniform over 1 to w."""
    return min(window_days, 1 + int(window_days * drawn))
