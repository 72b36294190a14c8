"""Exact characteristics of designs by counts and of the CRM, against another program's."""

import json
from fractions import Fraction
from functools import lru_cache
from typing import Any

from cohorts.characteristics import Characteristics
from cohorts.count_layers import Steps
from cohorts.crm_steps import CrmSteps
from cohorts.designs.boin import Boin
from cohorts.designs.crm import Crm
from cohorts.designs.i3_plus_3 import I3Plus3
from cohorts.designs.in_cohorts import FEWEST_AT_MTD
from cohorts.designs.keyboard import Keyboard
from cohorts.designs.mtpi import MTpi
from cohorts.designs.mtpi2 import MTpi2
from cohorts.exact_characteristics import characteristics_of, steps_of
from tests.oracles.published import as_published
from tests.oracles.reading import Row
from tests.oracles.registry import Check, all_close, close

BY_COUNTS: dict[str, Any] = {
    "boin": Boin,
    "mtpi": MTpi,
    "mtpi2": MTpi2,
    "keyboard": Keyboard,
    "i3+3": I3Plus3,
}
"""By the names of the file, in small letters and without hyphens."""


@lru_cache(maxsize=64)
def computed(design: str, given: str) -> Characteristics:
    """For the input of a row, as JSON; remembered, since one row is checked many times."""
    parsed = json.loads(given)
    truth = tuple(parsed["true_dlt"])
    return characteristics_of(steps(design, parsed), truth, parsed["target"])


def steps(design: str, given: dict[str, Any]) -> Steps:
    """The steps of the row's design; the file's limits are a number of cohorts and no other."""
    options = {"skeleton", "noskip"} if design == "CRM" else set()
    assert given.keys() == {"true_dlt", "target", "cohort", "ncohort"} | options, given
    subjects = given["cohort"] * given["ncohort"]
    sizes = {
        "cohort_size": given["cohort"],
        "max_subjects": subjects,
        "max_per_level": subjects,
    }
    if design == "CRM":
        model = Crm(
            skeleton=tuple(given["skeleton"]),
            target=given["target"],
            no_skip=given["noskip"],
            coherent=False,
            **sizes,
        )
        return CrmSteps(model, untried_too=True)
    target = Fraction(str(given["target"]))
    kind = BY_COUNTS[design.lower().replace("-", "")]
    if given["cohort"] < FEWEST_AT_MTD:  # Else no level is tried with fewer.
        kind = as_published(kind)
    return steps_of(kind(target=target, **sizes), len(given["true_dlt"]))


def check(row: Row, tolerance: float) -> None:
    """Selection, early stops, expected subjects and DLTs at each dose and in all."""
    given = row["input"]
    truth = tuple(given["true_dlt"])
    found = computed(row["design"], json.dumps(dict(given)))
    expected = {int(dose): chance for dose, chance in row["p_select"].items()}
    assert sorted(expected) == list(range(len(truth) + 1))
    in_order = [expected[dose] for dose in sorted(expected)]
    assert all_close(found.select, in_order, tolerance), found.select
    assert close(found.stopped_early, row["p_stop_early"], tolerance), found.stopped_early
    assert all_close(found.subjects, row["expected_n_per_dose"], tolerance), found.subjects
    assert all_close(found.dlts, row["expected_dlt_per_dose"], tolerance), found.dlts
    assert close(found.subjects_in_all, row["expected_n"], tolerance), found.subjects_in_all
    assert close(found.dlts_in_all, row["expected_dlt"], tolerance), found.dlts_in_all


EXPECTED = (
    "p_select",
    "p_stop_early",
    "expected_n_per_dose",
    "expected_n",
    "expected_dlt_per_dose",
    "expected_dlt",
)
CHECKS = {
    # How many states the other program went through says nothing of the design.
    "exact_oc.json": Check(check, EXPECTED, notes=frozenset({"states"})),
}
