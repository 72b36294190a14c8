"""A round: trials under load, faults at seeded moments, healing, quiet, and the verdict."""

import asyncio
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from zlib import crc32

from tests.faults.checker import Violation, check, milestones
from tests.faults.client import TrialUnderLoad, insistently
from tests.faults.conduct import Conduct, Plan
from tests.faults.faults import KINDS, Scene
from tests.faults.found import Found, read_all
from tests.faults.history import History
from tests.faults.load import START, clients_of, led_terms, open_trial
from tests.faults.logs import Recoveries
from tests.faults.stack import Stack
from tests.faults.verified import verify_faults

LOAD_SECONDS = 14.0
PARTITIONS, REAL, LED = (1, 6, 4, 3), 4, 3
"""Of the trials under load, some with either worker: one has a real clock, one is led through."""
PER_ROUND, PER_SHORT_ROUND = 6, 10
QUIET_SECONDS = 100.0
LED_SECONDS = 45.0
"""Within which, once all is healed, the trial that is led must come to its end."""
ATTEMPTS = 3
MOST_RESOLVED = 60


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault, when it strikes (seconds from the begin of the load), and its own seed."""

    kind: str
    at: float
    seed: str


@dataclass(slots=True)
class Outcome:
    """What came of a round."""

    number: int
    faults: list[str]
    seconds_to_recover: float | None
    violations: list[Violation]
    commands: int
    recoveries: dict[str, int] = field(default_factory=dict)
    reached: dict[str, int] = field(default_factory=dict)
    """How often the trials came to what ends a part of them, as `milestones` names it."""


def plan(seed: int, number: int, kinds: list[str], hands: int) -> list[Planned]:
    """The faults of a round. The kinds are dealt like cards to so many rounds, then again."""
    deck = sorted(kinds)
    random.Random(f"{seed}/deck/{number // hands}").shuffle(deck)
    # Of the faults that strike the same part, each round gets its share: they wait for each other.
    deck.sort(key=_struck)
    hand = deck[number % hands :: hands]
    chance = random.Random(f"{seed}/{number}")
    return sorted(
        (
            Planned(
                kind, round(chance.uniform(1.0, LOAD_SECONDS * 0.7), 2), f"{seed}/{number}/{kind}"
            )
            for kind in hand
        ),
        key=lambda planned: planned.at,
    )


def named(prefix: str, partition: int) -> str:
    """A trial id that lives in this partition of eight (docs/architecture.md)."""
    names = (f"{prefix}-{number}" for number in count())
    return next(name for name in names if crc32(name.encode()) % 8 == partition)


def hands_of(kinds: list[str], short: bool) -> int:
    """How many rounds it takes until each kind has come once."""
    return -(-len(kinds) // (PER_SHORT_ROUND if short else PER_ROUND))


def _struck(kind: str) -> str:
    parts = ("crash", "kill_kafka", "restart_kafka", "redis_", "kafka_", "worker", "web")
    found = next((part for part in parts if part in kind), "")
    return {"kill_kafka": "broker", "restart_kafka": "broker", "crash": "worker"}.get(found, found)


class Round:
    """One round on a stack that runs; its files go into a folder of its own."""

    def __init__(self, stack: Stack, folder: Path, seed: int, number: int, planned: list[Planned]):
        folder.mkdir(parents=True, exist_ok=True)
        self._stack = stack
        self._folder = folder
        self._number = number
        self._chance = random.Random(f"{seed}/{number}/load")
        self._plan = planned
        self._history = History(folder / "history.ndjson")
        stamp = int(time.time())
        self._trials = [
            TrialUnderLoad(
                named(f"F{seed}-{number}-{stamp}", partition),
                simulated=partition != REAL,
                now=START,
                history=self._history,
                stack=stack,
            )
            for partition in PARTITIONS
        ]
        led = self._trials[PARTITIONS.index(LED)]
        self._conduct = Conduct(led, Plan(random.Random(f"{seed}/{number}/led"), number % 3 + 1))
        self._injected: list[dict[str, Any]] = []
        self._reached: dict[str, int] = {}

    async def run(self, tell: Callable[[str], None]) -> Outcome:
        """Never raises for what the service did: that is a violation."""
        logs = Recoveries(self._stack.logs())
        violations: list[Violation] = []
        seconds: float | None = None
        try:
            tell("opening trials")
            for trial in self._trials:
                settled = led_terms(self._chance) if trial is self._conduct.trial else {}
                await open_trial(trial, self._chance, **settled)
            await self._under_load(tell)
            tell("waiting for quiet")
            seconds = await self._quiet(violations)
            tell("leading a trial to its end")
            await self._led_through(violations)
            tell("checking")
            violations += await self._checked()
        except (RuntimeError, OSError, TimeoutError) as error:
            violations.append(Violation("", "not_recovered", f"{type(error).__name__}: {error}"))
        finally:
            self._history.close()
            self._write("faults.json", self._injected)
            self._write("violations.json", [_plain(v) for v in violations])
        return Outcome(
            self._number,
            [planned.kind for planned in self._plan],
            seconds,
            violations,
            sum(line["what"] == "asks" for line in self._history.lines),
            logs.counted(),
            self._reached,
        )

    async def _under_load(self, tell: Callable[[str], None]) -> None:
        stop = asyncio.Event()
        scene = Scene(self._stack, self._trials, LOAD_SECONDS)
        start = time.monotonic()
        others = [trial for trial in self._trials if trial is not self._conduct.trial]
        clients = [t for trial in others for t in clients_of(trial, self._chance, stop)]
        clients.append(asyncio.create_task(self._conduct.run(stop)))
        faults = [asyncio.create_task(self._strike(scene, p, start, tell)) for p in self._plan]
        try:
            await asyncio.sleep(LOAD_SECONDS)
            await asyncio.gather(*faults)
        finally:
            stop.set()
            await asyncio.gather(*clients)

    async def _strike(
        self, scene: Scene, planned: Planned, start: float, tell: Callable[[str], None]
    ) -> None:
        await asyncio.sleep(max(0.0, planned.at - (time.monotonic() - start)))
        tell(planned.kind)
        log: dict[str, Any] = {"kind": planned.kind, "planned_at": planned.at}
        self._injected.append(log)
        for attempt in range(ATTEMPTS):
            log["began_at"] = round(time.monotonic() - start, 2)
            try:
                told = await KINDS[planned.kind](scene, random.Random(planned.seed))
                log |= {"parameters": told, "ended_at": round(time.monotonic() - start, 2)}
                return
            except Exception as error:  # Another fault has just taken away what this one needs.
                log["attempts"] = attempt + 1
                log["failed"] = f"{type(error).__name__}: {error}"
                await asyncio.sleep(1.0)

    async def _quiet(self, violations: list[Violation]) -> float | None:
        """Seconds from healing until every trial answered anew; then all unknown is resolved."""
        healed = time.monotonic()
        if not await self._stack.ready(QUIET_SECONDS):
            violations.append(Violation("", "not_recovered", "a part is not ready again"))
        probes = [
            trial.send("centre", "SuspendAssignment", "/suspension", {"reason": "A probe."})
            for trial in self._trials
        ]
        await asyncio.gather(*probes)
        answered = await asyncio.gather(
            *(insistently(trial, trial.sent[-1], QUIET_SECONDS) for trial in self._trials)
        )
        seconds = time.monotonic() - healed
        for trial, came in zip(self._trials, answered, strict=True):
            if not came:
                name = "not_recovered"
                violations.append(Violation(trial.trial_id, name, "a probe was not answered"))
        await asyncio.gather(*(self._resolve(trial) for trial in self._trials))
        return seconds if all(answered) else None

    async def _led_through(self, violations: list[Violation]) -> None:
        if not await self._conduct.finish(LED_SECONDS):
            trial = self._conduct.trial.trial_id
            sentence = f"the trial did not come to its end within {LED_SECONDS:.0f} s"
            violations.append(Violation(trial, "not_led_through", sentence))

    async def _resolve(self, trial: TrialUnderLoad) -> None:
        """Sends again a part of what has no answer yet: it must do no harm."""
        still = [s for s in trial.sent if s.answer is None and s.asked.command != "TimePassed"]
        for sent in self._chance.sample(still, min(len(still) // 2, MOST_RESOLVED)):
            await trial.again(sent, wait=5)

    async def _checked(self) -> list[Violation]:
        """Reads until the public topic and Redis have come to rest, then judges what there is."""
        never = {
            identity
            for log in self._injected
            for identity in log.get("parameters", {}).get("never_to_be_decided", ())
        }
        deadline = time.monotonic() + QUIET_SECONDS / 2
        while True:
            found = await read_all(self._stack, self._trials, never)
            violations = [violation for one in found for violation in check(one)]
            if not violations or time.monotonic() > deadline:
                break
            await asyncio.sleep(1.0)
        names = [trial.trial_id for trial in self._trials]
        verified = await asyncio.gather(
            *(verify_faults(self._stack, name, self._folder) for name in names)
        )
        for trial_id, faults in zip(names, verified, strict=True):
            violations += [Violation(trial_id, name, sentence) for name, sentence in faults]
        for one in found:
            for name, times in milestones(one.log).items():
                self._reached[name] = self._reached.get(name, 0) + times
        self._keep(found, violations)
        return violations

    def _keep(self, found: list[Found], violations: list[Violation]) -> None:
        """What a person needs to look into a violation: the records of that trial."""
        for one in found:
            if any(violation.trial == one.trial for violation in violations):
                path = self._folder / f"{one.trial}.log.ndjson"
                path.write_bytes(b"\n".join(stored.replace(b"\n", b" ") for stored in one.log))
                self._write(f"{one.trial}.api.json", one.api_log)
                self._write(f"{one.trial}.public.json", one.public)
                self._write(f"{one.trial}.board.json", one.board)

    def _write(self, name: str, plain: Any) -> None:
        (self._folder / name).write_text(json.dumps(plain, indent=1), encoding="utf-8")


def _plain(violation: Violation) -> dict[str, str]:
    return {"trial": violation.trial, "name": violation.name, "sentence": violation.sentence}
