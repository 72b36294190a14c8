"""Our own style sheets and scripts: read once, named by their digest, kept by browsers for ever."""

from functools import cache

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.api.problems import NO_ROUTE, Problem
from services.pages.rendering import STATIC, asset

router = APIRouter(include_in_schema=False)
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    """Every file that is served: its address, content and media type."""
    return {
        asset(str(path.relative_to(STATIC))): (path.read_bytes(), _TYPES[path.suffix])
        for path in STATIC.rglob("*")
        if path.suffix in _TYPES
    }


@router.get("/static/{path:path}")
async def static_file(request: Request) -> Response:
    found = _files().get(request.url.path)
    if found is None:
        raise Problem(NO_ROUTE, "There is no such file.")
    content, media_type = found
    return Response(content, 200, _FOR_EVER, media_type=media_type)
