"""JSON as it must arrive: UTF-8 text in which no key stands twice, with the place of what is wrong.

Parsers differ on what they do with the second of two equal keys, with NaN and with a byte order
mark; what two parsers may read in two ways is refused before either of them reads it.
"""

import json
from typing import Any

import orjson

from services.api.faults import SHOWN, pointer
from services.api.problems import BAD_JSON, INVALID, Fault, Problem

_RULES = {
    "UTF-8 byte order mark": ("begins with a byte order mark", "leave it out"),
    "not valid UTF-8": ("is not UTF-8, or holds half of a character", "encode the text as UTF-8"),
    "surrogate": ("holds half of a character", "write the whole character"),
    "depth limit": ("is nested too deeply", "send what the schema describes"),
    "infinity": ("holds a number that is too large", "write a smaller number"),
    "control character": ("holds a control character", "write it as an escape, or remove it"),
}
_TOO_DEEP = ("is nested too deeply", "send what the schema describes")


def plain_json(raw: bytes) -> Any:
    """The value of the text; a problem that says where when it is not JSON or repeats a key.

    Reading costs some 20 microseconds for a form of 3 kB, looking for repeated keys 10 more.
    """
    try:
        value = orjson.loads(raw)
        again = orjson.dumps(value)
    except orjson.JSONDecodeError as error:
        raise _malformed(error) from None
    except orjson.JSONEncodeError:
        raise _unreadable(*_TOO_DEEP) from None
    # A lost member takes its colon with it. Only an escape could bring one in its place.
    if raw.count(b":") != again.count(b":") or b"\\u003" in raw:
        _refuse_repeated(raw)
    return value


def _malformed(error: orjson.JSONDecodeError) -> Problem:
    """The parser's words are fixed texts; where is told, what stood there is not."""
    found = [_RULES[part] for part in _RULES if part in error.msg]
    rule, mend = found[0] if found else ("is not JSON", "mend the JSON")
    return _unreadable(f"{rule} (line {error.lineno}, column {error.colno})", mend)


def _unreadable(rule: str, mend: str) -> Problem:
    fault = Fault(f"the body {rule}", mend, pointer="")
    return Problem(BAD_JSON, "Nothing was written: the body cannot be read as JSON.", [fault])


class _Members(list[tuple[str, Any]]):
    """The members of one object in their order, repeated ones too."""


def _refuse_repeated(raw: bytes) -> None:
    try:
        value = json.loads(raw, object_pairs_hook=_Members)
    except RecursionError:
        raise _unreadable(*_TOO_DEEP) from None
    places = _repeated(value)
    if places:
        faults = [Fault("this key stands twice", "write it once", p) for p in places[:SHOWN]]
        count = f"{len(places)} key{'s' if len(places) != 1 else ''} repeated"
        raise Problem(INVALID, f"Nothing was written: {count}.", faults)


def _repeated(value: Any) -> list[str]:
    """Pointers to the keys that an object has more than once."""
    places: list[str] = []
    left: list[tuple[tuple[Any, ...], Any]] = [((), value)]
    while left:
        path, here = left.pop()
        if isinstance(here, _Members):
            seen: set[str] = set()
            for key, _ in here:
                if key in seen:
                    places.append(pointer((*path, key)))
                seen.add(key)
            left.extend(((*path, key), item) for key, item in here)
        elif isinstance(here, list):
            left.extend(((*path, number), item) for number, item in enumerate(here))
    return sorted(set(places))
