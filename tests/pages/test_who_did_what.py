"""Who and when in stories and trails: words for people, and nobody of another site for a site."""

import csv
import io
import re

import pytest

from tests.pages.conftest import Browser, Staff
from tests.pages.world import ROOT, key, play
from tests.services.memory import Memory

MOVED_ON_BY_S1 = "S3-001"
"""Waits until S1-001 is dosed: the report of S1 gives it its place."""


@pytest.fixture
async def told(browser: Browser, staff: Staff, memory: Memory) -> Browser:
    play(memory, 40)
    return browser


async def rows(browser: Browser, **wanted: str) -> list[dict[str, str]]:
    text = (await browser.get(f"{ROOT}/audit.csv", **wanted)).text
    return list(csv.DictReader(io.StringIO(text)))


async def test_a_site_is_not_told_who_of_another_site_moved_its_subject_on(
    told: Browser, staff: Staff
) -> None:
    await told.sign_in("coordinator")
    moved = [row for row in await rows(told, subject=MOVED_ON_BY_S1) if row["by"] == "S1-staff"]
    assert moved, "the story has such a decision"
    assert "S1-staff (site staff)" in (await told.get(f"{ROOT}/subjects/{MOVED_ON_BY_S1}")).text
    await told.post("/sign-out", {"csrf": await told.csrf()})

    await told.sign_in("other-nurse")
    own = await rows(told)
    assert {row["site_id"] for row in own} == {"S2"}
    assert {row["by"] for row in own if row["role"] == "site"} == {"S2-staff", ""}
    assert {row["name"] for row in own if row["by"] == ""} == {"another site"}
    for subject_id in {row["subject_id"] for row in own}:
        shown = (await told.get(f"{ROOT}/subjects/{subject_id}")).text
        assert not re.search(r"\bS[134]-", shown), subject_id


async def test_a_form_happened_on_its_own_day_not_on_that_of_consent(told: Browser) -> None:
    await told.sign_in("auditor")
    first = next(row for row in await rows(told, subject="S1-001") if row["event"] == "FormJudged")
    assert first["happened_on"] == "2027-03-01"
    planned = [row for row in await rows(told) if row["event"] == "FirstDoseAuthorised"]
    assert {row["happened_on"] for row in planned} == {""}


async def test_the_page_of_the_trail_speaks_plainly(told: Browser) -> None:
    await told.sign_in("auditor")
    shown = (await told.get(f"{ROOT}/audit")).text
    seen = re.sub(r"<[^>]*>", " ", shown)
    assert "1 March 2027, 09:10 CST" in seen
    assert not re.search(r"\d{4}-\d\d-\d\dT", seen)
    assert not re.search(r"[a-z]_[a-z]", seen)
    assert "First dose recorded" in seen


@pytest.mark.parametrize(
    ("order", "first"),
    [("newest", "39"), ("oldest", "0"), ("happened", "1"), ("subject", "6"), ("none", "39")],
)
async def test_the_trail_is_ordered_as_asked(told: Browser, order: str, first: str) -> None:
    await told.sign_in("auditor")
    shown = (await told.get(f"{ROOT}/audit", order=order)).text
    found = re.findall(r'<td class="numeric" title="[0-9a-f]{64}">(\d+)</td>', shown)
    assert found[0] == first, found[:5]


async def test_a_part_of_a_name_finds_what_its_bearer_did(told: Browser, staff: Staff) -> None:
    await told.sign_in("coordinator")
    form = {"csrf": await told.csrf(), "key": key(), "reason": "A letter.", "confirmed": "yes"}
    await told.post(f"{ROOT}/decisions/do/suspension", form)
    own = staff["coordinator"].account_id
    for by in (own, "coordinator (pri"):
        assert [(row["event"], row["by"]) for row in await rows(told, by=by)] == [
            ("AssignmentSuspended", own)
        ]
    assert await rows(told, by="nobody of this name") == []
