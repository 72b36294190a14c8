"""The pages ask for every fact of the screening form, once, and what is typed comes back."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from eligibility.form import ScreeningForm
from eligibility.parse import parse_form
from services.pages.screening.fields import Field, Repeat
from services.pages.screening.filled import draft_of, form_json, taken_in
from services.pages.screening.steps import STEPS

FORMS = sorted(Path("examples/forms").glob("*.json"))


def asked() -> Counter[str]:
    """Every field that a page asks for, by its place in the form."""
    found: Counter[str] = Counter()

    def walk(part: Field | Repeat, at: str) -> None:
        if isinstance(part, Field):
            found[f"{at}{part.name}"] += 1
            return
        for inner in part.parts:
            walk(inner, f"{at}{part.name}.")

    for step in STEPS:
        for group in step.groups:
            for part in group.parts:
                walk(part, f"{group.path}." if group.path else "")
    return found


def wanted() -> set[str]:
    """Every leaf of the form's own schema."""
    schema = ScreeningForm.model_json_schema()

    def leaves(node: dict[str, Any], at: str) -> set[str]:
        if "$ref" in node:
            return leaves(schema["$defs"][node["$ref"].rsplit("/", 1)[1]], at)
        if "properties" in node:
            return {
                leaf
                for name, inner in node["properties"].items()
                for leaf in leaves(inner, f"{at}.{name}" if at else name)
            }
        if node.get("type") == "array":
            return leaves(node["items"], at)
        for option in node.get("anyOf", ()):
            if option.get("type") == "array" or "$ref" in option:
                return leaves(option, at)
        return {at}

    return leaves(schema, "")


def test_every_fact_of_the_form_is_asked_for_once() -> None:
    fields = asked()
    assert set(fields) == wanted() - {"site_id"}
    assert max(fields.values()) == 1


def enums(node: Any, name: str = "") -> dict[str, set[str]]:
    """The values that a schema lists, by the name of the field."""
    found: dict[str, set[str]] = {}
    if not isinstance(node, dict):
        return found
    if "enum" in node:
        found[name] = {str(value) for value in node["enum"]}
    inner = [*node.get("properties", {}).items(), *((name, n) for n in node.get("anyOf", ()))]
    for key, one in [*inner, (name, node.get("items"))]:
        for at, values in enums(one, key).items():
            found.setdefault(at, set()).update(values)
    return found


def fields() -> list[Field]:
    def inside(part: Field | Repeat) -> list[Field]:
        return [part] if isinstance(part, Field) else [f for p in part.parts for f in inside(p)]

    parts = [part for step in STEPS for group in step.groups for part in group.parts]
    return [field for part in parts for field in inside(part)]


def test_every_choice_of_a_page_is_one_that_the_form_takes() -> None:
    schema = ScreeningForm.model_json_schema()
    known: dict[str, set[str]] = {}
    for table in (schema, *schema["$defs"].values()):
        for name, values in enums(table).items():
            known.setdefault(name, set()).update(values)
    choices = [field for field in fields() if field.kind == "choice"]
    assert len(choices) > 15
    for field in choices:
        assert {value for value, _ in field.options} <= known[field.name], field.name


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


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_typed_into_the_pages_is_the_same_form(path: Path) -> None:
    form = json.loads(path.read_text())
    draft = draft_of(form, STEPS)
    typed: dict[str, Any] = {}
    for step in STEPS:
        typed = taken_in(typed, step, posted(draft))
    made = form_json(typed, STEPS, form["site_id"])
    assert parse_form(made) == parse_form(form)


def test_adding_and_removing_keep_the_rest() -> None:
    labs = next(step for step in STEPS if step.slug == "labs")
    first = {"labs.0.here": "1", "labs.0.value": "1.5", "labs.1.here": "1", "labs.1.value": "90"}
    more = taken_in({}, labs, first | {"add": "labs"})
    assert more["labs"]["items"] == [{"value": "1.5"}, {"value": "90"}, {}]
    fewer = taken_in({}, labs, first | {"remove": "labs.0"})
    assert fewer["labs"]["items"] == [{"value": "90"}]
