"""The one place where the stages are given the real rules of the trial."""

from datetime import datetime
from typing import Any

from pydantic import ValidationError

from enrollment.commands import AmendForm, Request, SubmitForm
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
    command: SubmitForm | AmendForm, protocol: Protocol | None, request: Request
) -> dict[str, Any] | None:
    """None where there is nothing to judge by, or no form that can be read: decide says so then."""
    if protocol is None:
        return None
    try:
        form = parsed(command.form)
    except ValidationError:
        return None
    verdict: dict[str, Any] = judge_on_arrival(form, protocol, request.at).to_json()
    return verdict


RULES = Rules(
    decide=decide,
    evolve=evolve,
    new_trial=new_trial,
    next_deadline=deadline_of,
    public_count=public_count,
)

__all__ = ["RULES", "judge_form", "parse_protocol"]
