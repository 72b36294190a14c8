"""A form that was sent when its session was over: nothing is done, and nothing typed is lost."""

from typing import Final

from fastapi import Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.pages.rendering import page
from services.signin.viewer import SentTooLateError, Viewer, from_our_page

NEVER_BACK: Final = frozenset(
    {"csrf", "proof", "password", "code", "old", "new", "again"}
    | {"sign_name", "sign_password", "sign_code"}
)
"""Secrets, and what counts for its own session only: they are never written into a page."""


async def sent_too_late(request: Request, error: Exception) -> Response | None:
    """The page that gives a form of a trial back to who typed it; none where there is none.

    Only to our own page: a form that came from elsewhere is not put before anybody to send.
    """
    if request.method != "POST" or not request.url.path.startswith("/trials/"):
        return None
    if not from_our_page(request) or request.headers.get("hx-request"):
        return None
    if isinstance(error, SentTooLateError):
        return _given_back(request, error.form, error.viewer)
    try:
        form = await request.form(max_files=1, max_fields=5_000)
    except HTTPException:
        return None  # A body that is no form of ours: nothing was typed on a page.
    return _given_back(request, form, None)


def _given_back(request: Request, form: FormData, viewer: Viewer | None) -> Response | None:
    """`viewer` is there once somebody has signed in again."""
    fields = [
        (name, value)
        for name, value in form.multi_items()
        if isinstance(value, str) and name not in NEVER_BACK
    ]
    if not fields:
        return None
    status = 401 if viewer is None else 403
    return page(request, "signin/sent_too_late.html", viewer, status=status, fields=fields)
