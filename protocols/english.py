"""A protocol in plain English, as sections that a terminal or a web page can lay out."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from eligibility.criteria import Criterion
from protocols.design_english import design_in_english
from protocols.model import Measured, PhaseOne, Protocol

MARK = "illustrative: not from the public record"

_ORDERS = {
    "first_come": "The waitlist is served in order of arrival.",
    "round_robin": "The waitlist is served site by site in turn, within a site in order of "
    "arrival.",
}
_RESERVE = {
    "eligible": "A place is reserved when the subject is found eligible.",
    "consented": "A consented subject may be held a place before the verdict; it counts like a "
    "reservation.",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, whether its values are illustrative, sentences, and perhaps a table."""

    title: str
    illustrative: bool
    sentences: tuple[str, ...]
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def in_english(protocol: Protocol) -> tuple[Section, ...]:
    """Everything the protocol says, in the order in which a person would ask."""
    marked = protocol.illustrative
    return (
        Section(f"{protocol.protocol_id}, version {protocol.version}", False, _trial(protocol)),
        Section("Outcomes of the record", False, tuple(_outcomes(protocol))),
        Section("Phase I: escalation", "phase1" in marked, tuple(_escalation(protocol.phase1))),
        _levels(protocol.phase1, "phase1" in marked or "phase1.levels" in marked),
        Section("Phase II", "phase2" in marked, tuple(_phase_two(protocol))),
        Section("Places", "assignment" in marked, tuple(_assignment(protocol))),
        _sites(protocol),
        *_contacts(protocol),
        _criteria(protocol, "Inclusion: every one must be met", "I"),
        _criteria(protocol, "Exclusion: none may apply", "E"),
    )


def _trial(protocol: Protocol) -> tuple[str, ...]:
    zone = f"Days begin and end at 00:00 in {protocol.time_zone.key}."
    registry = protocol.registry
    if registry is None:
        return (f"{protocol.title}.", zone)
    return (
        f"{protocol.title}.",
        f"{registry.design}. {registry.lead}; with {' and '.join(registry.collaborators)}.",
        f"First received {registry.first_received_on}, ended {registry.ended_on}, "
        f"{registry.status}.",
        f"Phase I: {registry.phase1_purpose}",
        f"Phase II: {registry.phase2_purpose}",
        f"Source: {registry.source}",
        zone,
    )


def _outcomes(protocol: Protocol) -> Iterator[str]:
    for outcome in protocol.outcomes:
        measured = f" {_measured(outcome.measured)}" if outcome.measured else ""
        description = f" {outcome.description}" if outcome.description else ""
        frame = f" ({outcome.time_frame})" if outcome.time_frame else ""
        yield f"{outcome.kind.capitalize()}: {outcome.title}{frame}.{description}{measured}"


def _measured(measured: Measured) -> str:
    return (
        f"Measured in {measured.subjects_analysed} subjects: {measured.statistic} "
        f"{measured.value} {measured.unit} ({measured.confidence_percent}% confidence interval "
        f"{measured.low} to {measured.high})."
    )


def _escalation(phase1: PhaseOne) -> Iterator[str]:
    yield from design_in_english(phase1)
    yield from _backfill(phase1)
    yield f"The first level is {phase1.start_level}; opening it, and every step, is signed."
    cycle = f" A cycle has {phase1.cycle_days} days." if phase1.cycle_days else ""
    yield (
        f"The DLT window covers days 1 to {phase1.dlt_window_days}; day 1 is the first dose of "
        f"any study drug.{cycle}"
    )
    yield _stagger(phase1.stagger_days)
    for drug in phase1.drugs:
        yield (
            f"To be evaluable without a DLT a subject takes at least {drug.required_doses} of "
            f"{drug.planned_doses} planned doses of {drug.name} in the window."
        )
    signatures = phase1.signatures_required
    yield (
        f"A review needs {signatures} signature{'s' if signatures > 1 else ''} of a reviewer. "
        f"The recommended Phase II dose is at most the MTD and needs at least "
        f"{phase1.rp2d_min_evaluable} evaluable subjects there."
    )


def _backfill(phase1: PhaseOne) -> Iterator[str]:
    backfill = phase1.backfill
    if backfill is None:
        return
    count = "count, once known" if backfill.counts_for_escalation else "do not count"
    yield (
        "While the open level has no place, further subjects enter the highest cleared level below "
        f"it, up to {backfill.max_per_level} there; their outcomes {count} for escalation."
    )


def _stagger(days: int) -> str:
    if days == 0:
        return "Subjects of a newly opened level need not be staggered."
    return (
        f"At a newly opened level the first subject goes alone; the others may be dosed from "
        f"{days} day{'s' if days > 1 else ''} after that first dose."
    )


def _levels(phase1: PhaseOne, illustrative: bool) -> Section:
    drugs = tuple(drug.name for drug in phase1.drugs)
    rows = []
    for level in phase1.levels:
        doses = {d.drug: f"{d.amount} {d.unit} {d.schedule}" for d in level.doses}
        start = " (start)" if level.level_id == phase1.start_level else ""
        rows.append((f"{level.level_id}{start}", *(doses.get(drug, "none") for drug in drugs)))
    return Section("Dose levels, lowest first", illustrative, (), ("level", *drugs), tuple(rows))


def _phase_two(protocol: Protocol) -> Iterator[str]:
    phase2 = protocol.phase2
    yield f"Takes {phase2.number} subjects, once a recommended Phase II dose is signed."
    if phase2.counts_phase1:
        yield "Phase I subjects dosed there who met the Phase II criteria at entry are counted."
    else:
        yield "Phase I subjects are not counted."
    if phase2.site_cap is not None:
        yield f"One site takes at most {phase2.site_cap}, reserved and dosed."


def _assignment(protocol: Protocol) -> Iterator[str]:
    assignment = protocol.assignment
    yield _RESERVE[assignment.reserve_on]
    yield (
        f"An undosed reservation lives {assignment.reservation_hours} hours unless it is extended."
    )
    yield _ORDERS[assignment.waitlist_order]
    limit = assignment.max_live_reservations_per_site
    if limit is not None:
        yield f"A site has at most {limit} undosed reservation{'s' if limit > 1 else ''} at a time."
    yield (
        f"The screening period has {assignment.screening_days} days; a subject may be screened "
        f"again {assignment.max_rescreens} times."
    )
    if assignment.confirm_eligibility:
        yield "No first dose is authorised before an investigator has signed the verdict."


def _sites(protocol: Protocol) -> Section:
    rows = tuple((site.site_id, site.name) for site in protocol.sites)
    return Section("Sites", "sites" in protocol.illustrative, (), ("site", "name"), rows)


def _contacts(protocol: Protocol) -> Iterator[Section]:
    monitor = protocol.medical_monitor
    if monitor is None:
        return
    marked = any(name.split(".")[0] == "contacts" for name in protocol.illustrative)
    ways = [way for way in (monitor.phone, monitor.email, monitor.text) if way is not None]
    sentence = f"Questions about a refusal go to the medical monitor, {monitor.name}"
    yield Section("Contacts", marked, (f"{sentence}: {'; '.join(ways)}.",))


def _criteria(protocol: Protocol, title: str, kind: str) -> Section:
    rows = tuple(
        (criterion.id, _criterion(criterion), criterion.source)
        for criterion in protocol.criteria
        if criterion.id.startswith(kind)
    )
    return Section(title, False, (), ("id", "criterion", "source"), rows)


def _criterion(criterion: Criterion) -> str:
    """Its words, how old results may be, and the settings that no public record states."""
    days = criterion.rule.validity_days
    validity = "" if days is None else f" Results may be {days} days old."
    if not criterion.illustrative:
        return f"{criterion.text}{validity}"
    if days is not None:
        return f"{criterion.text}{validity} [{MARK}]"
    return f"{criterion.text} Settings: {_settings(criterion)}. [{MARK}, in part]"


def _settings(criterion: Criterion) -> str:
    """The parameters as `name value`, in the order of their names."""
    parameters = json.loads(criterion.parameters)
    return ", ".join(
        f"{key.replace('_', ' ')} {_said(value)}"
        for key, value in sorted(parameters.items())
        if key != "family"
    )


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " and ".join(_said(one) for one in value)
    return str(value)
