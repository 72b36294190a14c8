"""A screening form that passes every criterion in both phases, and ways to change one fact."""

import copy
import json
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from eligibility.anchors import Anchors, anchors_for
from eligibility.finding import Finding
from eligibility.form import ScreeningForm
from eligibility.judge import judge
from eligibility.parse import parse_form
from eligibility.verdict import Settlement, Verdict
from protocols.model import Protocol
from protocols.parse import parse_protocol
from tests.eligibility.forms import ELIGIBLE

REGISTRATION = date(2027, 3, 24)
FIRST_DOSE = date(2027, 3, 29)


@cache
def shipped() -> Protocol:
    """The protocol of NCT00825734 as it is shipped."""
    return parse_protocol(files("protocols").joinpath("nct00825734.toml").read_text("utf-8"))


def raw(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """The form as JSON, each changed path set: `{"heart.angina": "yes"}`; None removes it."""
    form: dict[str, Any] = copy.deepcopy(ELIGIBLE)
    for path, value in (changes or {}).items():
        *holders, last = path.split(".")
        at = form
        for holder in holders:
            at = at.setdefault(holder, {})
        if value is None:
            at.pop(last, None)
        else:
            at[last] = value
    return form


def form(changes: dict[str, Any] | None = None) -> ScreeningForm:
    return parse_form(json.dumps(raw(changes)))


def anchors(registration: date = REGISTRATION, first_dose: date = FIRST_DOSE) -> Anchors:
    return anchors_for(registration, first_dose)


def verdict(
    changes: dict[str, Any] | None = None,
    at: Anchors | None = None,
    settlements: frozenset[Settlement] = frozenset(),
    protocol: Protocol | None = None,
) -> Verdict:
    """The verdict on the changed form, on 24 March 2027 for a first dose on 29 March."""
    under = protocol or shipped()
    return judge(form(changes), under.criteria, at or anchors(), under.digest, settlements)


def finding(found: Verdict, criterion_id: str, phase: int = 1) -> Finding:
    [one] = [f for f in found.findings_for(phase) if f.criterion_id == criterion_id]
    return one
