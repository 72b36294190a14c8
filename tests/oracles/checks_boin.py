"""BOIN against its boundaries, every count up to 30, worked trials and final choices."""

from fractions import Fraction
from typing import Any

from cohorts.designs.boin import Boin
from cohorts.designs.by_counts import ByCounts
from cohorts.designs.design import LevelHistory
from cohorts.designs.in_cohorts import FEWEST_AT_MTD
from tests.oracles.paths import treated
from tests.oracles.published import as_published
from tests.oracles.reading import Row
from tests.oracles.registry import Check, close

LAMBDAS_PRINTED_TO = 1e-13
"""The file names no tolerance: its numbers are printed to fifteen digits."""


def design(target: Any, **parameters: Any) -> Boin:
    """BOIN for a target as written in the file, with room for any row."""
    return Boin(**_with_room(target), **parameters)


def _with_room(target: Any) -> dict[str, Any]:
    return {"target": Fraction(str(target)), "max_subjects": 1000, "max_per_level": 1000}


def check_lambdas(row: Row, tolerance: float) -> None:
    """Both boundaries."""
    ours = design(row["target"])
    allowed = max(tolerance, LAMBDAS_PRINTED_TO)
    assert close(float(ours.lambda_e), float(row["lambda_e"]), allowed), float(ours.lambda_e)
    assert close(float(ours.lambda_d), float(row["lambda_d"]), allowed), float(ours.lambda_d)


def check_boundaries(row: Row, _: float) -> None:
    """The most DLTs that escalate, the fewest that de-escalate, the fewest that eliminate."""
    ours, n = design(row["target"]), int(row["n"])
    letters = [ours.decision(n, dlts) for dlts in range(n + 1)]
    assert letters == sorted(letters, key="ESDU".index), letters
    down = [dlts for dlts, letter in enumerate(letters) if letter in "DU"]
    up = [dlts for dlts, letter in enumerate(letters) if letter == "E"]
    out = [dlts for dlts, letter in enumerate(letters) if letter == "U"]
    for column, found in (
        ("escalate_if_dlt_le", up[-1:]),
        ("deescalate_if_dlt_ge", down[:1]),
        ("eliminate_if_dlt_ge", out[:1]),
    ):
        printed = row[column]
        assert found == ([int(printed)] if printed else []), (column, found)


def check_path(row: Row, _: float) -> None:
    """A worked trial: where the next cohort goes, none where there is none."""
    advice = design(row["target"]).recommend(treated(row["num_doses"], row["outcomes"]))
    assert advice is not None
    assert (None if advice.level is None else advice.level + 1) == row["next_dose"], advice


def check_selection(row: Row, _: float) -> None:
    """The MTD from final counts; the live design's too, where no level was tried with too few."""
    target, bound, counts = row["target"], row["boundMTD"], row["n"]
    levels = [LevelHistory(evaluable=n, dlts=t) for n, t in zip(counts, row["dlt"], strict=True)]
    designs: list[ByCounts] = [as_published(Boin)(**_with_room(target), bound_mtd=bound)]
    if not any(0 < n < FEWEST_AT_MTD for n in counts):
        designs.append(design(target, bound_mtd=bound))
    for ours in designs:
        chosen = ours.select_mtd(levels)
        assert (None if chosen is None else chosen + 1) == row["mtd"], chosen


CHECKS = {
    "boin_lambda.csv": Check(check_lambdas, ("lambda_e", "lambda_d")),
    "boin_boundaries.csv": Check(
        check_boundaries,
        ("escalate_if_dlt_le", "deescalate_if_dlt_ge", "eliminate_if_dlt_ge"),
    ),
    "boin_paths.json": Check(check_path, ("next_dose",)),
    "boin_select_mtd.json": Check(check_selection, ("mtd",)),
}
