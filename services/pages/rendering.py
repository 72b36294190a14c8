"""Pages from templates: every value escaped, an undefined name an error, assets named by digest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from protocols.model import Contact
from services.pages.words import barrier_words, recommendation_words, rule_words
from services.signin.viewer import Viewer

HERE = Path(__file__).parent
STATIC = HERE / "static"


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a form: its id on the page, and the mend in plain words."""

    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Link:
    href: str
    text: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class TrialFrame:
    """What the frame of a page says of the trial it is about."""

    trial_id: str
    title: str
    time_zone: str
    links: tuple[Link, ...] = ()
    practice: bool = False
    suspended: bool = False
    illustrative: str | None = None
    """What is illustrative, in words: `doses, DLT window and Phase II number`."""
    monitor: Contact | None = None
    """The medical monitor, whose contact stands on every refusal."""
    monitor_illustrative: bool = False


@cache
def asset(name: str) -> str:
    """The address of a file of ours: it changes with the content, so browsers may keep it."""
    digest = sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{digest}/{name}"


def csrf_field(viewer: Viewer) -> Markup:
    """The hidden field that every form of a signed-in page must have."""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(viewer.csrf)


def day(on: date | None) -> str:
    """A date as people read it: 24 March 2027."""
    return "not known" if on is None else f"{on.day} {on:%B %Y}"


def instant(at: datetime | None, zone: str = "UTC") -> str:
    """An instant in the trial's time zone, with the zone: 24 March 2027, 16:00 EDT."""
    if at is None:
        return "not known"
    local = at.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%B %Y, %H:%M %Z}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        asset=asset,
        csrf_field=csrf_field,
        barrier_words=barrier_words,
        recommendation_words=recommendation_words,
        rule_words=rule_words,
    )
    environment.filters.update(day=day, instant=instant)
    return environment


def render_text(template: str, context: Mapping[str, Any]) -> str:
    """A piece of a page, for a live update."""
    return _environment().get_template(template).render(_FRAME | dict(context))


_FRAME: dict[str, Any] = {"trial": None, "viewer": None, "errors": ()}
"""What `base.html` asks for on every page."""


def page(
    request: Request,
    template: str,
    viewer: Viewer | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """The page. Never kept by a cache: what it shows may be about a subject."""
    html = render_text(template, {"viewer": viewer, "path": request.url.path, **context})
    return HTMLResponse(html, status, {"Cache-Control": "no-store", **(headers or {})})
