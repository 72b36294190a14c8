"""The rows that stand on the form from the start: the results that the protocol's criteria ask for.

A row that nobody wrote into says nothing: it is no part of the form, and no error.
"""

from typing import Final

from eligibility.asked import asked_for
from eligibility.criteria import Criteria
from eligibility.criteria.criterion import Criterion
from services.pages.screening.filled import Draft

MEASURED: Final = {
    "performance": "performance.ecog",
    "lvef": "lvef",
    "blood_pressure": "blood_pressure",
}
"""Parts of which one row stands there, and the field that a criterion misses without any."""


def asked_by(criteria: Criteria) -> dict[str, tuple[Criterion, ...]]:
    """The criteria that ask for results of each part, in the protocol's order."""
    fields = asked_for(criteria)
    found = {part: fields[field] for part, field in MEASURED.items() if field in fields}
    of_labs = (one for name, ones in fields.items() if name.startswith("labs.") for one in ones)
    labs = {one.id: one for one in of_labs}
    return {**found, "labs": tuple(labs.values())} if labs else found


def with_asked(typed: Draft, criteria: Criteria) -> Draft:
    """The draft with a row for each result that is asked for: the tests first, others behind."""
    fields = asked_for(criteria)
    made = dict(typed)
    for part, field in MEASURED.items():
        if field in fields and not made.get(part, {}).get("items"):
            made[part] = {"any": "some", **made.get(part, {}), "items": [{}]}
    tests = [name.removeprefix("labs.") for name in fields if name.startswith("labs.")]
    kept = made.get("labs", {"any": "some", "items": []})
    return made | {"labs": kept | {"items": _tests_first(list(kept["items"]), tests)}}


def _tests_first(items: list[Draft], tests: list[str]) -> list[Draft]:
    rows = []
    for test in tests:
        place = next((i for i, item in enumerate(items) if item.get("analyte") == test), None)
        row: Draft = {} if place is None else items.pop(place)
        named = {"analyte": test}
        rows.append({**named, **row, "filled": {**row.get("filled", {}), **named}})
    return rows + items
