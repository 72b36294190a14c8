"""The audit trail of accounts and rights on a page and as a download, and who may do what."""

from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from services.api.problems import NOT_THIS_ROLE, Problem
from services.pages.downloads import download
from services.pages.rendering import page
from services.signin.people import People
from services.signin.trail import GROUPS, Wanted, csv_text, ndjson_text, rows
from services.signin.viewer import CurrentViewer, Viewer, signin_of
from services.signin.words import ROLES

router = APIRouter(prefix="/accounts", include_in_schema=False)
SHOWN = 100
AccountFilter = Annotated[str, Query(alias="account", pattern=r"^(a-[0-9a-f]{32})?$")]
GroupFilter = Annotated[str, Query(alias="what", pattern=f"^({'|'.join(GROUPS)})?$")]


async def _wanted(account_id: AccountFilter = "", group: GroupFilter = "") -> Wanted:
    return Wanted(account_id, group)


Filter = Annotated[Wanted, Depends(_wanted)]


def may_look(viewer: Viewer) -> None:
    """Administrators, and auditors of all trials."""
    if not viewer.account.holds("administrator") and not viewer.may("*", "auditor"):
        raise Problem(NOT_THIS_ROLE, "Accounts and rights are for administrators.")


@router.get("/trail")
async def trail_page(
    request: Request,
    viewer: CurrentViewer,
    wanted: Filter,
    before: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    may_look(viewer)
    people = signin_of(request).people
    found = list(islice(rows(people, wanted, before), SHOWN + 1))
    shown = [row for row, _ in found[:SHOWN]]
    return page(
        request,
        "signin/trail.html",
        viewer,
        rows=shown,
        older=shown[-1].number if len(found) > SHOWN else None,
        accounts=_choices(people),
        groups=[("", "everything"), *((name, words) for name, (words, _) in GROUPS.items())],
        account_id=wanted.account_id,
        group=wanted.group,
    )


def _choices(people: People) -> list[tuple[str, str]]:
    by_name = sorted(people.accounts.values(), key=lambda account: account.sign_in)
    return [("", "all accounts"), *((a.account_id, f"{a.sign_in}: {a.name}") for a in by_name)]


@router.get("/trail.csv")
async def trail_csv(request: Request, viewer: CurrentViewer, wanted: Filter) -> Response:
    may_look(viewer)
    return download(csv_text(rows(signin_of(request).people, wanted)), "rights.csv")


@router.get("/trail.ndjson")
async def trail_ndjson(request: Request, viewer: CurrentViewer, wanted: Filter) -> Response:
    may_look(viewer)
    return download(ndjson_text(rows(signin_of(request).people, wanted)), "rights.ndjson")


@router.get("/rights")
async def rights_page(request: Request, viewer: CurrentViewer) -> Response:
    """Who may do what, by trial: for the review that a sponsor or an inspector asks for."""
    may_look(viewer)
    return page(request, "signin/rights.html", viewer, trials=_by_trial(signin_of(request).people))


def _by_trial(people: People) -> list[tuple[str, list[tuple[str, str, str, str, bool]]]]:
    """Trial -> role, name, sign-in name, sites, closed; the trials in order, `*` first."""
    found: dict[str, list[tuple[str, str, str, str, bool]]] = {}
    for account in people.accounts.values():
        for grant in account.grants:
            sites = "all sites" if "*" in grant.sites else ", ".join(grant.sites)
            line = (ROLES[grant.role], account.name, account.sign_in, sites, account.closed)
            found.setdefault(grant.trial_id, []).append(line)
    return [(trial_id, sorted(found[trial_id])) for trial_id in sorted(found)]
