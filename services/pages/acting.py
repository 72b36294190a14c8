"""How a page acts on a trial: asks, shows what would follow, lets it be signed, sends it once."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi import Request
from starlette.datastructures import FormData
from starlette.responses import Response

from enrollment import commands as c
from enrollment.trial import Trial
from services.api.reads import now_of
from services.pages.asking import Ask, command_typed, with_options
from services.pages.hypothetical import Follows, follows
from services.pages.rendering import FieldError
from services.pages.sending import Wish, sent
from services.signin.events import AccessRole
from services.signin.signing import signed
from services.signin.viewer import Viewer

Offered = TypeVar("Offered", bound=Callable[..., bool])


@dataclass(frozen=True, slots=True)
class Action(Generic[Offered]):
    """What can be done. `slug` is its place in addresses; `signs`: a signature of this meaning."""

    slug: str
    title: str
    command: type[c.Model]
    roles: tuple[AccessRole, ...]
    asks: tuple[Ask, ...]
    offered: Offered
    says: str
    """What it is, in a sentence or two, before anything is typed."""
    signs: str | None = None


@dataclass(frozen=True, slots=True)
class Doing:
    """One request to do something: who, what it is and asks for, what was typed so far."""

    trial: Trial
    viewer: Viewer
    actor: c.Actor
    command: type[c.Model]
    asks: tuple[Ask, ...]
    signs: str | None
    typed: dict[str, str]
    key: str
    site_id: str | None
    """The site acted for; none for the centre."""

    def shown(self, errors: tuple[FieldError, ...], would: Follows | None) -> dict[str, Any]:
        """What the macro `asking` of `asking.html` shows of it."""
        return {
            "asks": with_options(self.asks, self.trial),
            "signs": self.signs,
            "typed": self.typed,
            "key": self.key,
            "errors": errors,
            "follows": would,
        }


Show = Callable[[tuple[FieldError, ...], Follows | None], Awaitable[Response]]
"""The page again: with what is wrong, and with what would follow once the command is whole."""


async def act(
    request: Request, form: FormData, doing: Doing, fixed: Mapping[str, Any], show: Show
) -> Response:
    """First what would follow is shown; then it is signed, where it is signed, and sent once.

    `fixed` is what the command says besides what is asked for, without the signature's meaning.
    """
    zone = doing.trial.in_force.time_zone
    meaning = {} if doing.signs is None else {"meaning": doing.signs}
    whole = {**fixed, **meaning}
    command, errors = command_typed(doing.command, doing.asks, doing.typed, whole, zone)
    if command is None:
        return await show(errors, None)
    wish = Wish(doing.actor, doing.site_id, doing.key, command)
    if "confirmed" in doing.typed:
        wrong = None
        if doing.signs is not None:
            wrong = await signed(request, doing.viewer, form, doing.signs)
        if wrong is None:
            return await sent(request, doing.trial, wish)
        errors = (wrong,)
    would = follows(doing.trial, wish.speaker, command, now_of(request, doing.trial))
    return await show(errors, would)
