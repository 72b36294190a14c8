"""Allergy to a study drug, to Cremophor or to drugs made with it, stated or shown by a stop."""

from dataclasses import dataclass
from typing import Final, Self

from eligibility.anchors import Anchors
from eligibility.criteria.parts import Part, combine, failed, passed, review, unknown
from eligibility.criteria.table import Table
from eligibility.drug_names import DrugNames, Match
from eligibility.exposures import Exposure
from eligibility.form import ScreeningForm


@dataclass(frozen=True, slots=True)
class Allergy:
    """`agents` are drugs whose stop for allergy shows the allergy that the criterion means."""

    agents: DrugNames
    sections: tuple[str, ...] = ("allergies", "prior_regimens")
    validity_days: int | None = None
    washout_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        return cls(DrugNames.of(table.names("agents")))

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        parts = [_no(form, field) for field in _NONE]
        for given in form.exposures:
            match = self.agents.match(given.name)
            if match != "other" and given.stop_reason == "allergy":
                parts.append(_stopped_for_allergy(given, match))
        return combine(parts)


def _stopped_for_allergy(given: Exposure, match: Match) -> Part:
    """A regimen of several agents does not say which of them the allergy was to."""
    if match == "within":
        return review(f"{given.name} was stopped for allergy, which holds the name of an agent")
    if given.agent.stop_reason == "allergy" or len(given.regimen.agents) == 1:
        return failed(f"{given.name} was stopped for allergy")
    return review(f"a regimen with {given.name} was stopped for allergy, the agent is not said")


_WORDS: Final = {
    field: f"allergy to {field.replace('_', ' ')}"
    for field in ("sorafenib", "cremophor", "cremophor_drugs")
}
_NONE: Final = {field: passed(f"no {words}") for field, words in _WORDS.items()}


def _no(form: ScreeningForm, field: str) -> Part:
    said, words = getattr(form.allergies, field), _WORDS[field]
    if said == "no":
        return _NONE[field]
    if said == "unknown":
        return unknown(f"{words}: unknown, must be no", f"allergies.{field}")
    return failed(f"{words}: yes, must be no")
