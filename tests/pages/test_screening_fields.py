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
from services.pages.screening.problems import problems_of
from services.pages.screening.steps import STEPS
from tests.pages.filling import posted

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


def answered(**typed: str) -> dict[str, Any]:
    """The page of operations and events, as it was posted, as the form would say it."""
    events = next(step for step in STEPS if step.slug == "events")
    return form_json(taken_in({}, events, typed), STEPS, "S1")


def test_yes_without_any_that_is_listed_is_not_known_and_never_none() -> None:
    assert answered(**{"bleeding_events.any": "none"})["bleeding_events"] == []
    assert "bleeding_events" not in answered(**{"bleeding_events.any": "some"})
    draft = {"bleeding_events": {"any": "some", "items": [{}]}}
    assert "bleeding_events" not in form_json(draft, STEPS, "S1")


def test_none_with_one_that_is_listed_is_not_known_and_never_none() -> None:
    listed = {"bleeding_events.0.here": "1", "bleeding_events.0.grade": "3"}
    for said in ("none", "unknown"):
        assert "bleeding_events" not in answered(**{"bleeding_events.any": said, **listed})


def test_adding_one_says_that_there_is_one() -> None:
    events = next(step for step in STEPS if step.slug == "events")
    sent = {"bleeding_events.any": "unknown", "add": "bleeding_events"}
    assert taken_in({}, events, sent)["bleeding_events"] == {"any": "some", "items": [{}]}


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1,5", "1.5"),
        ("1500", "1500"),
        ("1,500", "1,500"),
        ("240,000", "240,000"),
        ("0,125", "0.125"),
    ],
)
def test_a_comma_that_can_be_read_in_two_ways_is_not_read(typed: str, value: str) -> None:
    labs = next(step for step in STEPS if step.slug == "labs")
    draft = taken_in({}, labs, {"labs.0.here": "1", "labs.0.value": typed})
    assert form_json(draft, STEPS, "S1")["labs"] == [{"value": value}]


def test_one_that_was_just_added_keeps_nothing_from_being_judged() -> None:
    form = json.loads(FORMS[0].read_text())
    draft = draft_of(form, STEPS)
    draft["labs"]["items"].append({})
    assert parse_form(form_json(draft, STEPS, form["site_id"])) == parse_form(form)


def wrong_in(form: dict[str, Any], **typed: Any) -> list[str]:
    """What is wrong with the form once some of it is typed otherwise."""
    draft = draft_of(form, STEPS) | typed
    return [error.sentence for error in problems_of(draft, STEPS, form["site_id"])]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            {"subject_id": "S1 0x!"},
            "Subject id: use letters, digits, dots, hyphens and underscores",
        ),
        ({"completed_on": "4/5/2027"}, "Date of this form: write the whole date as 2027-03-24."),
        ({"completed_on": "2027-13-01"}, "Date of this form: write the whole date as 2027-03-24."),
        ({"consent": {"signed_on": "15.2.2027"}}, "Consent signed on: write a date as 2008-06-17"),
        ({"consent": {"signed_on": "2027-02-30"}}, "Consent signed on: there is no such day."),
        (
            {"life_expectancy_months": "a year"},
            "Life expectancy: write a number such as 1.5 or 1500",
        ),
        (
            {"labs": {"any": "some", "items": [{"analyte": "neutrophils", "value": "1,500"}]}},
            "Result 1, Value: write a number such as 1.5 or 1500",
        ),
        (
            {"labs": {"any": "some", "items": [{"analyte": "neutrophils"}]}},
            "Result 1, Value: fill it in.",
        ),
        (
            {"bleeding_events": {"any": "some", "items": []}},
            "Bleeding events: you said that there are some and listed none. Add them",
        ),
        (
            {"bleeding_events": {"any": "none", "items": [{"grade": "3"}]}},
            "Bleeding events: you listed 1 and said that there are none. Choose",
        ),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(typed: dict[str, Any], said: str) -> None:
    found = wrong_in(json.loads(FORMS[0].read_text()), **typed)
    assert any(sentence.startswith(said) for sentence in found), found
    assert not [one for one in found if "pattern" in one or "YYYY" in one or "`" in one], found
