"""Every route x every role x own and other site x own, other and unknown trial, held to a table.

A route that the table (`walk.csv`) does not name fails: nothing is open by being forgotten.
"""

from dataclasses import replace
from functools import cache

import pytest
from fastapi import FastAPI

from services.api.identity import Submission
from services.pages.rendering import asset
from services.pages.screening.steps import STEPS
from services.signin.signin import Signin
from tests.pages.conftest import Clock
from tests.pages.walking import (
    OTHER,
    PEOPLE,
    SERVICES,
    UNKNOWN,
    WITHOUT_RIGHT,
    Row,
    Walk,
    routes,
    table,
)
from tests.pages.world import TRIAL, play
from tests.services.memory import Memory, OneTrial

TABLE = table()
OF_API = [row for row in TABLE.values() if row.path.startswith("/v1")]
OF_TRIALS = [row for row in TABLE.values() if "{trial_id}" in row.path]
OF_PAGES = [row for row in TABLE.values() if not row.path.startswith("/v1")]


@cache
def _played() -> OneTrial:
    """The trial of the walk, told once: nothing of it is ever changed in place but its records."""
    memory = Memory()
    play(memory, 40)
    return memory.trials[TRIAL]


@pytest.fixture
async def walk(app: FastAPI, memory: Memory, signin: Signin, clock: Clock) -> Walk:
    for trial_id in (TRIAL, OTHER):
        one = _played()
        memory.trials[trial_id] = replace(one, records=list(one.records))
    # Live streams would never end.
    app.state.streams.stop()
    made = Walk(app, signin)
    desk = signin.desk
    for who in (*PEOPLE, *WITHOUT_RIGHT, "target", *SERVICES):
        kind = "service" if who in SERVICES else "local"
        opened, _ = await desk.open_account("system", who, who.title(), kind, password=False)
        if who in PEOPLE or who in SERVICES:
            role, sites = PEOPLE[who] if who in PEOPLE else SERVICES[who]
            await desk.grant("system", opened.account_id, role, TRIAL, sites)
        if who == "administrator":
            await desk.grant("system", opened.account_id, "administrator")
        if who in SERVICES:
            made.tokens[who] = await desk.issue_token("system", opened.account_id, "walk")
        if who == "closed":
            await desk.grant("system", opened.account_id, "coordinator", TRIAL)
            await desk.close("system", opened.account_id, "Left.")
        made.accounts[who] = signin.people.accounts[opened.account_id]
    target = await desk.grant("system", made.accounts["target"].account_id, "auditor", TRIAL)
    made.fills = {
        "trial_id": TRIAL,
        "subject_id": "S1-001",
        "account_id": made.accounts["target"].account_id,
        "grant_id": target,
        "token_id": f"t-{'0' * 32}",
        "proof": "none",
        "phase": "1",
        "criterion_id": "I1",
        "sequence": str(_form_of(memory, "S1-001")),
        "submission_id": _submission(memory).id,
        "kind": "csv",
        "name": "screening",
        "path:path": asset("holdfast.css").removeprefix("/static/"),
        "slug": STEPS[0].slug,
    }
    return made


def _form_of(memory: Memory, subject_id: str) -> int:
    """Where in the record the subject's form was judged."""
    for record in memory.trials[TRIAL].records:
        for event in record.content.events:
            if event.type == "FormJudged" and event.subject_id == subject_id:
                return record.sequence
    raise AssertionError(f"no form of {subject_id}")


def _submission(memory: Memory) -> Submission:
    """One of site S1 that was decided."""
    known = {record.content.command_id for record in memory.trials[TRIAL].records}
    sent = (Submission(TRIAL, "S1", f"step-{number}") for number in range(40))
    return next(one for one in sent if one.command_id in known)


async def filled(walk: Walk, row: Row, trial_id: str = TRIAL) -> str:
    """The address of the row; a draft is begun for each visit, for some visits end it."""
    path = row.path
    if "{draft_id}" in path:
        account = walk.accounts["site"].account_id
        draft = await walk.app.state.drafts.begin(TRIAL, "S1", account, {})
        path = path.replace("{draft_id}", draft.draft_id)
    fills = walk.fills | {"trial_id": trial_id}
    if row.path.startswith("/v1/problems"):
        fills["name"] = "trial.unknown"
    for name, value in fills.items():
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, path
    return path


def expected(row: Row, who: str) -> str:
    if who in row.who or "anyone" in row.who:
        return row.inside
    if who == "elsewhere" and row.elsewhere:
        return row.elsewhere
    if who in ("nobody", "closed"):
        return "sign-in"
    return row.inside if "signed-in" in row.who else "403"


def test_the_table_names_every_route_and_no_other(app: FastAPI) -> None:
    there = routes(app)
    assert len(there) == len(set(there))
    assert len(there) > 100
    assert set(there) == set(TABLE)


@pytest.mark.parametrize("row", OF_PAGES, ids=lambda row: f"{row.method} {row.path}")
async def test_each_page_is_for_whom_the_table_names(walk: Walk, row: Row) -> None:
    got = {}
    for who in (*PEOPLE, *WITHOUT_RIGHT):
        got[who] = await walk.visit(who, row.method, await filled(walk, row))
    assert got == {who: expected(row, who) for who in got}


@pytest.mark.parametrize("row", OF_API, ids=lambda row: f"{row.method} {row.path}")
async def test_each_address_of_the_api_is_for_whom_the_table_names(walk: Walk, row: Row) -> None:
    got = {}
    for who in SERVICES:
        path = await filled(walk, row)
        got[who] = await walk.visit(who, row.method, path)
    wanted = {}
    for who in got:
        let_in = who in row.who or "anyone" in row.who
        theirs = row.elsewhere if who == "token-elsewhere" and row.elsewhere else "403"
        wanted[who] = row.inside if let_in else theirs
    assert got == wanted
    # A session is no token: the API cannot be used from a browser that is signed in.
    bare = "in" if "anyone" in row.who else "401"
    path = await filled(walk, row)
    assert await walk.visit("coordinator", row.method, path) == bare


@pytest.mark.parametrize("trial_id", [OTHER, UNKNOWN])
@pytest.mark.parametrize("row", OF_TRIALS, ids=lambda row: f"{row.method} {row.path}")
async def test_of_a_trial_without_a_right_nothing_is_told_not_even_whether_it_is_there(
    walk: Walk, row: Row, trial_id: str
) -> None:
    everybody = SERVICES if row.path.startswith("/v1") else (*PEOPLE, "bare", "administrator")
    got = {}
    for who in everybody:
        path = await filled(walk, row, trial_id)
        got[who] = await walk.visit(who, row.method, path)
    assert set(got.values()) == {"403"}, got


@pytest.mark.parametrize(
    "row",
    [row for row in OF_PAGES if row.method == "POST"],
    ids=lambda row: row.path,
)
async def test_no_post_of_a_page_does_anything_without_the_sessions_token_or_from_elsewhere(
    walk: Walk, memory: Memory, row: Row
) -> None:
    """Everything of the session is right but the token; then all but the place it comes from."""
    who = next(iter(sorted(row.who & {*PEOPLE, "administrator"})), "coordinator")
    path = await filled(walk, row)
    people, sent = len(walk.signin.people.trail), len(memory.sent)
    if "anyone" not in row.who:
        assert await walk.forged(who, path, csrf="x" * 43, site="same-origin") == 403
        assert await walk.forged(who, path, csrf="", site="same-origin") == 403
    assert await walk.forged(who, path, csrf=None, site="cross-site") == 403
    assert (people, sent) == (len(walk.signin.people.trail), len(memory.sent))
