"""What the criteria ask for of somebody of whom nothing is known yet."""

from datetime import date
from typing import Final

from eligibility.anchors import Anchors
from eligibility.criteria import Criteria
from eligibility.criteria.criterion import Criterion
from eligibility.form import ScreeningForm

_A_DAY: Final = date(2000, 1, 1)
"""Any: nothing on an empty form is measured against it."""
_EMPTY: Final = ScreeningForm(
    subject_id="nobody", site_id="none", completed_on=_A_DAY, planned_first_dose_on=_A_DAY
)
_ANCHORS: Final = Anchors(_A_DAY, _A_DAY, _A_DAY, _A_DAY)


def asked_for(criteria: Criteria) -> dict[str, tuple[Criterion, ...]]:
    """Each field that is missing on an empty form, as `labs.inr`, with the criteria that miss it.

    Of alternatives, such as INR or PT and PTT, all are named: the criterion's text says how they
    stand to each other. What is asked for only because of another answer is not named.
    """
    found: dict[str, tuple[Criterion, ...]] = {}
    for criterion in criteria:
        missing = [name for one in criterion.judge(_EMPTY, _ANCHORS) for name in one.missing]
        for name in dict.fromkeys(missing):
            found[name] = (*found.get(name, ()), criterion)
    return found
