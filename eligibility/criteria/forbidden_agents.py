"""Agents that must never have been given, under any name, also inside a regimen's name."""

from dataclasses import dataclass
from typing import Final, Self

from eligibility.anchors import Anchors
from eligibility.criteria.parts import Part, combine, failed, passed, review, unknown
from eligibility.criteria.table import Table
from eligibility.drug_names import DrugNames
from eligibility.form import ScreeningForm
from eligibility.form_history import Regimen

UNNAMED: Final = ("unknown", "blinded", "placebo", "study drug")
_NONE = passed("none of the study drugs was given before")


@dataclass(frozen=True, slots=True)
class ForbiddenAgents:
    """`agents` with all synonyms and study codes; a longer name that holds one needs a person."""

    agents: DrugNames
    sections: tuple[str, ...] = ("prior_regimens",)
    validity_days: int | None = None
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        return cls(DrugNames.of(table.names("agents")))

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        if form.prior_regimens is None:
            return unknown("prior treatment not given", "prior_regimens")
        found = [(e.name, self.agents.match(e.name)) for e in form.exposures]
        given = [name for name, match in found if match == "named"]
        if given:
            return failed(f"{', '.join(given)} was given before")
        unnamed = [e.name for e in form.exposures if e.name in UNNAMED]
        parts = [
            unknown(f"an agent is not named ({name})", "prior_regimens.agents.name")
            for name in unnamed
        ]
        parts += [
            review(f"{name} was given before, which names a study drug")
            for name, match in found
            if match == "within"
        ]
        parts += [part for r in form.prior_regimens if (part := self._regimen(r)) is not None]
        return combine(parts) if parts else _NONE

    def _regimen(self, regimen: Regimen) -> Part | None:
        if not regimen.agents:
            text = f"the agents of {regimen.name or 'a regimen'} are not listed"
            return unknown(text, "prior_regimens.agents")
        if regimen.name is None:
            return None
        if self.agents.inside(regimen.name):
            return review(f"regimen {regimen.name} is named after a study drug but lists none")
        return None
