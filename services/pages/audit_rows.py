"""The audit trail as rows: who, when it happened, when it was recorded, what was before, why."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Final

import orjson

from enrollment.commands import Actor, Role
from enrollment.events import AnyEvent
from services.api.ports import Ports
from services.api.views import instant
from services.pages.before import Before
from services.pages.downloads import csv_lines
from services.pages.event_words import late_entry, sentence
from services.pages.who import ROLES, Who, who
from services.signin.people import Account
from streams.record import Record

STEP = 500
HAPPENED: Final = (
    "dosed_on",
    "onset_on",
    "died_on",
    "withdrawn_on",
    "completed_on",
    "consented_on",
    "approved_on",
)
"""The fields of events that say on which day something happened in the world, the event's own
first: a form names the day of consent too. What is planned has not happened."""


@dataclass(frozen=True, slots=True)
class Row:
    """One event. Instants are UTC, days the site's own; empty where there is nothing to say."""

    trial_id: str
    sequence: int
    recorded_at: str
    happened_on: str
    by: str
    name: str
    role: Role
    subject_id: str
    site_id: str
    event: str
    what: str
    before: str
    why: str
    signed_meaning: str
    rule: str
    hash: str

    @property
    def recorded(self) -> datetime:
        return datetime.fromisoformat(self.recorded_at)

    @property
    def happened(self) -> date | None:
        return date.fromisoformat(self.happened_on) if self.happened_on else None

    @property
    def as_what(self) -> str:
        return ROLES[self.role]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the trail is asked for; empty: all. `by` is an account id or a part of a name."""

    subject_id: str = ""
    site_id: str = ""
    event: str = ""
    by: str = ""

    def takes(self, row: Row) -> bool:
        return (
            self.subject_id in ("", row.subject_id)
            and self.site_id in ("", row.site_id)
            and self.event in ("", row.event)
            and self._by(row)
        )

    def _by(self, row: Row) -> bool:
        return self.by in ("", row.by) or self.by.casefold() in row.name.casefold()


def rows_of(record: Record, by: Who, zone: str, before: Before) -> Iterable[Row]:
    """A row for each event of a decision, in order; `before` has seen all decisions before."""
    content = record.content
    for event in content.events:
        yield Row(
            trial_id=content.trial,
            sequence=content.sequence,
            recorded_at=instant(content.at),
            happened_on=_happened(event),
            by=by.id,
            name=by.name,
            role=by.role,
            subject_id=str(getattr(event, "subject_id", None) or ""),
            site_id=str(getattr(event, "site_id", None) or ""),
            event=event.type,
            what=sentence(event, zone),
            before=before.of(event),
            why=str(getattr(event, "reason", None) or late_entry(event)),
            signed_meaning=signed_meaning(event),
            rule=str(getattr(event, "rule", None) or ""),
            hash=record.hash,
        )


def _happened(event: AnyEvent) -> str:
    for name in HAPPENED:
        on = getattr(event, name, None)
        if isinstance(on, date):
            return on.isoformat()
    return ""


def signed_meaning(event: AnyEvent) -> str:
    """What a signature on the event means (21 CFR 11.50); empty where nobody signed it."""
    signed = getattr(event, "signed", None)
    return "" if signed is None else str(signed.meaning)


async def trail(
    ports: Ports,
    trial_id: str,
    actor: Actor,
    people: Mapping[str, Account],
    zone: str,
    wanted: Wanted,
) -> AsyncIterator[Row]:
    """All rows that are wanted and that the actor may see, oldest first."""
    after, before = -1, Before(zone)
    while records := await ports.trials.records(trial_id, after, STEP):
        for record in records:
            by = who(record.content.actor, actor, people)
            for row in rows_of(record, by, zone, before):
                if wanted.takes(row) and _may_see(row, actor):
                    yield row
        after = records[-1].sequence


def _may_see(row: Row, actor: Actor) -> bool:
    return "*" in actor.sites or (row.site_id != "" and actor.may_touch(row.site_id))


COLUMNS: Final = tuple(field.name for field in fields(Row))


def csv_row(row: Row) -> str:
    return csv_lines([[getattr(row, name) for name in COLUMNS]])


def ndjson_row(row: Row) -> str:
    return orjson.dumps(asdict(row)).decode() + "\n"
