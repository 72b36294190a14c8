"""Whether a course of chemotherapy goes on with the line before it, or begins a new one."""

from typing import Final, Literal, NamedTuple

from eligibility.criteria.counting_rules import CountingRules
from eligibility.criteria.courses import Course
from eligibility.form_history import Regimen
from eligibility.partial_date import add_days


class Relation(NamedTuple):
    """`unsure` names the form fields that would tell."""

    answer: Literal["same", "new", "unsure"]
    why: str
    missing: tuple[str, ...] = ()


SAME: Final = Relation("same", "")
NEW: Final = Relation("new", "")
_WITHOUT_PROGRESSION: Final = ("completed", "toxicity", "allergy", "choice")
_EARLY: Final = ("adjuvant", "neoadjuvant")


def relation(before: Course, course: Course, rules: CountingRules) -> Relation:
    """The first rule that applies; a new agent without any reason to the contrary is a new line."""
    first, then = before.regimen, course.regimen
    twice = _recorded_twice(before, course)
    if twice is not None:
        return twice
    progressed = _progressed_before(first, then)
    if first.intent == "neoadjuvant" and then.intent == "adjuvant" and not progressed:
        return SAME if rules.neoadjuvant_and_adjuvant_as_one else NEW
    if first.planned_sequence and then.planned_sequence:
        return SAME if first.planned_sequence == then.planned_sequence else NEW
    if progressed:
        return NEW
    if then.intent == "maintenance":
        return SAME if rules.maintenance_as_same else NEW
    if course.agents <= before.agents:
        return _again(first, rules)
    if _swapped(before, course, rules):
        return SAME
    return _close_together(first, then, rules)


def _progressed_before(first: Regimen, then: Regimen) -> bool:
    """Progression or relapse between the two; a relapse after the later one does not part them."""
    if first.stop_reason == "progression":
        return True
    if first.progressed_on is None:
        return False
    return then.started_on is None or first.progressed_on.first <= then.started_on.last


def _recorded_twice(before: Course, course: Course) -> Relation | None:
    """The same regimen reported by two sites; the same drugs at overlapping times may be it too."""
    first, then = before.regimen, course.regimen
    if before.agents != course.agents or first.intent != then.intent:
        return None
    dated = first.started_on is not None and first.started_on == then.started_on
    if dated and first.stopped_on == then.stopped_on:
        return SAME
    if dated or _overlap(first, then):
        why = "may be one regimen recorded twice"
        return Relation("unsure", why, ("prior_regimens.started_on", "prior_regimens.stopped_on"))
    return None


def _again(first: Regimen, rules: CountingRules) -> Relation:
    """The same agents again, or fewer of them, without a known progression between."""
    if not rules.rechallenge_as_same:
        return NEW
    if first.stop_reason in _WITHOUT_PROGRESSION:
        return SAME
    why = "the same agents again, progression between is not known"
    return Relation("unsure", why, ("prior_regimens.stop_reason",))


def _swapped(before: Course, course: Course, rules: CountingRules) -> bool:
    """Every changed agent is an allowed substitute, and toxicity was the reason."""
    reasons = {before.regimen.stop_reason, *(a.stop_reason for a in before.regimen.agents)}
    if not reasons & {"toxicity", "allergy"}:
        return False
    return all(
        any(agent in swap and swap & before.agents for swap in rules.toxicity_swaps)
        for agent in course.agents - before.agents
    )


def _close_together(first: Regimen, then: Regimen, rules: CountingRules) -> Relation:
    if _overlap(first, then):
        why = "two regimens overlap in time"
        return Relation("unsure", why, ("prior_regimens.planned_sequence",))
    if first.intent not in _EARLY or then.intent not in _EARLY:
        return NEW
    if first.stopped_on is None or then.started_on is None:
        why = "adjuvant courses without dates, one planned sequence or two regimens"
        return Relation("unsure", why, ("prior_regimens.planned_sequence",))
    if then.started_on.first > add_days(first.stopped_on.last, rules.sequence_gap_days):
        return NEW
    why = "adjuvant courses close together, one planned sequence or two regimens"
    return Relation("unsure", why, ("prior_regimens.planned_sequence",))


def _overlap(first: Regimen, then: Regimen) -> bool:
    """Whether the later one surely began before the earlier one ended."""
    if first.stopped_on is None or then.started_on is None or first.started_on is None:
        return False
    return first.started_on.first <= then.started_on.last < first.stopped_on.first
