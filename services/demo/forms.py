"""Fills in the story's forms: what all have, what differs for a subject, dates told in days."""

import re
from datetime import date, timedelta
from typing import Any

from services.demo.story import Step, Story

_DAY = re.compile(r"@(?P<first>first)?(?P<days>[+-]?\d+)")


def form_of(story: Story, step: Step) -> dict[str, Any]:
    """The whole form that a step submits or amends, as JSON.

    Text like `@-2` is two days before the form's day, `@first-2` before the subject's first form.
    What earlier steps changed for a subject stays changed.
    """
    assert step.subject is not None, "a form is about a subject"
    person = story.people[step.subject]
    told = [other for other in story.steps if other.subject == step.subject]
    form = merged(story.form, {"subject_id": person.id, "site_id": person.site} | person.change)
    for other in told[: told.index(step) + 1]:
        form = merged(form, other.change)
    dated: dict[str, Any] = _dated(form, told[0].at.date(), step.at.date())
    return dated


def merged(base: Any, change: Any) -> Any:
    """As RFC 7386: objects are merged, all else is replaced; the text `@gone` removes a key."""
    if not isinstance(base, dict) or not isinstance(change, dict):
        return change
    out = dict(base)
    for key, value in change.items():
        if value == "@gone":
            out.pop(key, None)
        else:
            out[key] = merged(out.get(key), value)
    return out


def _dated(value: Any, first: date, today: date) -> Any:
    if isinstance(value, dict):
        return {key: _dated(item, first, today) for key, item in value.items()}
    if isinstance(value, list):
        return [_dated(item, first, today) for item in value]
    shape = _DAY.fullmatch(value) if isinstance(value, str) else None
    if shape is None:
        return value
    start = first if shape["first"] else today
    return (start + timedelta(days=int(shape["days"]))).isoformat()


def command_of(story: Story, step: Step, data_hash: str | None) -> dict[str, Any]:
    """A step's command as JSON; `data_hash` is what the review that is due shows, if one is."""
    command: dict[str, Any] = {"type": step.do} | step.values
    if step.subject is not None:
        command["subject_id"] = step.subject
    if command.get("text") == "@protocol":
        command["text"] = story.protocol_text
    if command.get("data_hash") == "@review":
        assert data_hash is not None, f"{step.at}: no review is due, so there is nothing to sign"
        command["data_hash"] = data_hash
    if step.do in ("SubmitForm", "AmendForm"):
        form = form_of(story, step)
        command |= {"site_id": form["site_id"], "form": form}
    return command
