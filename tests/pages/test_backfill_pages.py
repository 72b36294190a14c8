"""What pages say while the open level is held and the one below it is backfilled."""

import re

from tests.enrollment.spec import Story
from tests.enrollment.worlds import held_at_l2
from tests.pages.conftest import Browser, Staff
from tests.pages.world import state_of
from tests.services.memory import Memory, OneTrial


async def read(browser: Browser, memory: Memory, trial: Story, who: str, page: str) -> str:
    memory.trials["T1"] = OneTrial(trial.state)
    await browser.sign_in(who)
    answer = await browser.get(f"/trials/T1/{page}")
    assert answer.status_code == 200
    return " ".join(re.sub("<[^>]+>", " ", answer.text).split())


async def test_a_site_is_told_the_level_that_is_backfilled(
    browser: Browser, staff: Staff, memory: Memory
) -> None:
    trial = held_at_l2()
    said = await read(browser, memory, trial, "nurse", "open")
    assert "2 places open at dose level L1" in said
    assert trial.at("03-24 09:00").form("B1").level == "L1", "and so it is"


async def test_the_board_says_which_level_is_held_and_which_takes_subjects(
    browser: Browser, staff: Staff, memory: Memory
) -> None:
    said = await read(browser, memory, held_at_l2(), "coordinator", "board")
    assert "2 places open at L1, to backfill; none at L2: DLT windows are open" in said
    board = (await browser.get("/trials/T1/board")).text
    assert state_of(board, "L1") == "backfill 2 places open"
    assert state_of(board, "L2") == "held DLT windows are open"
    assert state_of(board, "L3") == "not opened"


async def test_once_it_is_full_nobody_gets_a_place_and_the_board_says_until_when(
    browser: Browser, staff: Staff, memory: Memory
) -> None:
    trial = held_at_l2()
    for subject in ("B1", "B2"):
        trial.at("03-24 09:00").form(subject)
        trial.at("03-24 10:00").dose(subject)
    said = await read(browser, memory, trial, "coordinator", "board")
    assert "No place open : DLT windows are open" in said
    board = (await browser.get("/trials/T1/board")).text
    assert state_of(board, "L1") == "closed"
    assert state_of(board, "L2") == "held DLT windows are open, until 13 April 2027"
