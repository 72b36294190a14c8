"""What no escalation design may contradict: its table, its parameters, the levels, its end."""

from collections.abc import Iterator
from itertools import pairwise

from cohorts.designs.design import Design
from cohorts.designs.three_plus_three import ThreePlusThree
from protocols.design_tables import BoinTable, CrmTable, IntervalTable, Sizes, Table, given_tables
from protocols.designs import design_of
from protocols.lines import Path
from protocols.shape import PhaseOneTable

Found = tuple[Path, str, str]
_FEWEST = 3
"""Evaluable subjects without which no design but rolling six declares an MTD."""


def unsound_design(phase1: PhaseOneTable) -> Iterator[Found]:
    """Every contradiction; a design that cannot be made at all is said last."""
    found = [*_tables(phase1)]
    if not found:
        found = [*_parameters(phase1)]
    if found:
        yield from found
        return
    try:
        design = design_of(phase1)
    except (ValueError, AssertionError) as error:
        said = str(error).rstrip(".") or "the parameters contradict one another"
        yield ("phase1", phase1.design), said, "correct the parameters of the design"
        return
    yield from _end(design, phase1)


def _tables(phase1: PhaseOneTable) -> Iterator[Found]:
    """The design's own parameters are there, and nobody else's."""
    given, own = given_tables(phase1), phase1.design
    if own == "3+3" and phase1.variant is None:
        yield ("phase1", "variant"), "this key is missing", "add `variant = ...`"
    if own != "3+3" and phase1.variant is not None:
        yield ("phase1", "variant"), "only the 3+3 has a variant here", "remove it"
    for key in given:
        if key != own:
            yield (
                ("phase1", key),
                f'the table of another design than "{own}"',
                f'remove it, or write `design = "{key}"`',
            )
    if own not in given and own not in ("3+3", "rolling_six"):
        yield (
            ("phase1", own),
            "the table of the design's parameters is missing",
            f"add `[phase1.{own}]`",
        )


def _parameters(phase1: PhaseOneTable) -> Iterator[Found]:
    table: Table | None = getattr(phase1, phase1.design, None)
    for within, rule, mend in _of(table, phase1):
        yield ("phase1", phase1.design, *within), rule, mend


def _of(table: Table | None, phase1: PhaseOneTable) -> Iterator[Found]:
    """Paths are within the design's table."""
    if isinstance(table, Sizes):
        yield from _sizes(table)
    if isinstance(table, BoinTable):
        yield from _boin(table)
    if isinstance(table, IntervalTable):
        yield from _interval(table)
    if isinstance(table, CrmTable):
        yield from _crm(table, phase1)


def _sizes(table: Sizes) -> Iterator[Found]:
    fewest = max(table.cohort_size, _FEWEST)
    if table.max_per_level < fewest:
        yield (
            ("max_per_level",),
            f"{table.max_per_level} at a level are fewer than {fewest}: a cohort, and {_FEWEST} "
            "evaluable at an MTD",
            f"write {fewest} or more",
        )
    if table.max_subjects < table.max_per_level:
        yield (
            ("max_subjects",),
            f"{table.max_subjects} subjects are fewer than the {table.max_per_level} of one level",
            "raise max_subjects, or lower max_per_level",
        )


def _boin(table: BoinTable) -> Iterator[Found]:
    if table.phi1 is not None and table.phi1 >= table.target:
        yield ("phi1",), f"phi1 must lie under the target, {table.target}", "lower it"
    if table.phi2 is not None and table.phi2 <= table.target:
        yield ("phi2",), f"phi2 must lie over the target, {table.target}", "raise it"
    if table.phi2 is None and table.target * 14 >= 10:
        yield (
            ("target",),
            "phi2 is 1.4 of the target unless it is given, and would not be under 1",
            "give phi2, or lower the target",
        )
    if table.extra_safe and table.offset >= table.elimination_cutoff:
        yield ("offset",), "the offset leaves nothing of the cut-off", "lower the offset"


def _interval(table: IntervalTable) -> Iterator[Found]:
    if table.epsilon1 >= table.target:
        yield (
            ("epsilon1",),
            f"the interval begins {table.epsilon1} under the target {table.target}: not over 0",
            "lower epsilon1",
        )
    if table.target + table.epsilon2 >= 1:
        yield (
            ("epsilon2",),
            f"the interval ends {table.epsilon2} over the target {table.target}: not under 1",
            "lower epsilon2",
        )


def _crm(table: CrmTable, phase1: PhaseOneTable) -> Iterator[Found]:
    ids = [level.id for level in phase1.levels]
    if not table.no_skip:
        yield (
            ("no_skip",),
            "a trial that is run never skips a level (R7)",
            "write no_skip = true, or leave it out",
        )
    if table.skeleton is not None:
        yield from _skeleton(table, len(ids))
        return
    for name in ("halfwidth", "prior_mtd"):
        if getattr(table, name) is None:
            rule = "the skeleton is missing, and so is one of the two keys that would give it"
            yield (name,), rule, f"add `{name} = ...`, or give `skeleton`"
    if table.prior_mtd is not None and table.prior_mtd not in ids:
        rule = f'there is no level "{table.prior_mtd}"'
        yield ("prior_mtd",), rule, f"write one of {', '.join(ids)}"


def _skeleton(table: CrmTable, levels: int) -> Iterator[Found]:
    assert table.skeleton is not None
    values = table.skeleton
    if len(values) != levels:
        yield (
            ("skeleton",),
            f"the skeleton has {len(values)} values for {levels} levels",
            "give one for each level, in the order of [[phase1.levels]]",
        )
    if any(lower >= higher for lower, higher in pairwise(values)):
        yield (
            ("skeleton",),
            "the skeleton does not rise from each level to the next",
            "raise each value above the one before",
        )
    for name in ("halfwidth", "prior_mtd"):
        if getattr(table, name) is not None:
            yield (name,), "the skeleton is given already", f"remove {name}, or the skeleton"


def _end(design: Design, phase1: PhaseOneTable) -> Iterator[Found]:
    """R22: no design may end with fewer than the recommended dose needs."""
    fewest, needed = design.fewest_at_mtd, phase1.rp2d_min_evaluable
    if fewest >= needed:
        return
    said, other = design.name, ""
    if isinstance(design, ThreePlusThree):
        said = f"3+3 variant {design.variant}"
        other = ' or choose variant "C"' if needed <= 6 else ""
    yield (
        ("phase1", "rp2d_min_evaluable"),
        f"{said} may end with {fewest} evaluable subjects at the MTD, fewer than the {needed} that "
        "the RP2D needs (R22)",
        f"set rp2d_min_evaluable to at most {fewest}{other}",
    )
