"""Changes an export as somebody would who wants another story told, with or without new hashes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

from enrollment.canonical import canonical
from streams.export import write
from streams.record import Record, parse

Plain = dict[str, Any]


def chained(plains: Sequence[Plain]) -> tuple[Record, ...]:
    """Records with sequence and hashes made to fit, as an attacker with this code can make them."""
    records: list[Record] = []
    for number, plain in enumerate(plains):
        previous = records[-1].hash if records else ""
        fitted = {**plain, "sequence": number, "previous": previous}
        records.append(parse(canonical(fitted)))
    return tuple(records)


def plains(records: Sequence[Record]) -> list[Plain]:
    return [orjson.loads(record.stored) for record in records]


def forged(file: Path, records: Sequence[Record], change: Callable[[list[Plain]], object]) -> Path:
    """An export with a perfect chain and manifest of records that were changed first."""
    changed = plains(records)
    change(changed)
    again = chained(changed)
    write(file, again[0].trial_id, again)
    return file
