"""What people do in a browser: sign in, fill in the screening form, sign, look."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from services.pages.screening.fields import Field, Repeat, Step
from services.pages.screening.filled import draft_of
from services.pages.screening.steps import STEPS

ELIGIBLE: dict[str, Any] = json.loads(Path("examples/forms/eligible.json").read_text("utf-8"))


def sign_in(page: Page, name: str, password: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Sign-in name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def by_id(page: Page, identity: str) -> Locator:
    """Ids of the screening form have dots."""
    return page.locator(f'[id="{identity}"]')


def eligible_form(subject_id: str, completed_on: date) -> dict[str, Any]:
    """The example of an eligible form as it would be filled in on another day."""
    moved = completed_on - date.fromisoformat(ELIGIBLE["completed_on"])
    form: dict[str, Any] = json.loads(json.dumps(ELIGIBLE), object_hook=lambda o: _moved(o, moved))
    return form | {"subject_id": subject_id, "site_id": subject_id[:2]}


def _moved(part: dict[str, Any], by: timedelta) -> dict[str, Any]:
    days = {
        name: (date.fromisoformat(value) + by).isoformat()
        for name, value in part.items()
        if isinstance(value, str) and len(value) == 10 and name.endswith("_on")
    }
    months = {
        name: (date.fromisoformat(f"{value}-10") + by).isoformat()[:7]
        for name, value in part.items()
        if isinstance(value, str) and len(value) == 7 and name.endswith("_on")
    }
    return part | days | months


def type_step(page: Page, step: Step, form: Mapping[str, Any]) -> None:
    """Types one page of the form, adding a part where the form has one more."""
    draft = draft_of(form, STEPS)
    for group in step.groups:
        section = draft.get(group.path, {}) if group.path else draft
        prefix = f"{group.path}." if group.path else ""
        for part in group.parts:
            _type_part(page, part, section, prefix)


def _type_part(page: Page, part: Field | Repeat, section: Mapping[str, Any], prefix: str) -> None:
    name, value = f"{prefix}{part.name}", section.get(part.name)
    if isinstance(part, Field):
        if value:
            _type_field(page, name, str(value))
        return
    if value is None:
        return
    if part.nullable:
        by_id(page, f"{name}.any-{value['any']}").check()
    for index, item in enumerate(value["items"]):
        row = _row(page, name, index, item)
        for inner in part.parts:
            if inner.name != "analyte" or by_id(page, f"{row}.analyte").count():
                _type_part(page, inner, item, f"{row}.")


def _row(page: Page, name: str, index: int, item: Mapping[str, Any]) -> str:
    """The row to write into: the one that stands there for this test, else one that is empty."""
    asked = page.locator(f'[name^="{name}."][name$=".analyte"][type="hidden"]')
    named = [str(field.get_attribute("name")) for field in asked.all()]
    tests = [field.get_attribute("value") for field in asked.all()]
    if item.get("analyte") in tests:
        return named[tests.index(item["analyte"])].removesuffix(".analyte").replace(".filled", "")
    if not by_id(page, f"{name}.{index}").count():
        page.locator(f'button[name="add"][value="{name}"]').click()
        by_id(page, f"{name}.{index}").wait_for()
    return f"{name}.{index}"


def _type_field(page: Page, name: str, value: str) -> None:
    field = by_id(page, name)
    kind = field.evaluate("it => it.tagName + (it.type === 'checkbox' ? '-check' : '')")
    if kind == "FIELDSET":
        by_id(page, f"{name}-{value}").check()
    elif kind == "SELECT":
        field.select_option(value)
    elif kind == "INPUT-check":
        field.check()
    else:
        field.fill(value)


def go_on(page: Page, button: str = "Save and go on") -> None:
    """Sends the page with the button that can be seen."""
    page.get_by_role("button", name=button, exact=True).last.click()


def type_form(page: Page, form: Mapping[str, Any], steps: tuple[Step, ...] = STEPS) -> None:
    """Types the pages one after the other; the last of all leads to the check."""
    for step in steps:
        expect(page.get_by_role("heading", level=1)).to_have_text(step.title)
        type_step(page, step, form)
        go_on(page, "Save and check" if step is STEPS[-1] else "Save and go on")


def sign(page: Page, name: str, password: str) -> None:
    """Fills in the signature as the session asks for it: the name the first time only."""
    if page.get_by_label("Sign-in name").count():
        page.get_by_label("Sign-in name").fill(name)
    page.get_by_label("Password").fill(password)


def let_time_pass(page: Page, root: str, until: date) -> None:
    """The coordinator of a practice trial moves its clock to the morning of a day."""
    page.goto(f"{root}/practice")
    page.get_by_label("Until the morning of").fill(until.isoformat())
    page.get_by_role("button", name="Let time pass").click()
    expect(page.locator("main")).to_contain_text(f"{until.day} {until:%B %Y}")
