"""The owner as the clock: asks for what is due in real-clock trials, each owner the same."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from enrollment.trial import Trial, new_trial
from protocols.model import Protocol
from streams.clock import due, tick_request
from streams.ledger import Ledger, TrialLedger
from tests.streams.counting import AT

SOME_PROTOCOL = cast(Protocol, object())


def ledger(**trials: Trial) -> Ledger:
    return Ledger(0, {name: TrialLedger(trial) for name, trial in trials.items()})


def next_deadline(trial: Trial) -> datetime | None:
    """Of these tests: the trial's own time is its next deadline."""
    return trial.time


def trial(clock: str, deadline: datetime) -> Trial:
    running = replace(new_trial("T"), protocol=SOME_PROTOCOL, time=deadline)
    return replace(running, clock="real" if clock == "real" else "simulated")


def test_only_real_clock_trials_with_a_deadline_behind_them_are_due() -> None:
    second = timedelta(seconds=1)
    found = due(
        ledger(
            reached=trial("real", AT),
            ahead=trial("real", AT + second),
            simulated=trial("simulated", AT - second),
            without_protocol=replace(new_trial("T"), time=AT - second),
        ),
        next_deadline,
        AT,
    )
    assert found == {"reached": AT}


def test_a_halted_trial_is_not_ticked() -> None:
    halted = ledger(T=trial("real", AT))
    halted.trials["T"].halted = True
    assert due(halted, next_deadline, AT) == {}


def test_two_owners_ask_for_the_same_deadline_by_the_same_command() -> None:
    one = tick_request("T", AT, AT + timedelta(seconds=1))
    other = tick_request("T", AT, AT + timedelta(seconds=9))
    assert (one.command_id, one.digest) == (other.command_id, other.digest)
    assert one.at == AT + timedelta(seconds=1)
    assert one.actor.role == "clock"
    later = tick_request("T", AT + timedelta(hours=1), AT)
    assert later.command_id != one.command_id
    assert tick_request("U", AT, AT).command_id != one.command_id
