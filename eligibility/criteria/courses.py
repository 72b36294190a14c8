"""One regimen as a course of chemotherapy: whether it counts, and in which setting."""

from collections.abc import Iterable
from datetime import date
from typing import Final, Literal, NamedTuple

from eligibility.criteria.counting_rules import CountingRules, Silent, Surgery
from eligibility.drug_names import normal
from eligibility.exposures import never_given
from eligibility.form_history import Regimen

Setting = Literal["adjuvant", "metastatic", "other", "none"]
"""`adjuvant` is neoadjuvant too; `other` counts for another cancer; `none` does not count."""

Doubt = Literal["", "facts", "rule"]
"""Why there is more than one option: a fact is missing, or the protocol is silent."""


class Course(NamedTuple):
    """A regimen with the settings it may count in: one if certain, more where in doubt."""

    regimen: Regimen
    options: tuple[Setting, ...]
    doubt: Doubt = ""
    why: str = ""
    missing: tuple[str, ...] = ()

    @property
    def agents(self) -> frozenset[str]:
        return frozenset(normal(agent.name) for agent in self.regimen.agents)

    @property
    def starts(self) -> date:
        """For the order of courses only; unknown starts go last."""
        known = self.regimen.started_on or self.regimen.stopped_on
        return date.max if known is None else known.first


_UNCLASSED: Final = frozenset({"investigational", "unknown"})


def course_of(regimen: Regimen, rules: CountingRules) -> Course | None:
    """None where it certainly is no chemotherapy: endocrine, targeted, supportive, not given."""
    if regimen.disease == "non_malignant":
        return None
    classes = {a.drug_class for a in regimen.agents if not never_given(regimen, a)}
    if regimen.agents and not classes:
        return None
    course = _by_disease(regimen, rules)
    if not classes & rules.counted_classes:
        if regimen.agents and not classes & _UNCLASSED:
            return None
        return _doubtful(course, "an agent's class is unknown", "prior_regimens.agents.drug_class")
    if _doses(regimen) == 0:
        why = "recorded with 0 doses, yet with a date or as going on"
        return _doubtful(course, why, "prior_regimens.doses_given")
    return course


def _doses(regimen: Regimen) -> int | None:
    given = [agent.doses_given for agent in regimen.agents]
    if regimen.doses_given is not None or None in given or not given:
        return regimen.doses_given
    return max(dose for dose in given if dose is not None)


def _doubtful(course: Course, why: str, field: str) -> Course:
    """The course may also not count at all, which a missing fact decides."""
    options = tuple(dict.fromkeys((*course.options, "none")))
    return Course(course.regimen, options, "facts", why, (*course.missing, field))


def _by_disease(regimen: Regimen, rules: CountingRules) -> Course:
    if regimen.disease == "other_cancer":
        return _silent(regimen, rules.other_cancer, ("other",), "given for another cancer")
    course = _by_intent(regimen, rules)
    if regimen.disease == "second_breast_primary":
        why = "given for a second breast cancer"
        return _silent(regimen, rules.second_breast_primary, course.options, why)
    if regimen.disease == "unknown":
        return _doubtful(course, "the disease is unknown", "prior_regimens.disease")
    return course


def _silent(regimen: Regimen, rule: Silent, counted: Iterable[Setting], why: str) -> Course:
    if rule == "ignore":
        return Course(regimen, ("none",))
    if rule == "count":
        return Course(regimen, tuple(counted))
    return Course(regimen, (*counted, "none"), "rule", why)


def _by_intent(regimen: Regimen, rules: CountingRules) -> Course:
    match regimen.intent:
        case "adjuvant":
            return Course(regimen, ("adjuvant",))
        case "neoadjuvant" if regimen.surgery == "never_possible":
            why = "neoadjuvant, but surgery was never possible"
            return _either(regimen, rules.inoperable_neoadjuvant, why)
        case "neoadjuvant":
            return Course(regimen, ("adjuvant",))
        case "metastatic":
            return Course(regimen, ("metastatic",))
        case "oligometastatic_curative":
            why = "given for few metastases with curative intent"
            return _either(regimen, rules.oligometastatic_curative, why)
        case "locoregional_recurrence":
            return _locoregional(regimen, rules)
        case "maintenance" | "unknown":
            why, field = "its intent is unknown", "prior_regimens.intent"
            return Course(regimen, ("adjuvant", "metastatic"), "facts", why, (field,))


def _either(regimen: Regimen, rule: Surgery, why: str) -> Course:
    if rule == "review":
        return Course(regimen, ("metastatic", "adjuvant"), "rule", why)
    return Course(regimen, (rule,))


def _locoregional(regimen: Regimen, rules: CountingRules) -> Course:
    why = "given for a locoregional recurrence"
    if rules.locoregional == "review":
        return Course(regimen, ("metastatic", "adjuvant"), "rule", why)
    if regimen.recurrence_after == "breast_conservation":
        return Course(regimen, ("adjuvant",))
    if regimen.recurrence_after == "mastectomy":
        return Course(regimen, ("metastatic",))
    field = "prior_regimens.recurrence_after"
    return Course(regimen, ("adjuvant", "metastatic"), "facts", why, (field,))
