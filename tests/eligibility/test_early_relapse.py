"""A relapse soon after adjuvant chemotherapy, where the protocol counts it as a metastatic line."""

from typing import Any

import pytest

from eligibility.finding import Answer
from tests.eligibility.base import verdict
from tests.eligibility.therapy import adjuvant, counted, judged, metastatic, said

PROMOTED, KEPT = "0 (neo)adjuvant and 1 metastatic", "1 (neo)adjuvant and 0 metastatic"


def early(relapse: str | None, stopped: str = "2026-08-31", **parameters: Any) -> str:
    whole = {"promote_adjuvant_if_relapse_within_months": 6, **parameters}
    one = adjuvant(started_on="2026-02-01", stopped_on=stopped, progressed_on=relapse)
    return said([one], counted(**whole))


def test_without_the_rule_an_early_relapse_promotes_nothing() -> None:
    assert said([adjuvant(stopped_on="2026-08-31", progressed_on="2026-09-10")]) == KEPT


@pytest.mark.parametrize(
    ("relapse", "inclusive", "count"),
    [
        ("2026-06-10", True, PROMOTED),  # Relapse under the adjuvant regimen.
        ("2027-02-27", True, PROMOTED),
        ("2027-02-28", True, PROMOTED),  # 31 August and 6 months, clamped.
        ("2027-02-28", False, KEPT),
        ("2027-03-01", True, KEPT),
        ("2027", True, "0 to 1 (neo)adjuvant and 0 to 1 metastatic"),
        (None, True, "0 to 1 (neo)adjuvant and 0 to 1 metastatic"),
    ],
)
def test_relapse_within_six_months(relapse: str | None, inclusive: bool, count: str) -> None:
    assert early(relapse, promote_inclusive=inclusive) == count


def test_months_are_calendar_months_not_182_or_183_days() -> None:
    assert early("2026-12-30", "2026-06-30") == PROMOTED  # 183 days.
    assert early("2026-12-31", "2026-06-30") == KEPT  # 184 days.
    assert early("2027-02-28", "2026-08-30") == PROMOTED  # 182 days, clamped to February's end.
    assert early("2027-03-01", "2026-08-30") == KEPT  # 183 days.


def test_relapse_exactly_twelve_months_after() -> None:
    twelve = {"promote_adjuvant_if_relapse_within_months": 12}
    assert early("2026-09-30", "2025-09-30", **twelve) == PROMOTED
    assert early("2026-10-01", "2025-09-30", **twelve) == KEPT


def test_the_months_may_run_to_registration_instead() -> None:
    to_registration = {"promote_index": "last_dose_to_registration"}
    assert early("2026-10-01", "2026-09-24", **to_registration) == PROMOTED
    assert early("2026-10-01", "2026-09-23", **to_registration) == KEPT


def test_promotion_moves_the_subject_in_the_grid() -> None:
    promoting = counted(promote_adjuvant_if_relapse_within_months=6)
    one = adjuvant(stopped_on="2026-08-31", progressed_on="2026-10-01")
    found = verdict({"prior_regimens": [one]}, protocol=promoting)
    assert found.outcome(1) == "needs_review"  # (1,0) became (0,1).
    found = verdict({"prior_regimens": [one, metastatic(year=2026)]}, protocol=promoting)
    assert found.outcome(1) == "ineligible"  # (1,1) became (0,2).


def test_an_unknown_stop_date_leaves_an_early_relapse_open() -> None:
    protocol = counted(promote_adjuvant_if_relapse_within_months=6)
    one = adjuvant(stopped_on=None, progressed_on="2026-10-01")
    found = judged([one], protocol=protocol)[0]
    assert found.answer is Answer.UNKNOWN
    assert "prior_regimens.stopped_on" in found.missing
