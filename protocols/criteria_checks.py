"""Doubts about criteria: how long results last, bounds that exclude each other, soft settings."""

from collections import defaultdict
from collections.abc import Iterator

from eligibility.criteria.criterion import Criterion
from eligibility.criteria.her2_negative import Her2Negative
from eligibility.criteria.labs import Labs, Limit
from eligibility.criteria.prior_therapy import PriorChemotherapy
from eligibility.criteria.units import UNITS
from protocols.doubt import Doubt
from protocols.model import Protocol

_LOWER, _UPPER = ("over", "min"), ("under", "max")


def criteria_doubts(protocol: Protocol) -> Iterator[Doubt]:
    """Every doubt about a criterion, alone or together with how places are held."""
    yield from _validity(protocol)
    yield from _contradictions(protocol)
    for criterion in protocol.criteria:
        yield from _soft_settings(criterion)


def _soft_settings(criterion: Criterion) -> Iterator[Doubt]:
    key, rule = f"criteria.{criterion.id}", criterion.rule
    if isinstance(rule, Her2Negative) and rule.safety == "warn":
        yield Doubt(
            key,
            "a tumour that is negative by the trial's rule but positive by ASCO/CAP 2018 or 2023 "
            "only raises a warning; nobody has to decide",
            'write her2_safety = "review", so that the coordinating centre decides',
        )
    if not isinstance(rule, PriorChemotherapy):
        return
    if rule.phase1_max_mbc > 1:
        yield Doubt(
            key,
            f"Phase I is read as admitting {rule.phase1_max_mbc} metastatic regimens, but "
            "exclusion 1 fails more than one in every reading",
            "write phase1_max_mbc = 1, or 0",
        )
    if rule.phase2_mode == "literal" and rule.mbc_cap_when_adjuvant is None:
        yield Doubt(
            key,
            "the literal reading of Phase II caps no metastatic regimens after adjuvant ones; only "
            "exclusion 1 does",
            'set mbc_cap_when_adjuvant, or write phase2_mode = "intended"',
        )


def _validity(protocol: Protocol) -> Iterator[Doubt]:
    """Results that outlive the screening period, or die before a reservation does."""
    hours, screening = protocol.assignment.reservation_hours, protocol.assignment.screening_days
    by_days: defaultdict[int, list[str]] = defaultdict(list)
    for criterion in protocol.criteria:
        if criterion.rule.validity_days is not None:
            by_days[criterion.rule.validity_days].append(criterion.id)
    for days, ids in sorted(by_days.items()):
        who = ", ".join(ids)
        if days > screening:
            yield Doubt(
                f"criteria.{ids[0]}",
                f"results for {who} are valid for {days} days, longer than the screening period of "
                f"{screening}",
                "shorten their validity, or lengthen screening_days",
            )
        if hours > days * 24:
            yield Doubt(
                "assignment.reservation_hours",
                f"a reservation lives {hours} hours, longer than the {days} days for which results "
                f"for {who} are valid: they go stale while the place is held",
                f"reserve for at most {days * 24} hours, or lengthen their validity",
            )


def _contradictions(protocol: Protocol) -> Iterator[Doubt]:
    """Two limits on one analyte that no value can meet."""
    limits = [
        (criterion, limit)
        for criterion in protocol.criteria
        if isinstance(criterion.rule, Labs)
        for limit in criterion.rule.limits
        if limit.unit
    ]
    for lower_in, lower in limits:
        for upper_in, upper in limits:
            if lower.analyte == upper.analyte and _exclude(lower, upper):
                yield _contradiction(lower_in, lower, upper_in, upper)


def _exclude(lower: Limit, upper: Limit) -> bool:
    if lower.bound not in _LOWER or upper.bound not in _UPPER:
        return False
    units = UNITS[lower.analyte]
    low, high = lower.amount * units[upper.unit], upper.amount * units[lower.unit]
    return low > high or (low == high and (lower.bound == "over" or upper.bound == "under"))


def _contradiction(lower_in: Criterion, lower: Limit, upper_in: Criterion, upper: Limit) -> Doubt:
    return Doubt(
        f"criteria.{upper_in.id}",
        f"{lower.analyte} must be {lower.bound} {lower.amount} {lower.unit} ({lower_in.id}) and "
        f"{upper.bound} {upper.amount} {upper.unit} ({upper_in.id}): nobody can meet both",
        "correct one of the limits",
    )
