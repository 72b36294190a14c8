"""What was typed into the screening form, between the browser's flat fields and the form itself.

A draft holds what was typed, as text, in the shape of the form; lists that were asked for say
`some`, `none` or `unknown`. `form_json` makes of it what the API takes: left out means unknown.
What stands in a row without anybody having typed it is in its `filled`; a row that says nothing
more is no part of the form.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from services.pages.screening.fields import Field, Group, Repeat, Step

Draft = dict[str, Any]
"""Nested as the form is; leaves are text. A list is kept as `{"any": ..., "items": [...]}`.

`all` of a list is the day that counts for each of it without one of its own.
"""

LIST_SHOWN = 60
"""No page takes more of one repeated part."""
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(,\d{3})+")
"""1,500 is one and a half to some and fifteen hundred to others: it is left for the parser."""


def taken_in(draft: Draft, step: Step, posted: Mapping[str, str]) -> Draft:
    """The draft with everything of one page as it was posted; other pages stay as they are."""
    changed = dict(draft)
    for group in step.groups:
        prefix = f"{group.path}." if group.path else ""
        section = dict(changed.get(group.path, {})) if group.path else changed
        for part in group.parts:
            _take_part(section, part, prefix, posted)
        if group.path:
            changed[group.path] = section
    return changed


def _take_part(
    section: Draft, part: Field | Repeat, prefix: str, posted: Mapping[str, str]
) -> None:
    name = f"{prefix}{part.name}"
    if isinstance(part, Field):
        typed = posted.get(name, "").strip()
        if typed:
            section[part.name] = typed
        else:
            section.pop(part.name, None)
        return
    said = posted.get(f"{name}.any", "some" if not part.nullable else "unknown")
    if posted.get("add") == name:
        said = "some"
    section[part.name] = {"any": said, "items": _items(part, name, posted)}
    if part.shared and (shared := posted.get(f"{name}.all", "").strip()):
        section[part.name]["all"] = shared


def _items(part: Repeat, name: str, posted: Mapping[str, str]) -> list[Draft]:
    """The items in the order of the page, without those taken away and those left empty."""
    found = []
    shared = posted.get(f"{name}.all", "").strip()
    for index in range(LIST_SHOWN):
        if f"{name}.{index}.here" not in posted:
            continue
        if posted.get("remove") == f"{name}.{index}":
            continue
        item = _one_posted(part, f"{name}.{index}.", posted)
        if part.shared and shared and says(item):
            item.setdefault(part.shared, shared)
        if says(item) or posted.get("add", "").startswith(name):
            found.append(item)
    if posted.get("add") == name and len(found) < LIST_SHOWN:
        found.append({})
    return found


def _one_posted(part: Repeat, prefix: str, posted: Mapping[str, str]) -> Draft:
    item: Draft = {}
    for inner in part.parts:
        _take_part(item, inner, prefix, posted)
    named = {field.name: posted.get(f"{prefix}filled.{field.name}") for field in part.fields}
    if filled := {name: value for name, value in named.items() if value}:
        item["filled"] = filled
    return item


def says(item: Draft) -> bool:
    """Anything was typed into it, besides what was filled in."""
    filled = item.get("filled", {})
    return any(
        bool(value["items"]) if isinstance(value, dict) else value != filled.get(name)
        for name, value in item.items()
        if name != "filled"
    )


def form_json(draft: Draft, steps: Iterable[Step], site_id: str) -> dict[str, Any]:
    """The form as the API takes it. What does not fit its kind is left for the parser to refuse."""
    form: dict[str, Any] = {"site_id": site_id}
    for step in steps:
        for group in step.groups:
            _add_group(form, draft, group)
    return form


def _add_group(form: dict[str, Any], draft: Draft, group: Group) -> None:
    section = draft.get(group.path, {}) if group.path else draft
    made: dict[str, Any] = {}
    for part in group.parts:
        _add_part(made, section, part)
    if not group.path:
        form.update(made)
    elif made:
        form[group.path] = {**form.get(group.path, {}), **made}


def _add_part(made: dict[str, Any], section: Mapping[str, Any], part: Field | Repeat) -> None:
    if isinstance(part, Field):
        typed = section.get(part.name)
        if typed is not None:
            made[part.name] = _value(part, typed)
        return
    kept = section.get(part.name, {"any": "unknown" if part.nullable else "some", "items": []})
    items = [item for item in kept["items"] if says(item)]
    if part.nullable and (kept["any"] == "unknown" or bool(items) != (kept["any"] == "some")):
        return  # Also where the answer and the list disagree: never read as "there are none".
    made[part.name] = [_item(item, part) for item in items]


def _item(item: Mapping[str, Any], part: Repeat) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for inner in part.parts:
        _add_part(made, item, inner)
    return made


def on_the_page(pointer: str, draft: Draft) -> str:
    """The id on the page of what a JSON pointer of the form names: rows that say nothing count."""
    node: Any = draft
    names = []
    for name in pointer.lstrip("/").split("/"):
        if isinstance(node, dict) and "items" in node and name.isdigit():
            given = [index for index, item in enumerate(node["items"]) if says(item)]
            name = str(given[int(name)]) if int(name) < len(given) else name
            node = node["items"][int(name)] if int(name) < len(node["items"]) else None
        else:
            node = node.get(name) if isinstance(node, dict) else None
        names.append(name)
    return ".".join(names)


def _value(field: Field, typed: str) -> Any:
    if field.kind in ("grade", "whole") and typed.isascii() and typed.isdigit():
        return int(typed)
    if field.kind == "flag":
        return typed == "yes"
    if field.kind == "measure" and not _THOUSANDS.fullmatch(typed):
        return typed.replace(",", ".")
    return typed


def draft_of(form: Mapping[str, Any], steps: Iterable[Step]) -> Draft:
    """The draft that a form would be typed as: to amend it, or to screen again."""
    draft: Draft = {}
    for step in steps:
        for group in step.groups:
            source = form.get(group.path, {}) if group.path else form
            into = draft.setdefault(group.path, {}) if group.path else draft
            for part in group.parts:
                _put_part(into, source, part)
    return draft


def _put_part(into: Draft, source: Mapping[str, Any], part: Field | Repeat) -> None:
    value = source.get(part.name)
    if isinstance(part, Repeat):
        asked = "unknown" if value is None else "some" if value else "none"
        into[part.name] = {
            "any": asked if part.nullable else "some",
            "items": [_put_item(item, part) for item in value or ()],
        }
    elif value is not None:
        into[part.name] = ("yes" if value else "") if part.kind == "flag" else str(value)


def _put_item(item: Mapping[str, Any], part: Repeat) -> Draft:
    made: Draft = {}
    for inner in part.parts:
        _put_part(made, item, inner)
    return {name: value for name, value in made.items() if value != ""}
