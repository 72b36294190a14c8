"""The public events of a record as CloudEvents 1.0 in structured JSON: the contract with the world.

The same for the topic `enrollment.events`, for the list over HTTP and for the live feed.
"""

from collections.abc import Sequence
from typing import Any

from enrollment.canonical import canonical
from enrollment.public_events import PREFIX, PublicEvent, public
from streams.record import Record


def cloud_events(record: Record) -> list[dict[str, Any]]:
    """In order; `sequence` runs on without a gap over the public events of the trial, from 0."""
    content = record.content
    found = [public(event, content.trial) for event in content.events]
    told = [event for event in found if event is not None]
    return [
        _envelope(record, content.public_from + index, event) for index, event in enumerate(told)
    ]


def cloud_events_json(record: Record) -> Sequence[bytes]:
    """As they stand in `enrollment.events`."""
    return [canonical(event) for event in cloud_events(record)]


def _envelope(record: Record, sequence: int, event: PublicEvent) -> dict[str, Any]:
    trial_id = record.trial_id
    envelope: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"{trial_id}/{sequence}",
        "source": f"/v1/trials/{trial_id}",
        "type": f"{PREFIX}{event.type}.v1",
        "time": record.content.at.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        # As text of fixed length, so that it sorts as text does (CloudEvents "sequence").
        "sequence": f"{sequence:020d}",
        "data": event.model_dump(mode="json", exclude={"type"}, exclude_none=True),
    }
    if event.subject_id is not None:
        envelope["subject"] = event.subject_id
    return envelope
