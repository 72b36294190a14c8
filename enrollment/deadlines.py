"""When time alone changes a trial: a reservation expires, or follow-up turns the design (R2)."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache

from enrollment.commands import Actor
from enrollment.escalation import reconsider
from enrollment.evolve_slots import next_deadline as next_expiry
from enrollment.places import utc_midnight, window_ends
from enrollment.trial import Trial
from enrollment.turn import Turn
from enrollment.waitlist import next_in_line, promote

NOBODY = Actor(id="nobody", role="clock", sites=())


def next_deadline(trial: Trial) -> datetime | None:
    """The next instant at which something is recorded though nobody sends anything."""
    expiry, change = next_expiry(trial), None
    if reads_follow_up(trial):
        change = _whole_change(_Same(trial))
    found = [at for at in (None if expiry is None else expiry[0], change) if at is not None]
    return min(found, default=None)


class _Same:
    """A trial told from others by being that very state: the clock asks each second of the same."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.trial is self.trial

    def __hash__(self) -> int:
        return id(self.trial)


@lru_cache(maxsize=64)
def _whole_change(same: _Same) -> datetime | None:
    return next_change(same.trial, None)


def reads_follow_up(trial: Trial) -> bool:
    """Time alone may turn the design of this trial."""
    return trial.activated and trial.in_force.phase1.design.reads_follow_up


def follow_up(turn: Turn) -> None:
    """Stops, recalls and reviews first: caution acts before any place is offered (R9)."""
    if turn.trial.protocol is None or not turn.trial.activated:
        return
    reconsider(turn)
    promote(turn)


def next_change(trial: Trial, until: datetime | None) -> datetime | None:
    """00:00 of the next date on which the design answers otherwise, with nothing else happening.

    Only where it reads follow-up. Days on which nothing would follow are passed over: a tick always
    has something to record.
    """
    if not reads_follow_up(trial):
        return None
    protocol = trial.in_force
    today = protocol.local_date(trial.time)
    last = max(_ends(trial), default=today)
    if until is not None:
        last = min(last, protocol.local_date(until))
    for number in range(1, (last - today).days + 1):
        on = today + timedelta(days=number)
        at = utc_midnight(trial, on)
        if _something_follows(trial, on, at):
            return at
    return None


def _ends(trial: Trial) -> Iterator[date]:
    """The end of every open window of Phase I."""
    for level in trial.levels:
        for subject_id in level.dosed if level.counts.pending else ():
            end = window_ends(trial, subject_id)
            if end is not None:
                yield end


def _something_follows(trial: Trial, on: date, at: datetime) -> bool:
    turn = Turn(trial, at, NOBODY)
    reconsider(turn)
    return bool(turn.events) or next_in_line(turn.trial, 1, on) is not None
