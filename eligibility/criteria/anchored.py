"""Time since something ended, and the age of results, counted from the anchor dates (rules R18).

"Within N before X" is 0 <= elapsed <= N; "at least N" is elapsed >= N; "> N" is elapsed > N.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Protocol, Self, TypeVar

from eligibility.anchors import Anchor, Anchors
from eligibility.criteria.parts import Part, earliest, failed, passed, unknown
from eligibility.criteria.table import Table
from eligibility.partial_date import PartialDate, add_days, add_months

ANCHORS: Final[tuple[Anchor, ...]] = (
    "registration",
    "enrolment",
    "treatment_start",
    "first_dose",
)


_LONGEST: Final = {"days": 36_525, "months": 1200, "years": 100}
"""A hundred years: nobody waits longer, and the calendar still has the day on which it ends."""


@dataclass(frozen=True, slots=True)
class Gap:
    """How long something must be over. `strict`: longer than that, not just as long."""

    amount: int
    unit: str
    """`days`, `months` or `years`; weeks are 7 days, the others calendar."""
    strict: bool
    anchor: Anchor
    limit: str
    """In words: `more than 28 days before treatment start on`."""
    months: int
    """Calendar months of the gap, and then days: one more where it is strict."""
    rest: timedelta

    @classmethod
    def parse(cls, table: Table, prefix: str = "", default: Anchor = "treatment_start") -> Self:
        """Exactly one of `days_min`, `days_over`, `months_min`, `months_over`, `years_over`."""
        kinds = ("days_min", "days_over", "months_min", "months_over", "years_over")
        given = [kind for kind in kinds if table.maybe_whole(prefix + kind) is not None]
        if len(given) != 1:
            mend = "give one of " + ", ".join(prefix + kind for kind in kinds)
            raise table.error(prefix + "days_min", f"{len(given)} wash-outs are given", mend)
        unit, bound = given[0].split("_")
        amount, anchor = (
            table.whole(prefix + given[0], most=_LONGEST[unit]),
            table.choice(prefix + "anchor", ANCHORS, default),
        )
        words = f"{amount} {unit.rstrip('s') if amount == 1 else unit}"
        limit = (
            f"{'more than' if bound == 'over' else 'at least'} {words} before {_words(anchor)} on"
        )
        months = amount * {"days": 0, "months": 1, "years": 12}[unit]
        rest = timedelta(days=(amount if unit == "days" else 0) + (bound == "over"))
        return cls(amount, unit, bound == "over", anchor, limit, months, rest)

    def passes_from(self, ended: date) -> date:
        """The first anchor date on which the gap is long enough."""
        return (add_months(ended, self.months) if self.months else ended) + self.rest

    def days(self) -> int:
        """About how many days: for warnings about the protocol, never for a verdict."""
        return self.amount * {"days": 1, "months": 31, "years": 366}[self.unit]

    def since(
        self, what: str, ended: PartialDate | None, completed_on: date, on: date, field: str
    ) -> Part:
        """Whether the gap since `ended` is long enough on the anchor date, whatever day it was."""
        limit = f"{self.limit} {on.isoformat()}"
        if ended is None:
            return unknown(f"{what}: date not given, must be {limit}", field)
        span = ended.until(completed_on)
        if span is None:
            return unknown(f"{what} {ended}: later than the form, so not a fact yet", field)
        if self.passes_from(span[1]) <= on:
            return passed(f"{what} {ended.text}, {limit}")
        if self.passes_from(span[0]) > on:
            first = earliest(self.anchor, self.passes_from(span[1]))
            return failed(f"{what} {ended}, must be {limit}", first)
        return unknown(f"{what} {ended}: the day decides, must be {limit}", field)


def _words(anchor: Anchor) -> str:
    return anchor.replace("_", " ")


class Dated(Protocol):
    """A result with the date it was taken on."""

    @property
    def taken_on(self) -> PartialDate: ...


D = TypeVar("D", bound=Dated)


@dataclass(frozen=True, slots=True)
class Validity:
    """How old a result may be on the anchor date. Too old is unknown, never a fail."""

    days_max: int
    anchor: Anchor

    @classmethod
    def parse(cls, table: Table, default: Anchor = "registration") -> Self:
        return cls(table.whole("days_max"), table.choice("results_anchor", ANCHORS, default))

    def check(
        self, what: str, taken: PartialDate, completed_on: date, anchors: Anchors, field: str
    ) -> Part | None:
        """An unknown if the result is stale, in the future, or may be; none if it is good."""
        on = anchors.of(self.anchor)
        fresh = (on - taken.first).days <= self.days_max
        if fresh and taken.last <= on and taken.last <= completed_on:
            return None
        span = taken.until(min(completed_on, on))
        if span is None:
            return unknown(f"{what} of {taken} is dated after {min(completed_on, on)}", field)
        if add_days(span[0], self.days_max) >= on:
            return None
        limit = f"{self.days_max} days before {_words(self.anchor)} on {on}"
        if add_days(span[1], self.days_max) < on:
            return unknown(f"{what} of {taken} is stale, older than {limit}: repeat it", field)
        return unknown(f"{what} of {taken} may be older than {limit}: give the day", field)

    def latest(
        self,
        what: str,
        results: Sequence[D],
        completed_on: date,
        anchors: Anchors,
        field: str,
        answer: Callable[[D], Part],
    ) -> Part:
        """The answer of the latest result if it is fresh; unknown where which is latest decides."""
        if not results:
            return unknown(f"{what} not given", field)
        if len(results) == 1:
            only = results[0]
            stale = self.check(what, only.taken_on, completed_on, anchors, field)
            return answer(only) if stale is None else stale
        parts = []
        for result in latest_of(results):
            stale = self.check(what, result.taken_on, completed_on, anchors, field)
            parts.append(answer(result) if stale is None else stale)
        return agreed(parts, what, field)


def latest_of(results: Sequence[D]) -> list[D]:
    """The latest result, or all that may be the latest, in the order of the form."""
    if len(results) == 1:
        return list(results)
    newest = max(result.taken_on.first for result in results)
    return [result for result in results if result.taken_on.last >= newest]


def agreed(parts: Sequence[Part], what: str, field: str) -> Part:
    """The last answer if all are the same; else unknown: it cannot be told which is the latest."""
    if len(parts) == 1:
        return parts[0]
    if len({part.answer for part in parts}) == 1:
        return parts[-1]
    texts = "; ".join(part.text for part in parts)
    return unknown(f"which {what} is the latest decides ({texts})", field)
