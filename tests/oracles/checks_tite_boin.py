"""TITE-BOIN against its cut-offs, and those that are printed."""

from fractions import Fraction
from typing import Any

from cohorts.designs.boin import Boin
from cohorts.designs.tite_boin import TiteBoin
from tests.oracles.reading import Row
from tests.oracles.registry import Check, close


def check_cutoffs(row: Row, tolerance: float) -> None:
    """Both cut-offs, and as many digits as were printed."""
    target = Fraction(str(row["target"]))
    ours = TiteBoin(Boin(target=target, max_subjects=1000, max_per_level=1000))
    escalate, de_escalate = map(float, ours.cutoffs(row["n"], row["dlt"], row["pending"]))
    assert close(escalate, row["escalate_if_stft_ge"], tolerance), escalate
    assert close(de_escalate, row["deescalate_if_stft_le"], tolerance), de_escalate
    if "published" in row:
        _check_printed(row["published"]["escalate"], escalate)
        _check_printed(row["published"]["deescalate"], de_escalate)


def _check_printed(printed: Any, found: float) -> None:
    if printed is not None:
        digits = len(str(printed).partition(".")[2])
        assert f"{found:.{digits}f}" == printed, found


CHECKS = {
    "tite_boin_cutoffs.json": Check(
        check_cutoffs, ("escalate_if_stft_ge", "deescalate_if_stft_le", "published")
    )
}
