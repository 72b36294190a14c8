"""Exact characteristics of designs by counts and of the CRM, against another program's."""

from fractions import Fraction
from typing import Any

from cohorts.count_layers import Steps
from cohorts.crm_steps import CrmSteps
from cohorts.designs.boin import Boin
from cohorts.designs.crm import Crm
from cohorts.designs.i3_plus_3 import I3Plus3
from cohorts.designs.keyboard import Keyboard
from cohorts.designs.mtpi import MTpi
from cohorts.designs.mtpi2 import MTpi2
from cohorts.exact_characteristics import characteristics_of, steps_of
from tests.oracles.reading import Row
from tests.oracles.registry import Check, all_close, close

BY_COUNTS: dict[str, Any] = {
    "BOIN": Boin,
    "mTPI": MTpi,
    "mTPI-2": MTpi2,
    "keyboard": Keyboard,
    "i3+3": I3Plus3,
}


def steps(design: str, given: Row) -> Steps:
    """The steps of the row's design; the file's limits are a number of cohorts and no other."""
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
    return steps_of(BY_COUNTS[design](target=target, **sizes), len(given["true_dlt"]))


def check(row: Row, tolerance: float) -> None:
    """Selection, early stops, expected subjects and DLTs at each dose and in all."""
    given = row["input"]
    truth = tuple(given["true_dlt"])
    found = characteristics_of(steps(row["design"], given), truth, given["target"])
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
