"""The one place where the stages are given the real rules of the trial."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from eligibility.verdict import Verdict
from enrollment.commands import Request
from enrollment.decide import decide
from enrollment.evolve import evolve
from enrollment.evolve_slots import next_deadline
from enrollment.judging import judge_on_arrival, parsed
from enrollment.public_events import public_count
from enrollment.trial import Trial, new_trial
from protocols.model import Protocol
from protocols.parse import parse_protocol
from streams.ports import Rules


def deadline_of(trial: Trial) -> datetime | None:
    """The next instant at which time alone changes the trial."""
    due = next_deadline(trial)
    return None if due is None else due[0]


def judge_form(
    form: Mapping[str, Any], protocol: Protocol | None, request: Request
) -> Verdict | None:
    """None where there is nothing to judge by, or no form that can be read: decide says so then."""
    if protocol is None:
        return None
    try:
        readable = parsed(form)
    except ValidationError:
        return None
    return judge_on_arrival(readable, protocol, request.at)


RULES = Rules(
    decide=decide,
    evolve=evolve,
    new_trial=new_trial,
    next_deadline=deadline_of,
    public_count=public_count,
)

__all__ = ["RULES", "judge_form", "parse_protocol"]
