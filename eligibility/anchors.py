"""The four dates that criteria count from; never one reference date (rules R18)."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

Anchor = Literal["registration", "enrolment", "treatment_start", "first_dose"]


@dataclass(frozen=True, slots=True)
class Anchors:
    """Registration = date of the form judged (on promotion: that day); enrolment = date of the
    reservation; treatment start = first dose = planned date on judging, actual date on dosing."""

    registration_on: date
    enrolment_on: date
    treatment_start_on: date
    first_dose_on: date

    def of(self, anchor: Anchor) -> date:
        """The date behind an anchor's name."""
        if anchor == "registration":
            return self.registration_on
        if anchor == "enrolment":
            return self.enrolment_on
        if anchor == "treatment_start":
            return self.treatment_start_on
        return self.first_dose_on

    def to_json(self) -> dict[str, Any]:
        return {
            "registration_on": self.registration_on.isoformat(),
            "enrolment_on": self.enrolment_on.isoformat(),
            "treatment_start_on": self.treatment_start_on.isoformat(),
            "first_dose_on": self.first_dose_on.isoformat(),
        }

    @staticmethod
    def from_json(raw: dict[str, Any]) -> "Anchors":
        return Anchors(
            date.fromisoformat(raw["registration_on"]),
            date.fromisoformat(raw["enrolment_on"]),
            date.fromisoformat(raw["treatment_start_on"]),
            date.fromisoformat(raw["first_dose_on"]),
        )


def anchors_for(registration_on: date, first_dose_on: date) -> Anchors:
    """The anchors when a form is judged: enrolment would be the same day as registration."""
    return Anchors(registration_on, registration_on, first_dose_on, first_dose_on)
