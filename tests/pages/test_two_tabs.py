"""One draft in two tabs or before two people: what one saved is not overwritten unseen."""

import re

from tests.pages.conftest import Browser
from tests.pages.filling import begin
from tests.pages.world import ROOT


async def opened(browser: Browser, path: str) -> dict[str, str]:
    """What a tab that shows the page will send besides what is typed."""
    shown = (await browser.get(path)).text
    found = re.search(r'name="stood" value="([0-9a-f]+)"', shown)
    assert found
    return {"csrf": await browser.csrf(), "stood": found[1]}


async def test_a_page_that_was_saved_meanwhile_is_not_overwritten_unseen(nurse: Browser) -> None:
    start = f"{await begin(nurse)}/start"
    first, second = await opened(nurse, start), await opened(nurse, start)
    assert (await nurse.post(start, first | {"subject_id": "S1-081"})).status_code == 422
    answer = await nurse.post(start, second | {"subject_id": "S1-082", "go": "later"})
    assert answer.status_code == 422
    assert "This page was saved meanwhile" in answer.text
    assert 'value="S1-082"' in answer.text
    assert "S1-081" in (await nurse.get(f"{ROOT}/forms")).text

    again = re.search(r'name="stood" value="([0-9a-f]+)"', answer.text)
    assert again
    sent = second | {"stood": again[1], "subject_id": "S1-082", "go": "later"}
    assert (await nurse.post(start, sent)).status_code == 303
    assert "S1-082" in (await nurse.get(f"{ROOT}/forms")).text


async def test_two_tabs_on_two_pages_keep_both(nurse: Browser) -> None:
    draft = await begin(nurse)
    start, consent = await opened(nurse, f"{draft}/start"), await opened(nurse, f"{draft}/consent")
    await nurse.post(f"{draft}/start", start | {"subject_id": "S1-081", "go": "later"})
    sent = consent | {"consent.version": "7.1", "go": "later"}
    assert (await nurse.post(f"{draft}/consent", sent)).status_code == 303
    check = (await nurse.get(f"{draft}/check")).text
    assert "S1-081" in check
    assert "7.1" in check


async def test_the_same_page_sent_twice_is_no_conflict(nurse: Browser) -> None:
    start = f"{await begin(nurse)}/start"
    sent = await opened(nurse, start) | {"subject_id": "S1-081", "go": "later"}
    for _ in range(2):
        assert (await nurse.post(start, sent)).status_code == 303


async def test_the_rows_of_results_stay_where_a_page_was_saved_meanwhile(nurse: Browser) -> None:
    labs = f"{await begin(nurse)}/labs"
    first, second = await opened(nurse, labs), await opened(nurse, labs)
    row = {"labs.0.here": "1", "labs.0.analyte": "alt", "labs.0.value": "30", "go": "later"}
    assert (await nurse.post(labs, first | row)).status_code == 303
    answer = await nurse.post(labs, second | row | {"labs.0.value": "31"})
    assert answer.status_code == 422
    assert 'value="31"' in answer.text
    assert "<legend>Haemoglobin</legend>" in answer.text
