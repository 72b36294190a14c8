"""How a trial keeps the form of a subject who may be judged again: as it is, or packed.

A trial of many subjects holds as many forms in memory for as long as they wait or have a place.
Packing costs some 40 us a form and leaves a seventh of it; a trial of few pays nothing.
"""

import zlib
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from eligibility.form import ScreeningForm
from enrollment.canonical import canonical

PACKED_FROM: Final = 64
"""Subjects of a trial from which on new forms are packed."""
_PLAIN: Final = b"{"
"""How canonical JSON of a form begins, and nothing that zlib makes."""


def _typical(of: Any) -> Any:
    """A value as it often stands on a form: every field, one of each list, answers `no`."""
    origin, inner = get_origin(of), get_args(of)
    if origin is Annotated:
        return _typical(inner[0])
    if origin in (Union, UnionType):
        return _typical(next(one for one in inner if one is not NoneType))
    if origin is Literal:
        return "no" if "no" in inner else inner[0]
    if origin is tuple:
        return [_typical(inner[0])]
    if isinstance(of, type) and issubclass(of, BaseModel):
        return {name: _typical(field.annotation) for name, field in of.model_fields.items()}
    return "20"  # As dates begin.


_TYPICAL: Final = canonical(_typical(ScreeningForm))
"""What zlib refers to instead of spelling it again: the names and their order, above all."""


def kept(form: Mapping[str, Any], subjects: int) -> bytes:
    """What to keep of a form in a trial of so many subjects."""
    stored = canonical(form)
    if subjects >= PACKED_FROM:
        packing = zlib.compressobj(zdict=_TYPICAL)
        stored = packing.compress(stored) + packing.flush()
    # Copied: the bytes that orjson and zlib give keep a buffer several times as long.
    return bytes(memoryview(stored))


def plain(stored: bytes) -> bytes:
    """The form's canonical JSON again, whichever way it was kept."""
    if stored.startswith(_PLAIN):
        return stored
    return zlib.decompressobj(zdict=_TYPICAL).decompress(stored)
