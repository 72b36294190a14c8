"""Lists in pages: an opaque `after`, a `limit` of at most 500, and filters."""

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Annotated, Any, TypeVar

from fastapi import Query

from services.api.faults import parameter

LIMIT_MAX = 500
T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="How many at most.")]
After = Annotated[
    str | None,
    Query(
        max_length=200,
        description="`next` of the page before; opaque, never made by hand.",
        json_schema_extra={"pattern": "^[A-Za-z0-9_-]*$"},
    ),
]
SiteFilter = Annotated[str | None, Query(max_length=64, description="Only this site.")]


def token(text: str) -> str:
    """The opaque form of where a page ended."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def untoken(after: str | None) -> str | None:
    """Where the page before ended."""
    if after is None:
        return None
    try:
        plain = base64.b64decode(after + "=" * (-len(after) % 4), altchars=b"-_", validate=True)
        return plain.decode("ascii")
    except (ValueError, binascii.Error):
        raise bad_after() from None


def untoken_number(after: str | None) -> int:
    """Where the page before ended, for lists that are numbered; -1 at the beginning."""
    text = untoken(after)
    if text is None:
        return -1
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise bad_after()
    return int(text)


def bad_after() -> Exception:
    return parameter("after", "not the end of a page", "take `next` of the page before")


def page(
    items: Iterable[T], limit: int, key: Callable[[T], str], show: Callable[[T], Any]
) -> dict[str, Any]:
    """The first `limit` of the items; `next` is null when there are no more."""
    shown: list[Any] = []
    last: T | None = None
    more = False
    for item in items:
        if len(shown) == limit:
            more = True
            break
        shown.append(show(item))
        last = item
    end = token(key(last)) if more and last is not None else None
    return {"items": shown, "next": end}
