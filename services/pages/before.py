"""What was before each event, told by the events themselves, read in order."""

from collections.abc import Callable
from typing import Any, Final

from enrollment import events as e
from enrollment.events import AnyEvent
from services.pages.rendering import instant

Stands = tuple[tuple[str, ...], str]
"""What the event says of which thing: the thing by its names, and what stands of it from now."""


def _place(event: Any, zone: str) -> Stands:
    said = f"until {instant(event.expires_at, zone)}"
    begins = getattr(event, "dose_not_before", None)
    return ("place", event.subject_id), f"{said}, not before {begins}" if begins else said


def _verdict(event: Any, zone: str) -> Stands:
    words = event.outcome.replace("_", " ")
    return ("verdict", event.subject_id), f"{words} for Phase {'I' * event.phase}"


STANDS: Final[dict[type[AnyEvent], Callable[[Any, str], Stands]]] = {
    e.ProtocolAdopted: lambda event, zone: (("protocol",), f"version {event.version}"),
    e.SiteActivated: lambda event, zone: (
        ("site", event.site_id),
        f"protocol version {event.protocol_version}",
    ),
    e.LevelOpened: lambda event, zone: (("target", event.level_id), f"up to {event.target}"),
    e.LevelExpanded: lambda event, zone: (("target", event.level_id), f"up to {event.target}"),
    e.MtdDeclared: lambda event, zone: (("mtd",), event.level_id),
    e.ConsentRecorded: lambda event, zone: (
        ("consent", event.subject_id),
        f"{event.consented_on} (version {event.consent_version})",
    ),
    e.FormJudged: _verdict,
    e.SlotHeld: _place,
    e.SlotReserved: _place,
    e.ReservationChanged: _place,
    e.FirstDoseAuthorised: lambda event, zone: (
        ("authorised", event.subject_id),
        event.planned_on.isoformat(),
    ),
}
"""Events that put something in the place of what stood before."""


class Before:
    """Asked for every event of a trial, oldest first; keeps what stands of each thing."""

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._stands: dict[tuple[str, ...], str] = {}

    def of(self, event: AnyEvent) -> str:
        """What was before; empty where nothing was, or where the event replaces nothing."""
        if isinstance(event, e.FactCorrected):
            return event.was or ""
        stands = STANDS.get(type(event))
        if stands is None:
            return ""
        thing, now = stands(event, self._zone)
        before = self._stands.get(thing, "")
        self._stands[thing] = now
        return before
