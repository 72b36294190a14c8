"""The record of a trial that was told a story: the real rules and batches, no servers."""

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson

from enrollment.canonical import canonical, digest
from enrollment.commands import COMMAND, Actor, AmendForm, AnyCommand, JudgedRequest, SubmitForm
from protocols.parse import parse_protocol
from services.demo.story import load_story
from services.demo.tell import Reply, tell
from streams.batch import Command, Written, decide_all
from streams.ledger import Ledger
from streams.record import Record, parse
from streams.rules import RULES, judge_form

ROOT = Path(__file__).parents[2]


class Recorded:
    """Decides command after command as the owner of a partition would, and keeps the records."""

    def __init__(self, trial_id: str) -> None:
        self.trial_id = trial_id
        self.ledger = Ledger(0)
        self.records: list[Record] = []
        self._replies: list[Reply] = []

    def decide(self, actor: Actor, at: datetime, command: AnyCommand) -> Record:
        request = JudgedRequest(
            trial_id=self.trial_id,
            command_id=uuid5(NAMESPACE_URL, f"{self.trial_id}/{len(self.records)}"),
            digest=digest(canonical(command.model_dump(mode="json"))),
            at=at,
            actor=actor,
            command=command,
        )
        if isinstance(command, SubmitForm | AmendForm):
            protocol = self.ledger.of(self.trial_id, RULES).trial.protocol
            verdict = judge_form(command.form, protocol, request)
            request = request.model_copy(update={"verdict": verdict and verdict.to_json()})
        (written,) = decide_all(self.ledger, [Command(request, at)], RULES)
        assert isinstance(written, Written)
        known = self.ledger.of(self.trial_id, RULES)
        content = parse(written.record.stored).content
        replayed = RULES.evolve(known.trial, content.at, content.events)
        assert written.trial == replayed, "replaying the record gives another trial"
        known.accept(written.record, len(self.records), written.trial, written.public)
        self.records.append(written.record)
        return written.record

    # --- as a listener to a story ---

    def send(self, number: int, actor: Actor, at: datetime, command: dict[str, Any]) -> Reply:
        content = self.decide(actor, at, COMMAND.validate_json(orjson.dumps(command))).content
        reply = Reply(
            content.answer.model_dump(mode="json"),
            tuple(event.model_dump(mode="json") for event in content.events),
        )
        self._replies.append(reply)
        return reply

    def known(self, number: int, actor: Actor) -> Reply | None:
        return self._replies[number] if number < len(self._replies) else None

    def data_hash(self) -> str | None:
        review = self.ledger.of(self.trial_id, RULES).trial.review
        return None if review is None else review.data_hash


@lru_cache(maxsize=1)
def story_records() -> tuple[Record, ...]:
    """The shipped story, from adoption to Phase II: 75 decisions with all that a trial can meet."""
    story = load_story(ROOT / "examples" / "story" / "story.toml", ROOT)
    recorded = Recorded(story.told.trial_id)
    zone = parse_protocol(story.protocol_text).time_zone
    assert [outcome for outcome in tell(story, zone, recorded) if outcome.differences] == []
    return tuple(recorded.records)
