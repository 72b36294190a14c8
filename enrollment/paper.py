"""Plain JSON that stays the bytes it came as: a form and its verdict, on their way to the record.

Judge reads a form strictly and writes it and its verdict as canonical JSON. What comes after needs
a handful of their members and puts the bytes into the record as they are.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import orjson
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

NOTHING: Mapping[str, Any] = {}


class Paper(Mapping[str, Any]):
    """One JSON object as its canonical bytes; parsed only for what is not in `head`.

    `head` holds members of the same object, each whole.
    """

    __slots__ = ("_head", "_whole", "stored")

    def __init__(self, stored: bytes, head: Mapping[str, Any] = NOTHING) -> None:
        self.stored = stored
        self._head = head
        self._whole: dict[str, Any] | None = None

    @property
    def whole(self) -> dict[str, Any]:
        """The object parsed, once."""
        if self._whole is None:
            self._whole = orjson.loads(self.stored)
        return self._whole

    def __getitem__(self, key: str) -> Any:
        return self._head[key] if key in self._head else self.whole[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.whole)

    def __len__(self) -> int:
        return len(self.whole)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Paper):
            return self.stored == other.stored
        return self.whole == other

    def __hash__(self) -> int:
        return hash(self.stored)

    def __repr__(self) -> str:
        return f"Paper({len(self.stored)} bytes)"


class _PlainJson:
    """To pydantic a dict with text as keys; in Python a `Paper` passes as it is."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        plain = handler(dict[str, Any])
        return core_schema.json_or_python_schema(
            json_schema=plain,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(Paper), plain]),
            serialization=core_schema.plain_serializer_function_ser_schema(_as_dict),
        )


def _as_dict(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return value.whole if isinstance(value, Paper) else value


PlainJson = Annotated[Mapping[str, Any], _PlainJson]
"""A JSON object, parsed or as a `Paper`."""
