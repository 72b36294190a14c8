"""Query parameters as documented and no others: a mistyped filter would show everything."""

from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from services.api.faults import SHOWN, shown
from services.api.problems import INVALID, Fault, Problem

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class KnownParameters(APIRoute):
    """A route that refuses query parameters which it does not know, and any that stands twice."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        fields = get_flat_params(self.dependant)
        known = frozenset(f.alias for f in fields if isinstance(f.field_info, Query))

        async def checked(request: Request) -> Response:
            if request.scope["query_string"]:
                _check(request.scope["query_string"], known)
            return await handle(request)

        return checked


def _check(query: bytes, known: frozenset[str]) -> None:
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    mend = f"use one of: {', '.join(sorted(known))}" if known else "this address takes none"
    faults = [
        Fault("unknown query parameter", mend, parameter=shown(name))
        if name not in known
        else Fault("this parameter stands twice", "send it once", parameter=name)
        for name, times in Counter(name for name, _ in pairs).items()
        if name not in known or times > 1
    ]
    if faults:
        raise Problem(INVALID, "The address holds what it must not.", faults[:SHOWN])


def _written(kind: str, example: str) -> BeforeValidator:
    """Text only in its long form: a bare number would be read as seconds since 1970."""

    def check(value: Any) -> Any:
        if isinstance(value, str) and not (len(value) >= 10 and value[4:5] == value[7:8] == "-"):
            raise PydanticCustomError(f"{kind}_parsing", f"is not written as {example}")
        return value

    return BeforeValidator(check)


WRITTEN_DATE = _written("date", "2027-03-24")
WRITTEN_INSTANT = _written("datetime", "2027-03-24T15:00:00Z")
