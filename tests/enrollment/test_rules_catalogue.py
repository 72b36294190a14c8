"""Every rule that the decider names is in the catalogue, and nothing else is."""

import ast
from collections.abc import Iterator
from pathlib import Path

from enrollment.rules import RULES

SOURCE = Path(__file__).parents[2] / "enrollment"
POSITION = {"Barrier": 0, "Objection": 0, "rejected": 1, "refused": 1, "leave": 3, "recall": 2}
"""Which argument of these calls is the rule."""


def named() -> Iterator[tuple[str, str]]:
    """Each literal rule with the place where it is named."""
    for path in sorted(SOURCE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            found = [keyword.value for keyword in node.keywords if keyword.arg == "rule"]
            place = 4 if name == "_refused" else POSITION.get(name)
            if place is not None and len(node.args) > place:
                found.append(node.args[place])
            for value in found:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield value.value, f"{path.name}:{node.lineno}"


def test_every_rule_named_is_in_the_catalogue() -> None:
    missing = {rule: place for rule, place in named() if rule not in RULES}
    assert missing == {}


def test_the_scan_sees_the_rules_of_every_kind() -> None:
    seen = {rule for rule, _ in named()}
    assert {"full", "stagger", "review.bolder", "unknown_subject", "no_first_dose"} <= seen
