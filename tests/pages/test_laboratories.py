"""Limits of a site's laboratories: kept, in effect from a day on, filled in where empty."""

from datetime import date
from typing import Any

import pytest

from services.pages.laboratories import Laboratories, prefilled
from tests.pages.conftest import Browser, Staff
from tests.pages.filling import rows_of
from tests.pages.memory import MemoryKept
from tests.pages.world import ROOT, play
from tests.services.memory import NOW, Memory


@pytest.fixture
async def laboratories() -> Laboratories:
    made = Laboratories(lambda: NOW)
    made.use(MemoryKept(lambda key, value: made.apply(value or b"")))
    for from_on, upper in (("2027-01-01", "40"), ("2027-03-01", "45")):
        facts = {"analyte": "alt", "unit": "U/L", "upper_limit": upper, "from_on": from_on}
        await made.set("a-1", site_id="S1", laboratory="Central", lower_limit="", **facts)
    return made


@pytest.mark.parametrize(
    ("on", "upper"), [("2026-12-31", None), ("2027-02-28", "40"), ("2027-03-01", "45")]
)
def test_the_latest_date_of_effect_counts(
    laboratories: Laboratories, on: str, upper: str | None
) -> None:
    found = laboratories.in_effect("S1", "alt", date.fromisoformat(on))
    assert (None if found is None else found.upper_limit) == upper
    assert laboratories.in_effect("S2", "alt", date.fromisoformat(on)) is None


def test_empty_limits_are_filled_in_and_typed_ones_stay(laboratories: Laboratories) -> None:
    items = [
        {"analyte": "alt", "value": "30", "taken_on": "2027-02-10"},
        {"analyte": "alt", "value": "30", "upper_limit": "50"},
        {"analyte": "alt", "value": "0.5", "unit": "ukat/L"},
        {"analyte": "ast", "value": "30"},
        {"value": "30"},
    ]
    typed = {"completed_on": "2027-03-24", "labs": {"any": "some", "items": items}}
    made = prefilled(typed, "S1", laboratories)["labs"]["items"]
    known = {"unit": "U/L", "upper_limit": "40"}
    assert made[0] == items[0] | known | {"filled": known}
    filled = {"unit": "U/L", "upper_limit": "45"}
    assert made[1] == items[1] | {"unit": "U/L", "filled": filled}
    assert made[2:] == items[2:]


def limits_of(laboratories: Laboratories, item: dict[str, Any]) -> tuple[Any, Any]:
    """Unit and upper limit of a result once it was saved."""
    typed = {"completed_on": "2027-03-24", "labs": {"any": "some", "items": [item]}}
    made = prefilled(typed, "S1", laboratories)["labs"]["items"][0]
    return made.get("unit"), made.get("upper_limit")


def test_limits_that_nobody_wrote_go_with_the_day_of_the_sample(laboratories: Laboratories) -> None:
    """They are filled in before the day is known, and the day is written then."""
    filled = {"unit": "U/L", "upper_limit": "45"}
    row = {"analyte": "alt", "value": "30", **filled, "filled": filled}
    assert limits_of(laboratories, row) == ("U/L", "45")
    assert limits_of(laboratories, row | {"taken_on": "2027-02-28"}) == ("U/L", "40")
    assert limits_of(laboratories, row | {"taken_on": "2026-12-31"}) == (None, None)
    written = row | {"taken_on": "2027-02-28", "upper_limit": "50"}
    assert limits_of(laboratories, written) == ("U/L", "50")


def test_limits_in_one_unit_do_not_stay_at_a_result_in_another(laboratories: Laboratories) -> None:
    filled = {"unit": "U/L", "upper_limit": "45"}
    row = {"analyte": "alt", "value": "0.5", **filled, "filled": filled, "unit": "ukat/L"}
    assert limits_of(laboratories, row) == ("ukat/L", None)


def test_a_unit_is_filled_in_without_limits_only_where_there_is_no_other(
    laboratories: Laboratories,
) -> None:
    assert limits_of(laboratories, {"analyte": "ptt", "value": "30"}) == ("s", None)
    for analyte in ("haemoglobin", "neutrophils", "creatinine", "inr"):
        assert limits_of(laboratories, {"analyte": analyte, "value": "1"}) == (None, None)


async def test_a_site_sets_its_own_limits_and_finds_them_on_its_form(
    browser: Browser, staff: Staff, memory: Memory
) -> None:
    play(memory, 6)
    await browser.sign_in("nurse")
    csrf = await browser.csrf()
    limits = {"laboratory": "Central", "analyte": "alt", "unit": "U/L", "upper_limit": "41"}
    form = {"csrf": csrf, "site_id": "S1", **limits, "from_on": "2027-01-01"}
    assert (await browser.post(f"{ROOT}/laboratories", form)).status_code == 303
    assert "Central" in (await browser.get(f"{ROOT}/laboratories")).text
    assert (await browser.post(f"{ROOT}/laboratories", form | {"site_id": "S2"})).status_code == 404
    wrong = await browser.post(f"{ROOT}/laboratories", form | {"upper_limit": "many"})
    assert wrong.status_code == 422
    assert "Upper limit: write a number" in wrong.text

    begun = await browser.post(f"{ROOT}/forms", {"csrf": csrf, "site_id": "S1"})
    draft = str(begun.headers["location"]).rsplit("/", 1)[0]
    empty = rows_of((await browser.get(f"{draft}/labs")).text)["ALT"]
    assert (empty["unit"], empty["upper_limit"], empty["value"]) == ("U/L", "41", "")
    labs = {"csrf": csrf, "labs.0.here": "1", "labs.0.analyte": "alt", "labs.0.value": "30"}
    await browser.post(f"{draft}/labs", labs)
    shown = (await browser.get(f"{draft}/labs")).text
    assert 'value="41"' in shown
    assert 'value="U/L"' in shown
