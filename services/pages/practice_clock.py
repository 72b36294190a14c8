"""How far the time of each practice trial was moved: kept for ever, because quiet days pass too."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime

from enrollment.commands import Id, Model
from enrollment.trial import Trial
from services.api.ports import UnavailableError
from services.signin.ports import Kept
from streams.kafka import SendFailedError

KEY = "practice"
"""The key of these messages in `web.record`."""


class TimeMoved(Model):
    """From now on it is at least `until` in this trial, whose clock is simulated."""

    type: Literal["TimeMoved"] = "TimeMoved"
    at: AwareDatetime
    by: str
    trial_id: Id
    until: AwareDatetime


class PracticeClocks:
    """A decider writes nothing on a day on which nothing happens; the pages remember the day."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._kept: Kept | None = None
        self._now = now
        self._until: dict[str, datetime] = {}

    def apply(self, value: bytes) -> bool:
        moved = TimeMoved.model_validate_json(value)
        known = self._until.get(moved.trial_id)
        self._until[moved.trial_id] = moved.until if known is None else max(known, moved.until)
        return True

    def use(self, record: Kept) -> None:
        self._kept = record

    def present(self, trial: Trial) -> datetime:
        """The present of a trial with a simulated clock; it never goes back."""
        return max(trial.time, self._until.get(trial.trial_id, trial.time))

    async def move(self, trial_id: str, until: datetime, by: str) -> None:
        moved = TimeMoved(at=self._now(), by=by, trial_id=trial_id, until=until)
        assert self._kept is not None, "no record is in use yet"
        try:
            await self._kept.append(KEY, moved.model_dump_json().encode())
        except SendFailedError:
            raise UnavailableError("the new time could not be kept") from None
