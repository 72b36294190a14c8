"""The real service as `make up` starts it, with the demo's accounts and trials told as stories."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from protocols.parse import parse_protocol
from services.cli.adopt import Adoption, send
from services.demo.forms import command_of, form_of
from services.demo.run import shipped_story
from services.demo.service import Service
from services.demo.tell import Reply, actor_of, instant
from services.local import processes
from services.local import stack as local
from services.local.accounts import demo_accounts
from services.local.guard import Guard
from services.local.kafka_jars import Progress
from services.local.run_state import read_state
from services.local.tokens import token_of
from streams.settings import Settings

STORY = shipped_story()
ZONE = parse_protocol(STORY.protocol_text).time_zone
Result = TypeVar("Result")


class Silent:
    """Nobody looks while the stack starts."""

    def doing(self, sentence: str) -> None: ...

    def done(self, sentence: str) -> None: ...

    @contextmanager
    def fetching(self, total_bytes: int) -> Iterator[Progress]:
        yield lambda _: None


def aside(work: Callable[[], Result]) -> Result:
    """Runs it in a thread of its own: the browser's loop holds this one, and `asyncio.run` asks
    for a thread without a loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


@dataclass
class Stack:
    """Kafka, Redis, worker and web of these tests alone."""

    home: Path
    guard: Guard
    web: str
    passwords: dict[str, str]

    @classmethod
    def begin(cls, home: Path, guard: Guard) -> "Stack":
        reached = local.up(home, Silent(), guard)
        settings = Settings(kafka_bootstrap=reached.kafka, redis_url=reached.redis)
        known = asyncio.run(demo_accounts(settings, home))
        return cls(home, guard, reached.web, known)

    def end(self) -> None:
        aside(lambda: local.down(self.home, Silent()))

    def stop_web(self) -> None:
        part = read_state(self.home).running("web")
        assert part is not None
        processes.stop(part.process)

    def start_web(self) -> None:
        """On the port on which it was."""
        again = aside(lambda: local.up(self.home, Silent(), self.guard))
        assert again.web == self.web

    def service(self, trial_id: str) -> Service:
        return Service(self.web, trial_id, partial(token_of, self.home))

    def tell(self, trial_id: str, steps: range, skip: tuple[int, ...] = ()) -> None:
        """Some steps of the demo's story, counted from 1, to a trial of this name."""
        service = self.service(trial_id)
        for number, (_, step) in enumerate(STORY.in_chapters(), 1):
            if number not in steps or number in skip:
                continue
            shown = service.data_hash() if "data_hash" in step.values else None
            at = instant(step.at, ZONE)
            service.send(number, actor_of(step.by), at, command_of(STORY, step, shown))

    def send(
        self, trial_id: str, number: int, by: str, at: datetime, command: dict[str, Any]
    ) -> Reply:
        """One command of a program; `at` in the trial's own time."""
        return self.service(trial_id).send(number, actor_of(by), instant(at, ZONE), command)

    def adopt(self, trial_id: str, text: str) -> None:
        """Puts a protocol in force in a trial that runs by the real clock."""
        adoption = Adoption(trial_id, text, "real", "For practice copies.", "adopt-1")
        answered = send(adoption, self.web, token_of(self.home, "centre"))
        assert answered.done, answered.sentence

    def unsettled(self, trial_id: str, on: date) -> None:
        """A fourth site's subject whose form needs a signed settlement, as the story's S1-002."""
        at = datetime.combine(on, time(16))
        site: dict[str, Any] = {"type": "ActivateSite", "site_id": "S4", "protocol_version": "1.0"}
        self.send(trial_id, 900, "centre", at, site | {"approved_on": on.isoformat()})
        step = next(s for s in STORY.steps if s.subject == "S1-002")
        form = form_of(STORY, step) | {"subject_id": "S4-009", "site_id": "S4"}
        command = {"type": "SubmitForm", "subject_id": "S4-009", "site_id": "S4", "form": form}
        self.send(trial_id, 901, "S4", at, command)
