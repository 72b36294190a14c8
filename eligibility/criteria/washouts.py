"""Wash-outs: how long an agent, or every agent of some classes, must be over."""

from dataclasses import dataclass
from typing import Final, Self, get_args

from eligibility.anchors import Anchors
from eligibility.criteria.anchored import Gap
from eligibility.criteria.parts import Part, combine, failed, passed, review, unknown
from eligibility.criteria.table import Table
from eligibility.drug_names import DrugNames
from eligibility.exposures import Exposure
from eligibility.finding import FAIL, PASS
from eligibility.form import ScreeningForm
from eligibility.form_history import AgentClass, Regimen

CLASSES: Final[tuple[str, ...]] = get_args(AgentClass)
UNCLASSED: Final = ("investigational", "unknown")


@dataclass(frozen=True, slots=True)
class Washout:
    """`agents` are names with their synonyms, `classes` are classes of drugs; either is enough."""

    agents: DrugNames
    classes: frozenset[str]
    gap: Gap
    washout_days: int | None
    none_given: Part
    sections: tuple[str, ...] = ("prior_regimens",)
    validity_days: int | None = None

    @classmethod
    def parse(cls, table: Table) -> Self:
        agents, classes = table.names("agents", ()), table.names("classes", ())
        for name in classes:
            if name not in CLASSES:
                raise table.error("classes", f"unknown class `{name}`", f"one of {CLASSES}")
        if not agents and not classes:
            raise table.error("agents", "no agent is meant", "name agents or classes")
        gap = Gap.parse(table)
        named = DrugNames.of(agents)
        meant = " or ".join(sorted(named.names | frozenset(classes)))
        none_given = passed(f"no {meant} treatment before")
        return cls(named, frozenset(classes), gap, gap.days(), none_given)

    def judge(self, form: ScreeningForm, anchors: Anchors) -> Part:
        if form.prior_regimens is None:
            return unknown("prior treatment not given", "prior_regimens")
        parts = [
            self._unlisted(regimen, form, anchors)
            for regimen in form.prior_regimens
            if not regimen.agents
        ]
        for exposure in form.exposures:
            part = self._exposure(exposure, form, anchors)
            if part is not None:
                parts.append(part)
        return combine(parts) if parts else self.none_given

    def _exposure(self, given: Exposure, form: ScreeningForm, anchors: Anchors) -> Part | None:
        match = self.agents.match(given.name)
        meant = match == "named" or given.drug_class in self.classes
        unclear = bool(self.classes) and given.drug_class in UNCLASSED
        if not meant and not unclear and match == "other":
            return None
        part = self._over(given, form, anchors)
        if part.answer is PASS:
            return part
        if match == "within" and not meant:
            return review(f"{part.text}, if it is meant") if part.answer is FAIL else part
        if not meant:
            return unknown(
                f"{given.name} is of unknown class: {part.text}", "prior_regimens.agents.drug_class"
            )
        if given.regimen.disease == "non_malignant" and part.answer is FAIL:
            return review(f"{part.text}, given for a disease that is no cancer")
        return part

    def _over(self, given: Exposure, form: ScreeningForm, anchors: Anchors) -> Part:
        on = anchors.of(self.gap.anchor)
        if given.ongoing:
            return failed(f"{given.name} goes on, must be over {self.gap.limit} {on}")
        field = "prior_regimens.stopped_on"
        began = given.agent.started_on or given.regimen.started_on
        if began is not None and given.stopped_on and began.first > given.stopped_on.last:
            text = f"{given.name} stopped {given.stopped_on}, before it began on {began}"
            return unknown(text, field)
        return self.gap.since(
            f"{given.name} stopped", given.stopped_on, form.completed_on, on, field
        )

    def _unlisted(self, regimen: Regimen, form: ScreeningForm, anchors: Anchors) -> Part:
        """A regimen whose agents nobody listed is no matter if all of it is long over."""
        name = regimen.name or "a regimen"
        on, field = anchors.of(self.gap.anchor), "prior_regimens.agents"
        part = self.gap.since(f"{name} stopped", regimen.stopped_on, form.completed_on, on, field)
        if regimen.ongoing != "yes" and part.answer is PASS:
            return part
        return unknown(f"the agents of {name} are not listed", field)
