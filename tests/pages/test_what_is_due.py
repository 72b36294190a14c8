"""Before and after a form: what is open, what goes stale, the answer once, the slot on paper."""

import json
import re
from datetime import UTC, date, datetime

import pytest

from enrollment.due import Due, due, most_urgent_first, stale_on
from enrollment.events import ReservationChanged
from services.pages.event_words import sentence
from services.pages.screening.filled import draft_of
from services.pages.screening.steps import STEPS
from tests.enrollment.spec import P0, Story, opened, recorded
from tests.enrollment.worlds import reserved_at_l1
from tests.pages.conftest import Browser, Staff
from tests.pages.filling import begin, dated, fill_in, posted
from tests.pages.world import ROOT, TRIAL
from tests.services.conftest import Caller, form
from tests.services.memory import Memory


@pytest.fixture
async def reserved(browser: Browser, staff: Staff) -> Browser:
    """S1-001 holds a place in T1."""
    api = Caller(browser.http)
    await api.open_trial()
    assert (await api.post("/forms", form())).json()["outcome"] == "slot_reserved"
    await browser.sign_in("nurse")
    return browser


def test_results_that_go_stale_are_due_on_the_first_day_they_are_too_old() -> None:
    trial = reserved_at_l1(1, P0(results_go_stale=True))
    subject = trial.state.subjects["P1"]
    today = trial.state.in_force.local_date(trial.now)
    found = stale_on(trial.state, subject, today)
    assert found is not None
    on, against = found
    assert on > today
    assert against
    assert stale_on(trial.state, subject, on) == (on, against)
    [stale] = [d for d in due(trial.state, subject, trial.now) if d.kind == "stale_on"]
    assert (stale.at, stale.criteria) == (on, tuple(one.criterion_id for one in against))
    assert stale.reasons == tuple(one.because for one in against)


def test_results_that_stay_good_are_not_due() -> None:
    trial = reserved_at_l1(1)
    kinds = [one.kind for one in due(trial.state, trial.state.subjects["P1"], trial.now)]
    assert kinds == ["first_dose_by"]


def test_what_is_most_urgent_stands_first() -> None:
    trial = reserved_at_l1(2)
    trial.at("03-01 10:00").dose("P1")
    trial.at("03-22 09:00")
    found = [d for s in trial.state.subjects.values() for d in due(trial.state, s, trial.now)]
    assert most_urgent_first(found)[0].kind == "outcome_to_confirm"


def test_of_two_deadlines_the_nearer_stands_first() -> None:
    first_dose = Due("P1", "first_dose_by", "First dose.", datetime(2027, 3, 4, 9, tzinfo=UTC))
    stale = Due("P1", "stale_on", "Renew.", date(2027, 3, 2), ("I8",))
    later = Due("P2", "stale_on", "Renew.", date(2027, 3, 9), ("I8",))
    amend = Due("P3", "incomplete", "Amend the form.")
    waits = Due("P4", "waits", "Waits.", date(2027, 3, 1))
    found = [waits, later, first_dose, amend, stale]
    assert most_urgent_first(found) == [stale, first_dose, later, amend, waits]


async def test_before_a_form_is_begun_the_page_says_what_is_open(nurse: Browser) -> None:
    shown = (await nurse.get(f"{ROOT}/forms")).text
    assert "Site S1: <strong>no place open</strong>" in shown
    assert re.search(r"; \d+ \w+ 2027 at the earliest", shown)
    assert "Waiting now, all sites:" in shown


async def test_a_double_click_is_one_submission_and_both_get_its_answer(
    nurse: Browser, memory: Memory
) -> None:
    draft = await begin(nurse)
    await fill_in(nurse, draft, dated("S1-090"))
    shown = (await nurse.get(f"{draft}/check")).text
    found = re.search(r'name="submission" value="([^"]+)"', shown)
    assert found
    sent = {"csrf": await nurse.csrf(), "submission": found[1]}
    before = len(memory.sent)
    first = await nurse.post(f"{draft}/check", sent)
    second = await nurse.post(f"{draft}/check", sent)
    assert len(memory.sent) == before + 1
    assert first.headers["location"] == second.headers["location"]
    assert (await nurse.get(second.headers["location"])).status_code == 200
    await nurse.post("/sign-out", {"csrf": await nurse.csrf()})
    await nurse.sign_in("other-nurse")
    other = await nurse.post(f"{draft}/check", sent | {"csrf": await nurse.csrf()})
    assert other.status_code == 404


async def test_the_check_says_what_would_follow(nurse: Browser, memory: Memory) -> None:
    draft = await begin(nurse)
    await fill_in(nurse, draft, dated("S1-090"))
    shown = (await nurse.get(f"{draft}/check")).text
    assert "What follows, as of now" in shown
    assert "S1-090 waits at place" in shown
    assert "S1-090" not in memory.trials[TRIAL].trial.subjects


async def test_the_slot_confirmation_holds_event_id_hash_and_mark(
    nurse: Browser, memory: Memory
) -> None:
    shown = (await nurse.get(f"{ROOT}/subjects/S1-003/slot")).text
    [record] = [
        record
        for record in memory.trials[TRIAL].records
        for event in record.content.events
        if event.type == "SlotReserved" and event.subject_id == "S1-003"
    ]
    assert record.hash in shown
    assert f"{TRIAL}/{record.sequence}/" in shown
    assert "Illustrative dose." in shown
    assert "PRACTICE" in shown


async def test_a_rescreened_subject_keeps_the_id_and_shows_the_earlier_forms(
    reserved: Browser, memory: Memory
) -> None:
    api = Caller(reserved.http)
    await api.post("/subjects/S1-001/release", {"reason": "Another treatment."})
    begun = await reserved.post(
        "/trials/T1/subjects/S1-001/forms",
        {"csrf": await reserved.csrf(), "purpose": "rescreen"},
    )
    draft = str(begun.headers["location"]).rsplit("/", 1)[0]
    text = json.dumps(form()).replace('"signed_on": "2027-02-18"', '"signed_on": "2027-02-21"')
    typed = posted(draft_of(json.loads(text), STEPS))
    for step in STEPS:
        sent = {"csrf": await reserved.csrf(), "go": "next", **typed, "subject_id": "S1-777"}
        await reserved.post(f"{draft}/{step.slug}", sent)
    await reserved.post(f"{draft}/check", {"csrf": await reserved.csrf()})
    subject = memory.trials["T1"].trial.subjects["S1-001"]
    assert (subject.rescreens, subject.forms) == (1, 2), memory.trials["T1"].records[-1]
    shown = (await reserved.get("/trials/T1/subjects/S1-001")).text
    assert "rescreened" in shown
    assert len(set(re.findall(r"/subjects/S1-001/forms/(\d+)", shown))) == 2


def test_a_stagger_that_moves_and_leave_that_falls_are_told_to_the_site() -> None:
    """P1's first dose is corrected to a later day: P2 has leave no more, and another date (R12)."""
    trial = opened(P0(stagger_days=7), at="03-01 09:00")
    trial.at("03-01 09:10").form("P1")
    trial.at("03-02 11:00").dose("P1")
    trial.at("03-03 09:00").form("P2")
    assert trial.at("03-05 09:00").authorise("P2", "03-09") == recorded()
    assert said_of_the_first_dose(trial) == (
        "First dose by then, and not before 2027-03-09. It is authorised for 2027-03-09."
    )
    trial.at("03-06 09:00").correct("P1", "first_dose_on", "03-05")
    assert said_of_the_first_dose(trial) == (
        "First dose by then, and not before 2027-03-12. It is not authorised yet."
    )
    [moved] = trial.last(ReservationChanged)
    assert sentence(moved, "America/Chicago") == (
        "The place of P2 is kept until 15 March 2027, 01:00 CDT: The first dose at this level was "
        "corrected. No first dose before 12 March 2027: leave for an earlier day has fallen."
    )


def said_of_the_first_dose(trial: Story) -> str:
    found = due(trial.state, trial.state.subjects["P2"], trial.now)
    [one] = [one for one in found if one.kind == "first_dose_by"]
    return one.sentence
