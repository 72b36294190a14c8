"""Every agent that was ever given, singly: a wash-out is an agent's, not its regimen's."""

from typing import NamedTuple

from eligibility.drug_names import normal
from eligibility.form_history import Agent, Regimen
from eligibility.partial_date import PartialDate


class Exposure(NamedTuple):
    """One agent of one regimen; what the agent leaves out is as its regimen says."""

    name: str
    drug_class: str
    regimen: Regimen
    agent: Agent
    ongoing: bool
    stopped_on: PartialDate | None

    @property
    def stop_reason(self) -> str:
        return self.agent.stop_reason or self.regimen.stop_reason


def exposures(regimens: tuple[Regimen, ...]) -> tuple[Exposure, ...]:
    """All agents but those that were planned and never given."""
    return tuple(
        _exposure(regimen, agent)
        for regimen in regimens
        for agent in regimen.agents
        if not never_given(regimen, agent)
    )


def _exposure(regimen: Regimen, agent: Agent) -> Exposure:
    stopped = agent.stopped_on or regimen.stopped_on
    ongoing = agent.ongoing or ("no" if agent.stopped_on else regimen.ongoing)
    name = normal(agent.name)
    return Exposure(name, agent.drug_class, regimen, agent, ongoing == "yes", stopped)


def never_given(regimen: Regimen, agent: Agent) -> bool:
    """Recorded with 0 doses, no date and not as going on: planned, and never given."""
    doses, ended = agent.doses_given, agent.stopped_on
    if doses is None:
        doses, ended = regimen.doses_given, agent.stopped_on or regimen.stopped_on
    begun = agent.started_on or regimen.started_on
    return doses == 0 and not begun and not ended and "yes" not in (agent.ongoing, regimen.ongoing)
