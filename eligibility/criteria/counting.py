"""Counts prior chemotherapy: every count that the facts and the protocol's silence still allow."""

from datetime import date
from typing import NamedTuple

from eligibility.criteria.counting_rules import CountingRules
from eligibility.criteria.courses import Course, course_of
from eligibility.criteria.same_line import relation
from eligibility.form_history import Regimen
from eligibility.partial_date import PartialDate, add_months, whole_date

COUNT_MAX = 9
"""Counts above nine are all the same to every rule."""


class Counts(NamedTuple):
    """Regimens in the (neo)adjuvant, the metastatic setting, and for another cancer."""

    adjuvant: int
    metastatic: int
    other: int


class Tally(NamedTuple):
    """`possible`: counts under every doubt. `by_facts`: only missing facts in doubt, where the
    protocol is silent its first option is taken."""

    possible: frozenset[Counts]
    by_facts: frozenset[Counts]
    doubts: tuple[str, ...]
    missing: tuple[str, ...]


def tally(regimens: tuple[Regimen, ...], rules: CountingRules, registration_on: date) -> Tally:
    """The counts of a form's regimens (docs/decisions/0017)."""
    courses = [c for r in regimens if (c := course_of(r, rules)) is not None]
    lines = _lines(sorted(courses, key=lambda course: course.starts), rules)
    if rules.promote_months is not None:
        lines = [_promoted(line, rules, registration_on) for line in lines]
    heads = [line[0] for line in lines]
    in_doubt = [head for head in heads if head.doubt]
    possible = _worlds(heads)
    if not in_doubt:
        return Tally(possible, possible, (), ())
    by_facts = [h if h.doubt == "facts" else h._replace(options=h.options[:1]) for h in heads]
    return Tally(
        possible,
        _worlds(by_facts),
        doubts=tuple(dict.fromkeys(head.why for head in in_doubt)),
        missing=tuple(dict.fromkeys(name for head in in_doubt for name in head.missing)),
    )


Line = list[Course]
"""The course that counts, then those that only go on with it."""


def _lines(courses: list[Course], rules: CountingRules) -> list[Line]:
    lines: list[Line] = []
    for course in courses:
        # A maintenance goes on with whatever was before it; others only within their own setting.
        mine = [
            line
            for line in lines
            if course.regimen.intent == "maintenance" or line[0].options == course.options
        ]
        joined = _join(course, mine, rules)
        if joined is not None:
            lines.append([joined])
    return lines


def _join(course: Course, lines: list[Line], rules: CountingRules) -> Course | None:
    """None if the course goes on with a line, which takes it in; else the line that it begins."""
    for line in reversed(lines):
        related = relation(line[-1], course, rules)
        if related.answer == "same":
            line.append(course)
            return None
        if related.answer == "unsure":
            options = (*course.options, *(() if "none" in course.options else ("none",)))
            missing = (*course.missing, *related.missing)
            return course._replace(options=options, doubt="facts", why=related.why, missing=missing)
        if course.regimen.intent == "maintenance":
            return course._replace(options=line[0].options, doubt="", why="", missing=())
        if not _may_repeat(course, line[-1]):
            break
    return course


def _may_repeat(course: Course, earlier: Course) -> bool:
    """Whether a line further back may still hold the same regimen, recorded twice."""
    return course.regimen.started_on is not None and course.starts == earlier.starts


def _promoted(line: Line, rules: CountingRules, registration_on: date) -> Line:
    """An early relapse makes an adjuvant line a metastatic one, where the protocol says so."""
    head = line[0]
    if head.options != ("adjuvant",):
        return line
    within = _relapsed_within([course.regimen for course in line], rules, registration_on)
    if within is None:
        doubtful = head._replace(
            options=("adjuvant", "metastatic"),
            doubt="facts",
            why="not known whether the relapse came early",
            missing=("prior_regimens.progressed_on", "prior_regimens.stopped_on"),
        )
        return [doubtful, *line[1:]]
    return [head._replace(options=("metastatic",)), *line[1:]] if within else line


def _relapsed_within(
    line: list[Regimen], rules: CountingRules, registration_on: date
) -> bool | None:
    """Whether the relapse (or registration) fell within the months after the last dose."""
    stops = [r.stopped_on for r in line]
    relapses = [r.progressed_on for r in line if r.progressed_on is not None]
    if rules.promote_index == "last_dose_to_registration":
        relapse: PartialDate | None = whole_date(registration_on)
    else:
        relapse = min(relapses, key=lambda when: when.first) if relapses else None
    if relapse is None or any(stop is None for stop in stops):
        return None
    last = max((stop for stop in stops if stop is not None), key=lambda when: when.last)
    answers = {
        _within(stop, on, rules)
        for stop in (last.first, last.last)
        for on in (relapse.first, relapse.last)
    }
    return answers.pop() if len(answers) == 1 else None


def _within(last_dose: date, relapse: date, rules: CountingRules) -> bool:
    """During treatment counts as within."""
    assert rules.promote_months is not None
    limit = add_months(last_dose, rules.promote_months)
    return relapse <= limit if rules.promote_inclusive else relapse < limit


def _worlds(courses: list[Course]) -> frozenset[Counts]:
    """Every count that some choice among the options gives; those without a choice go first."""
    certain = [course.options[0] for course in courses if len(course.options) == 1]
    worlds = {
        Counts(
            min(COUNT_MAX, certain.count("adjuvant")),
            min(COUNT_MAX, certain.count("metastatic")),
            min(COUNT_MAX, certain.count("other")),
        )
    }
    for course in courses:
        if len(course.options) > 1:
            worlds = {_with(world, option) for world in worlds for option in course.options}
    return frozenset(worlds)


def _with(world: Counts, option: str) -> Counts:
    if option == "none":
        return world
    value = min(COUNT_MAX, getattr(world, option) + 1)
    return world._replace(**{option: value})
