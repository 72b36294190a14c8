"""Parses the text of a protocol strictly: either a sound protocol, or every error with its mend."""

import re
import tomllib
from hashlib import sha256
from typing import Any, Final

from pydantic import ValidationError

from eligibility.criteria import Criteria
from protocols.criteria_tables import parse_criteria
from protocols.designs import design_of
from protocols.errors import Problem, ProtocolError
from protocols.lines import lines_of
from protocols.mends import problems_of
from protocols.model import (
    Assignment,
    Backfill,
    Contact,
    Drug,
    Measured,
    Outcome,
    PhaseOne,
    PhaseTwo,
    Protocol,
    Registry,
    Site,
)
from protocols.shape import (
    BackfillTable,
    ContactsTable,
    OutcomeTable,
    PhaseOneTable,
    ProtocolFile,
    RegistryTable,
)
from protocols.sound import dose_levels, unsound, zone

MAX_CHARACTERS: Final = 400_000
"""As much text as a command that adopts a protocol may carry."""

MAX_LINE: Final = 2_000
MAX_DOTS: Final = 40
"""Per line. A key with thousands of dots would keep the TOML parser busy for minutes."""

_PLACE = re.compile(r" ?\(at (?:line (\d+), column \d+|end of document)\)$")


def parse_protocol(text: str, name: str = "protocol") -> Protocol:
    """The protocol of a TOML text; raises `ProtocolError` with every problem found.

    `name` is how messages call the text, for example its file's name.
    """
    if too_large := _too_large(text):
        raise ProtocolError(name, [too_large])
    raw = _toml(text, name)
    lines = lines_of(text)
    tables = raw.get("criteria")
    criteria, problems = parse_criteria(tables if isinstance(tables, list) else [], lines)
    try:
        file = ProtocolFile.model_validate(raw)
    except ValidationError as error:
        raise ProtocolError(name, [*problems_of(error, lines), *problems]) from error
    problems.extend(unsound(file, lines))
    if problems:
        raise ProtocolError(name, problems)
    return _protocol(file, criteria, text, _marked(raw))


def _too_large(text: str) -> Problem | None:
    if len(text) > MAX_CHARACTERS:
        rule = f"the text has {len(text)} characters, more than {MAX_CHARACTERS}"
        return Problem("", rule, "shorten comments and descriptions")
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > MAX_LINE or line.count(".") > MAX_DOTS:
            rule = f"a line has more than {MAX_LINE} characters or {MAX_DOTS} dots"
            return Problem("", rule, "break the line", number)
    return None


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # A number or a nesting too big is one of these.
        said = str(error)
        place = _PLACE.search(said)
        line = int(place[1]) if place and place[1] else text.rstrip("\n").count("\n") + 1
        rule = f"not valid TOML: {_PLACE.sub('', said)}"
        mend = "correct the syntax (see toml.io)"
        raise ProtocolError(name, [Problem("", rule, mend, line)]) from error


def _marked(raw: dict[str, Any], at: str = "") -> tuple[str, ...]:
    """Dotted paths of the tables with `illustrative = true`, each once; criteria by their id."""
    found = [at] if at and raw.get("illustrative") is True else []
    for key, value in raw.items():
        for table in value if isinstance(value, list) else [value]:
            if isinstance(table, dict):
                name = f"{key}.{table.get('id')}" if key == "criteria" else key
                found.extend(_marked(table, f"{at}.{name}" if at else name))
    return tuple(dict.fromkeys(found))


def _protocol(
    file: ProtocolFile, criteria: Criteria, text: str, illustrative: tuple[str, ...]
) -> Protocol:
    time_zone = zone(file.time_zone)
    assert time_zone is not None, "checked before"
    assign = file.assignment
    return Protocol(
        protocol_id=file.id,
        version=file.version,
        title=file.title,
        time_zone=time_zone,
        phase1=_phase_one(file.phase1),
        phase2=PhaseTwo(file.phase2.number, file.phase2.counts_phase1, file.phase2.site_cap),
        assignment=Assignment(
            reservation_hours=assign.reservation_hours,
            reserve_on=assign.reserve_on,
            waitlist_order=assign.waitlist_order,
            max_live_reservations_per_site=assign.max_live_reservations_per_site,
            max_rescreens=assign.max_rescreens,
            screening_days=assign.screening_days,
            confirm_eligibility=assign.confirm_eligibility,
        ),
        sites=tuple(Site(site.id, site.name) for site in file.sites),
        criteria=criteria,
        outcomes=tuple(_outcome(table) for table in file.outcomes),
        illustrative=illustrative,
        text=text,
        digest=sha256(text.encode("utf-8")).hexdigest(),
        registry=_registry(file.registry),
        medical_monitor=_medical_monitor(file.contacts),
    )


def _phase_one(table: PhaseOneTable) -> PhaseOne:
    return PhaseOne(
        design=design_of(table),
        levels=dose_levels(table.levels),
        start_level=table.start_level,
        drugs=tuple(Drug(d.name, d.required_doses, d.planned_doses) for d in table.drugs),
        dlt_window_days=table.dlt_window_days,
        stagger_days=table.stagger_days,
        rp2d_min_evaluable=table.rp2d_min_evaluable,
        signatures_required=table.signatures_required,
        cycle_days=table.cycle_days,
        backfill=_backfill(table.backfill),
    )


def _backfill(table: BackfillTable | None) -> Backfill | None:
    if table is None:
        return None
    return Backfill(table.max_per_level, table.counts_for_escalation)


def _outcome(table: OutcomeTable) -> Outcome:
    measured = None
    if table.measured is not None:
        facts = table.measured.model_dump(exclude={"illustrative"})
        measured = Measured(**facts)
    return Outcome(table.title, table.kind, table.time_frame, table.description, measured)


def _medical_monitor(contacts: ContactsTable | None) -> Contact | None:
    if contacts is None:
        return None
    return Contact(**contacts.medical_monitor.model_dump(exclude={"illustrative"}))


def _registry(table: RegistryTable | None) -> Registry | None:
    if table is None:
        return None
    return Registry(
        lead=table.lead,
        collaborators=tuple(table.collaborators),
        first_received_on=table.first_received_on,
        ended_on=table.ended_on,
        status=table.status,
        design=table.design,
        arms=tuple(table.arms),
        phase1_purpose=table.phase1_purpose,
        phase2_purpose=table.phase2_purpose,
        source=table.source,
    )
