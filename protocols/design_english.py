"""An escalation design in plain English: what decides, what waits, how it ends."""

from collections.abc import Iterator

from cohorts.designs.boin import Boin
from cohorts.designs.by_counts import ByCounts
from cohorts.designs.crm import Crm
from cohorts.designs.decision_table import DecisionTable
from cohorts.designs.design import Design
from cohorts.designs.i3_plus_3 import I3Plus3
from cohorts.designs.keyboard import Keyboard
from cohorts.designs.mtpi import MTpi
from cohorts.designs.mtpi2 import MTpi2
from cohorts.designs.parameters import plain
from cohorts.designs.rolling_six import RollingSix
from cohorts.designs.three_plus_three import ThreePlusThree
from cohorts.designs.tite_boin import TiteBoin
from cohorts.designs.tite_crm import TiteCrm
from protocols.model import PhaseOne

_VARIANTS = {
    "A": "the dose below is accepted with three evaluable subjects (Storer 1989)",
    "B": "six evaluable subjects are asked for where it came back down, three at the top level "
    "(Korn 1994)",
    "C": "six evaluable subjects are asked for at the maximum tolerated dose, at the top level too",
}
_ROLLING = {
    "printed": "(Skolnik 2008) by the table that Frankel 2020 prints: escalate on three, four or "
    "five without a DLT once nobody is pending, on six without a DLT with at most one pending, or "
    "on six with one DLT once nobody is pending",
    "three_clear": "(Skolnik 2008) in the variant that escalates on three without a DLT, whoever "
    "is pending",
}
_RULES: dict[type, str] = {
    MTpi: "mTPI (Ji 2010): of below, within and above the interval, the side with the largest unit "
    "probability mass decides",
    MTpi2: "mTPI-2 (Guo 2017): of pieces as long as the interval, the one with the largest unit "
    "probability mass decides",
    Keyboard: "The keyboard (Yan 2017): of keys as long as the interval, the one with the largest "
    "posterior mass decides",
    I3Plus3: "i3+3 (Liu 2020): a rate below the interval escalates, within it stays; above it, "
    "stay if one DLT fewer would be below, else de-escalate",
}
Interval = MTpi | MTpi2 | Keyboard | I3Plus3


def design_in_english(phase1: PhaseOne) -> Iterator[str]:
    """A few sentences, the design's name first."""
    design = phase1.design
    if isinstance(design, ThreePlusThree):
        yield (
            f"3+3, variant {design.variant}: {_VARIANTS[design.variant]}. Two DLTs stop a level at "
            "once."
        )
    elif isinstance(design, RollingSix):
        yield f"Rolling six {_ROLLING[design.variant]}. Two DLTs stop a level at once."
        yield "Up to six subjects are on one dose at a time; windows may be open."
    elif isinstance(design, Crm):
        yield from _crm(design, tuple(level.level_id for level in phase1.levels))
    elif isinstance(design, TiteBoin):
        yield from _tite_boin(design)
    else:
        yield from _by_counts(design)


def _tite_boin(design: TiteBoin) -> Iterator[str]:
    boin = design.boin
    yield "TITE-BOIN (Yuan 2018): as BOIN, but it may decide while windows are open."
    yield from _what_decides(boin)
    yield (
        "Open windows count by the part of them that has passed, once a whole cohort is dosed. "
        "While more than half of a level are pending nothing is decided there, nor where sources "
        "disagree (one DLT in six with up to three pending)."
    )
    yield _sizes(boin.cohort_size, boin.max_per_level, boin.max_subjects)
    yield f"At the end the MTD is chosen {boin.final_rule}, with at least three evaluable there."


def _by_counts(design: Design) -> Iterator[str]:
    assert isinstance(design, ByCounts)
    yield from _what_decides(design)
    yield _sizes(design.cohort_size, design.max_per_level, design.max_subjects)
    yield (
        "A decision waits until the cohort is complete and no outcome is open; a level that would "
        "go down whatever the open outcomes turn out to be stops at once."
    )
    yield f"At the end the MTD is chosen {design.final_rule}, with at least three evaluable there."


def _what_decides(design: ByCounts) -> Iterator[str]:
    if isinstance(design, Boin):
        yield (
            f"BOIN (Liu and Yuan 2015) with target {plain(design.target)}: escalate where the DLT "
            f"rate is at or under {float(design.lambda_e):.4f}, de-escalate where it is at or over "
            f"{float(design.lambda_d):.4f}, else stay."
        )
        safe = (
            f" At the lowest level already over {plain(design.elimination_cutoff - design.offset)}."
        )
        yield _eliminates(design) + (safe if design.extra_safe else "")
    elif isinstance(design, Interval):
        low, high = design.target - design.epsilon1, design.target + design.epsilon2
        yield (
            f"{_RULES[type(design)]}. The interval is {plain(low)} to {plain(high)} about the "
            f"target {plain(design.target)}."
        )
        yield _eliminates(design)
    else:
        assert isinstance(design, DecisionTable)
        rows = "; ".join(f"{n}: {letters}" for n, letters in design.rows)
        yield (
            "A decision table, a row for each number evaluable, its letter k for k - 1 DLTs "
            f"(E escalate, S stay, D de-escalate, U de-escalate and eliminate): {rows}."
        )


def _eliminates(design: Boin | Interval) -> str:
    return (
        "A level and all above are eliminated where the DLT probability is over "
        f"{plain(design.target)} with probability over {plain(design.elimination_cutoff)}, given "
        f"at least {design.elimination_min_evaluable} evaluable."
    )


def _sizes(cohort: int, at_level: int, altogether: int) -> str:
    who = "Subjects come one at a time" if cohort == 1 else f"Cohorts have {cohort} subjects"
    return f"{who}; a level takes at most {at_level}, all levels together at most {altogether}."


def _crm(design: Crm, level_ids: tuple[str, ...]) -> Iterator[str]:
    named = "the curve at the estimated parameter" if design.estimate == "plug_in" else "the mean"
    curve = ", ".join(
        f"{level_id} {value:.3g}"
        for level_id, value in zip(level_ids, design.skeleton, strict=True)
    )
    model = f"{design.model} model" + (f", a0 {design.a0:g}" if design.model == "logistic" else "")
    yield (
        f"{design.name} with target {design.target:g} ({model}, prior variance "
        f"{design.prior_sd**2:.4g}): the level whose DLT probability by {named} is closest to it."
    )
    yield f"The skeleton: {curve}."
    rule = "Never more than one level up at a time"
    yield f"{rule}, nor up after a DLT in the newest cohort." if design.coherent else f"{rule}."
    yield _sizes(design.cohort_size, design.max_per_level, design.max_subjects)
    if isinstance(design, TiteCrm):
        yield (
            "Open windows count by the part of them that has passed, and a review may be due while "
            f"they are open; none escalates before each has passed {plain(design.escalate_after)}."
        )
    else:
        yield "A decision waits until the cohort is complete and no outcome is open."
    if design.stop_above is not None:
        yield (
            "The trial ends without a tolerable dose where the lowest level is above the target "
            f"with probability over {design.stop_above:g}."
        )
