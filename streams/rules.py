"""The one place where the stages are given the real rules of the trial."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from eligibility.verdict import Verdict
from enrollment.commands import Request
from enrollment.deadlines import next_deadline
from enrollment.decide import decide
from enrollment.evolve import evolve
from enrollment.judging import judge_on_arrival, parsed
from enrollment.public_events import public_count
from enrollment.trial import new_trial
from protocols.model import Protocol
from protocols.parse import parse_protocol
from streams.ports import Rules


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
    next_deadline=next_deadline,
    public_count=public_count,
)

__all__ = ["RULES", "judge_form", "parse_protocol"]
