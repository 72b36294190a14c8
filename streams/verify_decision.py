"""Takes one recorded decision again, and holds the trial to its invariants event by event."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import orjson
from pydantic import ValidationError

from enrollment.broken import BrokenInvariantError
from enrollment.canonical import canonical, digest
from enrollment.commands import AnyCommand, JudgedRequest
from enrollment.decide import decide
from enrollment.events import AnyEvent, Signed
from enrollment.evolve import apply, evolve
from enrollment.invariants import (
    PLACED,
    check_counts,
    check_event,
    check_phase_two,
    check_state,
    opens,
)
from enrollment.recount import Recount, subjects_of
from enrollment.signatures import signed_digest
from enrollment.stops import SINCE_RULES, check_stopped, check_stops
from enrollment.trial import Trial
from protocols.errors import ProtocolError
from streams.command_kept import command_of
from streams.differences import Difference, differences
from streams.record import LogRecord, Record, build
from streams.verify_report import Kind

FEW = 300
"""Up to so many subjects, every waitlist is walked through after each decision."""
EVERY = 200
"""Beyond, after so many, or a tenth of the subjects; counts are compared after every single one."""

Say = Callable[..., None]
"""Reports a fault: kind, sentence, and differences if there are any."""


@dataclass(slots=True)
class Follower:
    """The trial as the records so far leave it, whatever they say."""

    trial: Trial
    recount: Recount = field(default_factory=Recount)
    signed_for: set[str] = field(default_factory=set)
    signatures: int = 0
    next_walk: int = 0
    """The sequence from which everybody is walked through again."""

    def derive(self, record: Record, say: Say) -> bool:
        """Whether the rules give this very record; what is about the chain is taken as recorded."""
        content = record.content
        command = self._command(content, say)
        if command is None:
            return False
        request = JudgedRequest(
            trial_id=content.trial,
            command_id=content.command_id,
            digest=content.digest,
            at=content.at,
            actor=content.actor,
            command=command,
        )
        try:
            decided = decide(self.trial, request)
        except Exception as error:  # A forged trial may be one that no decider ever meets.
            say("derivation", f"the rules give no decision here at all ({type(error).__name__})")
            return False
        again = build(
            request,
            sequence=content.sequence,
            previous=content.previous,
            protocol=content.protocol,
            public_from=content.public_from,
            answer=decided.answer,
            events=decided.events,
        )
        if again.stored == record.stored:
            return True
        found = differences(orjson.loads(record.stored), orjson.loads(again.stored))
        say("derivation", _where(content, found), found)
        return False

    def _command(self, content: LogRecord, say: Say) -> AnyCommand | None:
        try:
            command = command_of(content.command, content.events)
        except ValidationError:
            say("command", "the recorded command is none that the service takes")
            return None
        if digest(canonical(command.model_dump(mode="json"))) != content.digest:
            say("command", "the recorded command has another digest than the one it came with")
        return command

    def follow(self, record: Record, say: Say) -> None:
        """Lets the trial go on with the recorded events, true or not."""
        content = record.content
        signature = False
        for event in content.events:
            signature = signature or opens(event)
            self._check(partial(self._event, content, event, signature, say), say)
        moved = self._tried(lambda: evolve(self.trial, content.at, ()), say)
        self.trial = moved or self.trial
        if content.rules >= SINCE_RULES:
            self._check(lambda: check_stopped(self.trial), say)
        subjects = len(self.trial.subjects)
        if subjects <= FEW or content.sequence >= self.next_walk:
            self.next_walk = content.sequence + max(EVERY, subjects // 10)
            self.check_all(say)
        else:
            self._check(lambda: check_counts(self.trial, self.recount), say)

    def check_all(self, say: Say) -> None:
        self._check(lambda: check_state(self.trial, self.recount), say)

    def _event(self, content: LogRecord, event: AnyEvent, signature: bool, say: Say) -> None:
        self._signed(content, event, say)
        self._check(
            lambda: check_event(self.trial, event, self.signed_for, self.recount, signature), say
        )
        after = self._tried(lambda: apply(self.trial, event), say, event.type)
        if after is None:
            return
        if content.rules >= SINCE_RULES:
            before = self.trial
            self._check(lambda: check_stops(before, event, after, signature), say)
        self.trial = after
        self.recount.follow(after, subjects_of(event))
        if isinstance(event, PLACED) and event.phase == 2:
            check_phase_two(after, event.site_id, self.recount)

    def _signed(self, content: LogRecord, event: AnyEvent, say: Say) -> None:
        signed = getattr(event, "signed", None)
        if not isinstance(signed, Signed):
            return
        self.signatures += 1
        try:
            bound = signed_digest(self.trial, event)  # type: ignore[arg-type]  # it has `signed`
        except (ProtocolError, AssertionError, KeyError):
            bound = None
        if bound is None:
            say("signature", f"{event.type}: there was nothing of the kind to sign")
        elif bound != signed.of:
            found = (Difference("/signed/of", signed.of, bound),)
            say("signature", f"{event.type} is not bound to what was signed", found)
        if signed.by != content.actor.id:
            say("signature", f"{event.type} is signed by somebody else than who sent it")
        if signed.meaning != content.command.get("meaning"):
            say("signature", f"{event.type} has another meaning than its signer gave")

    def _check(self, look: Callable[[], None], say: Say) -> None:
        try:
            look()
        except BrokenInvariantError as error:
            say("invariant", str(error))
        except (AssertionError, AttributeError, LookupError, StopIteration) as error:
            say("fold", f"an invariant cannot even be asked ({type(error).__name__})")

    def _tried(self, fold: Callable[[], Trial], say: Say, name: str = "time") -> Trial | None:
        kind: Kind = "fold"
        try:
            return fold()
        except Exception as error:  # As in `derive`.
            say(kind, f"{name} cannot happen to the trial as it was ({type(error).__name__})")
            return None


def _where(content: LogRecord, found: tuple[Difference, ...]) -> str:
    """Names the first place that differs as a person would."""
    if not found:
        return "the record is written in other bytes than the rules give"
    pointer = found[0].pointer
    if pointer.startswith("/answer"):
        return f"another answer than the rules give: {pointer}"
    parts = pointer.split("/")
    if len(parts) > 2 and parts[1] == "events":
        number = int(parts[2])
        name = content.events[number].type if number < len(content.events) else "nothing"
        return f"event {number} ({name}) is not what the rules give: {pointer}"
    return f"not what the rules give: {pointer}"
