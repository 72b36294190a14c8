"""The screening form as a nurse fills it in on the pages."""

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from services.pages.screening.filled import draft_of
from services.pages.screening.steps import STEPS
from tests.pages.conftest import Browser
from tests.pages.world import ROOT

ELIGIBLE = json.loads(Path("examples/forms/eligible.json").read_text())


def posted(value: Any, name: str = "") -> dict[str, str]:
    """A draft as a browser would post it."""
    if isinstance(value, str):
        return {name: value}
    found: dict[str, str] = {}
    if isinstance(value, dict) and set(value) == {"any", "items"}:
        found[f"{name}.any"] = value["any"]
        for index, item in enumerate(value["items"]):
            found[f"{name}.{index}.here"] = "1"
            found |= posted(item, f"{name}.{index}")
        return found
    for key, inner in value.items():
        found |= posted(inner, f"{name}.{key}" if name else key)
    return found


async def begin(browser: Browser) -> str:
    """Where the new draft is, of site S1."""
    form = {"csrf": await browser.csrf(), "site_id": "S1"}
    sent = await browser.post(f"{ROOT}/forms", form)
    assert sent.status_code == 303
    return str(sent.headers["location"]).rsplit("/", 1)[0]


async def fill_in(browser: Browser, draft: str, form: dict[str, Any]) -> None:
    """Types the whole form into its pages."""
    typed = posted(draft_of(form, STEPS))
    csrf = await browser.csrf()
    for step in STEPS:
        sent = await browser.post(f"{draft}/{step.slug}", {"csrf": csrf, "go": "next", **typed})
        assert sent.status_code == 303, step.slug


def dated(subject_id: str) -> dict[str, Any]:
    """An eligible form of the day on which the story stands: 7 April 2027, two weeks later."""
    text = re.sub(r"2027-[0-9]{2}-[0-9]{2}", _two_weeks_later, json.dumps(ELIGIBLE))
    form: dict[str, Any] = json.loads(text)
    return form | {"subject_id": subject_id, "site_id": "S1"}


def _two_weeks_later(found: re.Match[str]) -> str:
    return (date.fromisoformat(found[0]) + timedelta(days=14)).isoformat()


def rows_of(page: str) -> dict[str, dict[str, str]]:
    """What stands in each row of the page of results, by what the row is called."""
    found = {}
    for row in re.findall(r'<fieldset class="repeat.*?</fieldset>', page, re.S):
        title = re.search("<legend>(.*?)</legend>", row)
        assert title is not None
        fields = re.findall(r'name="labs\.[0-9]+\.([a-z_.]+)" value="(.*?)"', row)
        found[title[1]] = dict(fields)
    return found
