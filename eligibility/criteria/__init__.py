"""The families of criteria, and the criteria of one protocol made from its tables."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from eligibility.criteria.age import Age
from eligibility.criteria.allergy import Allergy
from eligibility.criteria.brain import TreatedBrainMetastases
from eligibility.criteria.cardiac import CardiacDisease, UncontrolledHypertension
from eligibility.criteria.coagulation import Coagulation
from eligibility.criteria.consent import InformedConsent
from eligibility.criteria.criterion import Criterion, Rule
from eligibility.criteria.disease import ConfirmedMetastatic
from eligibility.criteria.ejection_fraction import EjectionFraction
from eligibility.criteria.events import RecentBleeding, RecentSurgery, Thrombosis
from eligibility.criteria.forbidden_agents import ForbiddenAgents
from eligibility.criteria.grades import Neuropathy, RecoveredToxicity, UncontrolledIllness
from eligibility.criteria.her2_negative import Her2Negative
from eligibility.criteria.labs import Labs
from eligibility.criteria.lesions import MeasurableDisease
from eligibility.criteria.malignancy import OtherMalignancy
from eligibility.criteria.medicines import ForbiddenMedicines
from eligibility.criteria.organ_function import LiverFunction
from eligibility.criteria.performance import LifeExpectancy, PerformanceStatus
from eligibility.criteria.pregnancy import ContraceptionAgreed, NegativePregnancyTest
from eligibility.criteria.prior_therapy import ChemotherapyCount, PriorChemotherapy
from eligibility.criteria.radiotherapy import PriorRadiotherapy
from eligibility.criteria.statements import Statements
from eligibility.criteria.table import CriterionError, Table
from eligibility.criteria.washouts import Washout


class Family(Protocol):
    """A class of rules that can be made from a table of the protocol."""

    def parse(self, table: Table) -> Rule: ...


FAMILIES: Final[dict[str, Family]] = {
    "age": Age,
    "allergy": Allergy,
    "bleeding": RecentBleeding,
    "blood_pressure": UncontrolledHypertension,
    "brain_metastases": TreatedBrainMetastases,
    "cardiac": CardiacDisease,
    "chemotherapy_count": ChemotherapyCount,
    "coagulation": Coagulation,
    "consent": InformedConsent,
    "contraception": ContraceptionAgreed,
    "disease": ConfirmedMetastatic,
    "ejection_fraction": EjectionFraction,
    "forbidden_agents": ForbiddenAgents,
    "forbidden_medicines": ForbiddenMedicines,
    "her2_negative": Her2Negative,
    "illness": UncontrolledIllness,
    "labs": Labs,
    "life_expectancy": LifeExpectancy,
    "liver_function": LiverFunction,
    "malignancy": OtherMalignancy,
    "measurable_disease": MeasurableDisease,
    "neuropathy": Neuropathy,
    "performance": PerformanceStatus,
    "pregnancy_test": NegativePregnancyTest,
    "prior_chemotherapy": PriorChemotherapy,
    "radiotherapy": PriorRadiotherapy,
    "statements": Statements,
    "surgery": RecentSurgery,
    "thrombosis": Thrombosis,
    "toxicities": RecoveredToxicity,
    "washout": Washout,
}

_WORDS: Final = ("id", "text", "source", "illustrative")
"""Keys of a criterion that no verdict depends on."""


def parse_criterion(table: Mapping[str, Any]) -> Criterion:
    """One `[[criteria]]` table; CriterionError names the key, the rule it breaks and the mend."""
    keys = Table(table)
    identifier, text, source = keys.text("id"), keys.text("text"), keys.text("source")
    illustrative = keys.flag("illustrative", False)
    family = keys.choice("family", tuple(FAMILIES))
    rule = FAMILIES[family].parse(keys)
    keys.done()
    parameters = {key: value for key, value in table.items() if key not in _WORDS}
    return Criterion(
        identifier, family, text, source, illustrative, json.dumps(parameters, sort_keys=True), rule
    )


Criteria = tuple[Criterion, ...]
"""The criteria of one protocol in its order, each id once."""


def build_criteria(
    tables: Sequence[Mapping[str, Any]], criteria_ids: Sequence[str] = ()
) -> Criteria:
    """All criteria. With `criteria_ids`, just these: none missing, none besides."""
    criteria = tuple(parse_criterion(table) for table in tables)
    ids = [one.id for one in criteria]
    for one in ids:
        if ids.count(one) > 1:
            raise CriterionError("id", f"two criteria are called {one}", "rename or remove one")
    if criteria_ids:
        missing = [one for one in criteria_ids if one not in ids]
        if missing:
            said = ", ".join(missing)
            raise CriterionError("id", f"criteria are missing: {said}", "add a table for each")
        beyond = [one for one in ids if one not in criteria_ids]
        if beyond:
            said = ", ".join(beyond)
            raise CriterionError("id", f"criteria are not declared: {said}", "remove them")
    check_together(criteria)
    return criteria


def check_together(criteria: Criteria) -> None:
    """What no criterion can check alone: regimens are counted in one way within a protocol."""
    rules = {
        one.rule.rules
        for one in criteria
        if isinstance(one.rule, PriorChemotherapy | ChemotherapyCount)
    }
    if len(rules) > 1:
        raise CriterionError(
            "family",
            "prior_chemotherapy and chemotherapy_count count regimens differently",
            "give both the same counting rules",
        )


__all__ = [
    "FAMILIES",
    "Criteria",
    "Criterion",
    "CriterionError",
    "Family",
    "build_criteria",
    "check_together",
    "parse_criterion",
]
