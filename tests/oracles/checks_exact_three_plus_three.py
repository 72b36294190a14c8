"""The exact 3+3 against characteristics that were computed elsewhere."""

from collections.abc import Mapping
from functools import lru_cache

from cohorts.designs.three_plus_three import ThreePlusThree, Variant
from cohorts.exact_three_plus_three import (
    Law,
    exact_three_plus_three,
    law_of_dlts,
    law_of_subjects,
)
from tests.cohorts.conduct import begin, layers
from tests.oracles.reading import Row
from tests.oracles.registry import Check, all_close, close


def check(row: Row, tolerance: float) -> None:
    """Selection, expected subjects and DLTs at each dose and in all, and the laws of both sums."""
    variant, truth = row["variant"], row["true_dlt"]
    found = exact_three_plus_three(variant, truth, target=0.3)
    expected = {int(dose): chance for dose, chance in row["p_select"].items()}
    assert sorted(expected) == list(range(len(truth) + 1))
    assert all_close(found.select, [expected[dose] for dose in sorted(expected)], tolerance)
    assert all_close(found.subjects, row["expected_n_per_dose"], tolerance)
    assert all_close(found.dlts, row["expected_dlt_per_dose"], tolerance)
    assert close(found.subjects_in_all, row["expected_n"], tolerance)
    assert close(found.dlts_in_all, row["expected_dlt"], tolerance)
    assert_same_law(law_of_subjects(variant, truth), row["p_total_n"], tolerance)
    assert_same_law(law_of_dlts(variant, truth), row["p_total_dlt"], tolerance)
    assert all_close(asked(variant, tuple(truth)), found.select, tolerance)


@lru_cache(maxsize=64)
def asked(variant: Variant, truth: tuple[float, ...]) -> list[float]:
    """The selection, by asking the design in every state that a trial of whole cohorts reaches."""
    select = [0.0] * (len(truth) + 1)
    for layer in layers(begin(ThreePlusThree(variant), len(truth)), truth):
        for state, chance in layer:
            if state.ended is not None:
                select[state.selected] += chance
    return select


def assert_same_law(found: Law, expected: Mapping[str, float], tolerance: float) -> None:
    """Each number that is named has that probability, and those not named have next to none."""
    named = {int(number): chance for number, chance in expected.items()}
    for number, chance in named.items():
        assert close(float(found[number]) if number < len(found) else 0.0, chance, tolerance)
    others = [float(chance) for number, chance in enumerate(found) if number not in named]
    assert all(close(chance, 0.0, tolerance) for chance in others)


CHECKS = {
    "tpt_exact.json": Check(
        check,
        (
            "p_select",
            "expected_n_per_dose",
            "expected_n",
            "expected_dlt_per_dose",
            "expected_dlt",
            "p_total_n",
            "p_total_dlt",
        ),
    )
}
