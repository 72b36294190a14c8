"""Headers that a write understands: who it acts for, how long to wait, and the simulated time."""

import re
from datetime import UTC, datetime

from fastapi import Request

from enrollment.commands import Actor, AdoptProtocol, AnyCommand
from enrollment.trial import Trial
from services.api.bodies import year_is_plain
from services.api.faults import parameter
from services.api.problems import NOT_THIS_SITE, REAL_CLOCK, Problem

AT = "Holdfast-At"
SITE = "Holdfast-Site"
_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})\"?(?:$|[,;\s])", re.IGNORECASE)


def wait_seconds(request: Request, longest: int) -> int:
    """`Prefer: wait=N`, at most `longest`; 0 without it. A preference never fails (RFC 7240)."""
    found = _WAIT.search(",".join(request.headers.getlist("prefer")))
    return min(int(found.group(1)), longest) if found else 0


def site_acted_for(actor: Actor, header: str | None, in_body: str | None) -> str | None:
    """The site that site staff act for; none for everybody else, who act for the centre."""
    if in_body is not None and not actor.may_touch(in_body):
        raise Problem(NOT_THIS_SITE, "Nothing was written: the site of the body is not yours.")
    if not actor.of_site:
        if header is not None:
            raise parameter(SITE, "is for site staff", "leave it out")
        return None
    if in_body is not None and header is not None and header != in_body:
        raise parameter(SITE, "differs from the body's site_id", "leave it out")
    only = actor.sites[0] if len(actor.sites) == 1 else None
    site_id = in_body or header or only
    if site_id is None:
        raise parameter(SITE, "your token names several sites", "name the one you act for")
    if not actor.may_touch(site_id):
        raise Problem(NOT_THIS_SITE, f"Nothing was written: the site of {SITE} is not yours.")
    return site_id


def acting_for(actor: Actor, site_id: str | None) -> Actor:
    """Site staff act for one site at a time, whatever else their token names."""
    return actor if site_id is None else actor.model_copy(update={"sites": (site_id,)})


def received_at(
    header: str | None, trial: Trial | None, command: AnyCommand, now: datetime
) -> datetime:
    """The command's `at`: now, or in a trial with a simulated clock what the caller says.

    There the default is the trial's own time, so that whoever does not care jumps nowhere.
    """
    simulated = _simulated(trial, command)
    if header is None:
        return trial.time if simulated and trial is not None and trial.protocol else now
    if not simulated:
        raise Problem(REAL_CLOCK, f"Nothing was written: {AT} is not for this trial.")
    try:
        at = datetime.fromisoformat(header)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not year_is_plain(at):
        raise parameter(AT, "not an instant", "write an instant as 2027-03-24T15:00:00Z")
    return at.astimezone(UTC)


def _simulated(trial: Trial | None, command: AnyCommand) -> bool:
    if trial is not None and trial.protocol is not None:
        return trial.clock == "simulated"
    return isinstance(command, AdoptProtocol) and command.clock == "simulated"
