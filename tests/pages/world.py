"""A trial over ports in memory as the story of the demo leaves it after some steps."""

import re
from datetime import datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from enrollment import commands as c
from protocols.parse import parse_protocol
from services.api.identity import Submission
from services.demo.run import shipped_story
from services.demo.tell import Reply, tell
from tests.services.memory import Memory

STORY = shipped_story()
TRIAL = STORY.told.trial_id
ZONE: ZoneInfo = parse_protocol(STORY.protocol_text).time_zone
ROOT = f"/trials/{TRIAL}"
STEPS_TOLD = 40
"""Of the story, where a nurse sits down to the pages: 7 April 2027."""


class MemoryListener:
    """Tells the story straight to the decider, without HTTP."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def known(self, number: int, actor: c.Actor) -> Reply | None:
        return None

    def data_hash(self) -> str | None:
        review = self._memory.trials[TRIAL].trial.review
        return None if review is None else review.data_hash

    def send(self, number: int, actor: c.Actor, at: datetime, command: dict[str, Any]) -> Reply:
        site_id = actor.sites[0] if actor.role == "site" else None
        made = c.COMMAND.validate_python(command, strict=False)
        request = c.Request(
            trial_id=TRIAL,
            command_id=Submission(TRIAL, site_id, f"step-{number}").command_id,
            digest="0" * 64,
            at=at,
            actor=actor,
            command=made,
        )
        self._memory.waiting.append(request)
        self._memory.deliver()
        records = self._memory.trials[TRIAL].records
        found = [r for r in records if r.content.command_id == request.command_id]
        answer = found[-1].content.answer.model_dump(mode="json", exclude_defaults=True)
        events = tuple(e.model_dump(mode="json") for e in found[-1].content.events)
        return Reply(answer, events)


def play(memory: Memory, steps: int) -> None:
    """The first `steps` steps of the demo's story."""
    for number, _ in enumerate(tell(STORY, ZONE, MemoryListener(memory)), 1):
        if number == steps:
            return


def key() -> str:
    return f"test-{uuid4().hex}"


def state_of(board: str, level_id: str) -> str:
    """What the table of levels says in the column State, without tags."""
    found = re.search(
        rf'<th scope="row">{level_id}</th>\s*<td>.*?</td>\s*<td>(.*?)</td>', board, re.S
    )
    assert found
    return " ".join(re.sub("<[^>]+>", "", found[1]).split())
