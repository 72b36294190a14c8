"""A trial in memory that can be told a story: the real rules, no servers."""

from datetime import datetime
from typing import Any

import orjson

from enrollment.commands import COMMAND, Actor
from enrollment.rehearse import new_rehearsal, rehearse
from enrollment.trial import Trial
from services.demo.tell import Reply


class InMemory:
    """Keeps the trial and what it answered."""

    def __init__(self, trial_id: str) -> None:
        self._rehearsal = new_rehearsal(trial_id)
        self._replies: list[Reply] = []

    @property
    def trial(self) -> Trial:
        return self._rehearsal.trial

    def send(self, number: int, actor: Actor, at: datetime, command: dict[str, Any]) -> Reply:
        parsed = COMMAND.validate_json(orjson.dumps(command))
        self._rehearsal, done = rehearse(self._rehearsal, at, actor, parsed)
        assert number == len(self._replies), "each step is sent once, in order"
        reply = Reply(
            done.answer.model_dump(mode="json"),
            tuple(event.model_dump(mode="json") for event in done.events),
        )
        self._replies.append(reply)
        return reply

    def known(self, number: int, actor: Actor) -> Reply | None:
        return self._replies[number] if number < len(self._replies) else None

    def data_hash(self) -> str | None:
        return None if self.trial.review is None else self.trial.review.data_hash
