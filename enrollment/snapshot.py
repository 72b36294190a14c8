"""The state of a trial as JSON and back, so that a takeover need not fold every record again.

A snapshot is disposable and never the truth: the log is. How each field is written follows from its
type, so nothing can be forgotten, and `SCHEMA` names the shape of it all: a state of another shape
is not read but folded anew.
"""

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from itertools import islice
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import orjson
from immutables import Map

from cohorts.numbers import Numbers
from cohorts.ordered import Ordered
from enrollment.copying import replace
from enrollment.evolve_trial import protocol_of
from enrollment.trial import Subject, Trial
from protocols.model import Protocol

PIECE_SUBJECTS: Final = 500
"""Subjects in one piece: what is written or read at one go, some 20 ms."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How values of one type are written and read; `shape` says it in words, for `SCHEMA`."""

    shape: str
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


# A trial that is read again has so many of the same ids, words and days: one object serves all.
_ALIKE_MAX: Final = 4096
_TEXT: Final = lru_cache(_ALIKE_MAX)(_same)
_DATE: Final = lru_cache(_ALIKE_MAX)(date.fromisoformat)
_INSTANT: Final = lru_cache(_ALIKE_MAX)(datetime.fromisoformat)
_NONE_OF_THEM: Final[frozenset[Any]] = frozenset()


_PLAIN: Final[Mapping[Any, _Way]] = {
    str: _Way("text", _same, _TEXT),
    int: _Way("whole", _same, _same),
    bool: _Way("flag", _same, _same),
    datetime: _Way("instant", datetime.isoformat, _INSTANT),
    date: _Way("date", date.isoformat, _DATE),
    bytes: _Way("bytes", lambda b: base64.b64encode(b).decode(), base64.b64decode),
    Protocol: _Way("protocol", lambda protocol: protocol.text, protocol_of),
    Numbers: _Way("numbers", list, lambda given: _numbers(given)),
    Ordered: _Way("ordered", lambda queue: _entries(queue), lambda given: _ordered(given)),
}


@cache
def _way(of: Any) -> _Way:
    """The way of a type; `TypeError` for one that nobody has thought of."""
    if of in _PLAIN:
        return _PLAIN[of]
    origin, inner = get_origin(of), get_args(of)
    if origin is Literal:
        alike = {value: value for value in inner}
        return _Way(f"one of {sorted(inner)}", _same, alike.__getitem__)
    if origin in (Union, UnionType):
        return _maybe(inner)
    if origin is tuple:
        return _many(_way(inner[0])) if inner[1:] == (...,) else _row([_way(i) for i in inner])
    if origin is frozenset:
        return _members(_way(inner[0]))
    if origin is Map:
        return _map(_way(inner[0]), _way(inner[1]))
    if isinstance(of, type) and is_dataclass(of):
        return _record(of)
    raise TypeError(f"a snapshot cannot hold {of}")


def _maybe(inner: tuple[Any, ...]) -> _Way:
    (some,) = (_way(one) for one in inner if one is not NoneType)
    return _Way(
        f"maybe {some.shape}",
        lambda value: None if value is None else some.write(value),
        lambda given: None if given is None else some.read(given),
    )


def _many(of: _Way) -> _Way:
    return _Way(
        f"list of {of.shape}",
        lambda values: [of.write(value) for value in values],
        lambda given: tuple([of.read(one) for one in given]),
    )


def _row(of: list[_Way]) -> _Way:
    return _Way(
        f"({', '.join(way.shape for way in of)})",
        lambda values: [way.write(value) for way, value in zip(of, values, strict=True)],
        lambda given: tuple([way.read(one) for way, one in zip(of, given, strict=True)]),
    )


def _members(of: _Way) -> _Way:
    return _Way(
        f"set of {of.shape}",
        lambda values: sorted((of.write(value) for value in values), key=orjson.dumps),
        lambda given: frozenset([of.read(one) for one in given]) if given else _NONE_OF_THEM,
    )


def _map(key: _Way, value: _Way) -> _Way:
    return _Way(
        f"map from {key.shape} to {value.shape}",
        lambda pairs: [[key.write(k), value.write(pairs[k])] for k in sorted(pairs)],
        lambda given: Map([(key.read(k), value.read(v)) for k, v in given]),
    )


def _record(of: type[Any]) -> _Way:
    hints = get_type_hints(of)
    names = [field.name for field in fields(of)]
    row = _row([_way(hints[name]) for name in names])
    told = ", ".join(f"{name}: {_way(hints[name]).shape}" for name in names)
    return _Way(
        f"{of.__name__}({told})",
        lambda value: row.write([getattr(value, name) for name in names]),
        lambda given: of(*row.read(given)),
    )


def _numbers(given: Iterable[int]) -> Numbers:
    numbers = Numbers()
    for number in given:
        numbers = numbers.add(number)
    return numbers


def _entries(queue: Ordered) -> list[list[Any]]:
    """Keys are whole numbers and instants; an instant is told from a number by being text."""
    return [
        [[part if isinstance(part, int) else part.isoformat() for part in key], value]
        for key, value in queue
    ]


def _ordered(given: Iterable[list[Any]]) -> Ordered:
    queue = Ordered()
    for parts, value in given:
        key = [part if isinstance(part, int) else _INSTANT(part) for part in parts]
        queue = queue.add(tuple(key), value)
    return queue


_TRIAL: Final = _way(Trial)
_SUBJECT: Final = _way(Subject)
SCHEMA: Final = hashlib.sha256(_TRIAL.shape.encode()).hexdigest()[:16]
"""Names the shape of the state: another field, type or answer anywhere in it is another name."""


def written(trial: Trial) -> Iterator[bytes]:
    """The trial in pieces, each soon made: first all but the subjects, then those in their order.

    The trial is frozen: between two pieces others may go on deciding.
    """
    yield orjson.dumps(_TRIAL.write(replace(trial, subjects=Map())))
    subjects = iter(sorted(trial.subjects))
    while names := list(islice(subjects, PIECE_SUBJECTS)):
        yield orjson.dumps([_SUBJECT.write(trial.subjects[name]) for name in names])


class Reader:
    """Puts a trial together from the pieces that `written` gave, in order."""

    def __init__(self, first: bytes) -> None:
        """Raises `ValueError`, `TypeError` or `ProtocolError` where this is no snapshot."""
        self._trial: Trial = _TRIAL.read(orjson.loads(first))
        self._subjects = Map[str, Subject]().mutate()

    def take(self, piece: bytes) -> None:
        for given in orjson.loads(piece):
            subject: Subject = _SUBJECT.read(given)
            self._subjects[subject.subject_id] = subject

    def trial(self) -> Trial:
        return replace(self._trial, subjects=self._subjects.finish())
