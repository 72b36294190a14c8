"""What a caller is told, as one comparable value, and local times as the scenarios write them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from enrollment import commands as c
from enrollment.answer import Answer

CHICAGO = ZoneInfo("America/Chicago")


def site_staff(site: str) -> c.Actor:
    return c.Actor(id=f"staff-{site}", role="site", sites=(site,))


def day(text: str | date) -> date:
    """`02-22` is a date of 2027."""
    if isinstance(text, date):
        return text
    return date.fromisoformat(text if len(text) == 10 else f"2027-{text}")


def instant(text: str) -> datetime:
    """`02-22 10:00` is local time in Chicago, 2027; the result is in UTC."""
    day_text, time_text = text.split(" ")
    local = datetime.fromisoformat(f"{day(day_text).isoformat()}T{time_text}")
    return local.replace(tzinfo=CHICAGO).astimezone(UTC)


def local(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(CHICAGO).strftime("%m-%d %H:%M")


@dataclass(frozen=True)
class Said:
    """What the caller was told, without the sentence."""

    outcome: str
    rule: str | None = None
    earliest: date | None = None
    level: str | None = None
    expires: str | None = None
    not_before: date | None = None
    position: int | None = None
    deviations: tuple[str, ...] = ()


def said(answer: Answer) -> Said:
    """Levels and expiry are told with a place only; a fact is told by its deviations alone."""
    match answer.outcome:
        case "slot_reserved" | "held":
            return Said(
                answer.outcome,
                level=answer.level_id,
                expires=local(answer.expires_at),
                not_before=answer.dose_not_before,
            )
        case "waitlisted":
            return Said("waitlisted", answer.rule, answer.earliest, position=answer.position)
        case "recorded":
            return Said("recorded", deviations=answer.deviations)
        case _:
            return Said(answer.outcome, answer.rule, answer.earliest)


def reserved(level: str, expires: str, not_before: str | None = None) -> Said:
    on = None if not_before is None else day(not_before)
    return Said("slot_reserved", level=level, expires=expires, not_before=on)


def held(level: str, expires: str) -> Said:
    return Said("held", level=level, expires=expires)


def waits(position: int, rule: str, earliest: str | None) -> Said:
    on = None if earliest is None else day(earliest)
    return Said("waitlisted", rule, on, position=position)


def refused(rule: str, earliest: str | None = None) -> Said:
    return Said("refused", rule, None if earliest is None else day(earliest))


def rejected(rule: str) -> Said:
    return Said("rejected", rule)


def ineligible(earliest: str | None = None) -> Said:
    return Said("ineligible", "eligibility", None if earliest is None else day(earliest))


def recorded(*deviations: str) -> Said:
    return Said("recorded", deviations=deviations)
