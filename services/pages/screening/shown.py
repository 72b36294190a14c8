"""What a page of the screening form shows: every field with its id, its value and what is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from eligibility.criteria.units import UNITS
from services.pages.screening.fields import YES_NO, Field, Options, Repeat, Step

RADIOS_MOST = 4


@dataclass(frozen=True, slots=True)
class ShownField:
    """`id` is its name in the posted form too: the place in the form, with dots."""

    id: str
    field: Field
    value: str
    options: Options

    @property
    def widget(self) -> str:
        """How it is asked for: flag, radios, select or text."""
        if self.field.kind == "flag":
            return "flag"
        if self.options:
            return "radios" if len(self.options) <= RADIOS_MOST else "select"
        return "text"


@dataclass(frozen=True, slots=True)
class ShownItem:
    id: str
    number: int
    parts: "tuple[ShownField | ShownRepeat, ...]"
    title: str | None = None
    """Which one it is, of a row that stands there from the start."""
    kept: tuple[tuple[str, str], ...] = ()
    """Name and value of what goes along unseen: which one it is, and what was filled in."""


@dataclass(frozen=True, slots=True)
class ShownRepeat:
    id: str
    repeat: Repeat
    any: str
    items: tuple[ShownItem, ...]
    all: str = ""
    """The date for all of them, where it was written once."""

    @property
    def shared(self) -> str | None:
        """What that date is called."""
        fields = (field for field in self.repeat.fields if field.name == self.repeat.shared)
        return next((field.label for field in fields), None)


@dataclass(frozen=True, slots=True)
class ShownGroup:
    title: str
    hint: str | None
    parts: tuple[ShownField | ShownRepeat, ...]


def shown_groups(step: Step, draft: Mapping[str, Any]) -> tuple[ShownGroup, ...]:
    """The groups of one page with what was typed so far."""
    groups = []
    for group in step.groups:
        section = draft.get(group.path, {}) if group.path else draft
        prefix = f"{group.path}." if group.path else ""
        parts = tuple(_shown(part, section, prefix) for part in group.parts)
        groups.append(ShownGroup(group.title, group.hint, parts))
    return tuple(groups)


def _shown(
    part: Field | Repeat, section: Mapping[str, Any], prefix: str
) -> ShownField | ShownRepeat:
    name = f"{prefix}{part.name}"
    if isinstance(part, Field):
        options = YES_NO if part.kind == "yes_no" else part.options
        return ShownField(name, part, str(section.get(part.name, "")), options)
    kept = section.get(part.name, {"any": "unknown" if part.nullable else "some", "items": []})
    items = tuple(
        _shown_item(part, item, f"{name}.{index}", index + 1)
        for index, item in enumerate(kept["items"])
    )
    return ShownRepeat(name, part, kept["any"], items, kept.get("all", ""))


def _shown_item(part: Repeat, item: Mapping[str, Any], at: str, number: int) -> ShownItem:
    filled: Mapping[str, str] = item.get("filled", {})
    chosen = {f.name: f for f in part.fields if f.options and f.name in filled}
    shown = tuple(
        _shown(_for_test(inner, item, bool(chosen)), item, f"{at}.")
        for inner in part.parts
        if inner.name not in chosen
    )
    named = [dict(f.options)[filled[name]] for name, f in chosen.items()]
    unseen = [(f"{at}.{name}", filled[name]) for name in chosen]
    unseen += [(f"{at}.filled.{name}", value) for name, value in filled.items()]
    return ShownItem(at, number, shown, ", ".join(named) or None, tuple(unseen))


def _for_test(part: Field | Repeat, item: Mapping[str, Any], asked: bool) -> Field | Repeat:
    """The unit of a result says which units its test is read in; many rows say nothing twice."""
    units = UNITS.get(item.get("analyte", ""))
    if units is None or not isinstance(part, Field):
        return part
    if part.name == "unit":
        return replace(part, hint=f"As on the report: {', '.join(units)}")
    return replace(part, hint=None) if asked else part


def field_of(pointer: str) -> str:
    """The id on the page of what a JSON pointer of the form names."""
    return pointer.lstrip("/").replace("/", ".")


def step_of(field_id: str, steps: Sequence[Step]) -> Step | None:
    """The page on which a field stands."""
    first = field_id.split(".", 1)[0]
    for step in steps:
        for group in step.groups:
            names = {group.path} if group.path else {part.name for part in group.parts}
            if first in names:
                return step
    return None


def label_of(field_id: str, steps: Sequence[Step]) -> str:
    """A field in words: `Results, number 2, Unit`."""
    step = step_of(field_id, steps)
    if step is None:
        return field_id
    parts = field_id.split(".")
    for group in step.groups:
        inside = parts[1:] if group.path == parts[0] else parts if not group.path else []
        words = _words(inside, group.parts)
        if words:
            return ", ".join(words)
    return step.title


def _words(names: Sequence[str], parts: Sequence[Field | Repeat]) -> list[str]:
    if not names:
        return []
    for part in parts:
        if part.name != names[0]:
            continue
        if isinstance(part, Field) or len(names) == 1:
            return [part.label if isinstance(part, Field) else part.title]
        numbered = f"{part.one} {int(names[1]) + 1}" if names[1].isdigit() else part.one
        return [numbered[0].upper() + numbered[1:], *_words(names[2:], part.parts)]
    return []


def part_of(field_id: str, steps: Sequence[Step]) -> Field | Repeat | None:
    """What stands at an id of the page; none where no page asks for it."""
    step = step_of(field_id, steps)
    names = [name for name in field_id.split(".") if not name.isdigit()]
    for group in () if step is None else step.groups:
        inside = names[1:] if group.path and group.path == names[0] else names
        if (group.path == "" or inside is not names) and inside:
            found = _part(inside, group.parts)
            if found is not None:
                return found
    return None


def _part(names: Sequence[str], parts: Sequence[Field | Repeat]) -> Field | Repeat | None:
    for part in parts:
        if part.name == names[0]:
            inner = part.parts if isinstance(part, Repeat) else ()
            return part if len(names) == 1 else _part(names[1:], inner)
    return None
