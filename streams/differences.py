"""Where two JSON values differ: pointers (RFC 6901) with both values, the first few of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import orjson

ABSENT: Final = object()
MOST = 5
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Difference:
    """One place; the values as short text."""

    pointer: str
    recorded: str
    derived: str


def differences(recorded: Any, derived: Any, most: int = MOST) -> tuple[Difference, ...]:
    """The first places, in the order of the keys; empty if and only if both are equal."""
    return tuple(islice(_walk("", recorded, derived), most))


def _walk(pointer: str, recorded: Any, derived: Any) -> Iterator[Difference]:
    if isinstance(recorded, dict) and isinstance(derived, dict):
        for key in sorted(recorded.keys() | derived.keys()):
            step = key.replace("~", "~0").replace("/", "~1")
            yield from _walk(
                f"{pointer}/{step}", recorded.get(key, ABSENT), derived.get(key, ABSENT)
            )
    elif isinstance(recorded, list) and isinstance(derived, list):
        for number in range(max(len(recorded), len(derived))):
            one = recorded[number] if number < len(recorded) else ABSENT
            other = derived[number] if number < len(derived) else ABSENT
            yield from _walk(f"{pointer}/{number}", one, other)
    elif type(recorded) is not type(derived) or recorded != derived:
        yield Difference(pointer, _short(recorded), _short(derived))


def _short(value: Any) -> str:
    """Enough to see what differs; a whole form or verdict is never repeated."""
    if value is ABSENT:
        return "nothing"
    if isinstance(value, dict):
        kind = value.get("type")
        return f"{{{kind}}}" if isinstance(kind, str) else f"{{{len(value)} keys}}"
    if isinstance(value, list):
        return f"[{len(value)} items]"
    said = orjson.dumps(value).decode() if value is None or isinstance(value, bool) else str(value)
    return said if len(said) <= _LONGEST else said[:_LONGEST] + "…"
