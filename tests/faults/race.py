"""Fifty client processes race for the last place of a level, over two workers: one wins."""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.enrollment.forms import eligible_form
from tests.faults.asking import bearer
from tests.faults.campaign import Outcome
from tests.faults.checker import Violation
from tests.faults.client import TrialUnderLoad
from tests.faults.faults import KINDS, Scene
from tests.faults.history import History
from tests.faults.load import START, open_trial
from tests.faults.stack import SITES, Stack, token_of

CLIENTS = 50
BEFORE = 2
"""Places already taken of the three that an opened level has."""
WITHIN_SECONDS = 60.0
DISTURBED = ("kill_worker", "stale_worker", "kill_redis", "redis_wiped")
"""In every fourth race one of these strikes while the clients run."""


class Racers:
    """The client processes: started once, given one race after the other."""

    def __init__(self) -> None:
        self._processes: list[asyncio.subprocess.Process] = []

    async def start(self) -> None:
        for _ in range(CLIENTS):
            self._processes.append(
                await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-I",
                    str(Path(__file__).with_name("racer.py")),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                )
            )

    async def stop(self) -> None:
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.close()
        for process in self._processes:
            await process.wait()

    async def run(self, races: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What each heard in the end."""
        return list(await asyncio.gather(*map(self._one, self._processes, races)))

    async def _one(
        self, process: asyncio.subprocess.Process, race: dict[str, Any]
    ) -> dict[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(race).encode() + b"\n")
        await process.stdin.drain()
        said: dict[str, Any] = json.loads(await process.stdout.readline())
        return said


async def races(stack: Stack, seed: int, count: int, tell: Callable[[], None]) -> Outcome:
    """So many races; each must have one winner, and nobody may be left without an answer."""
    racers = Racers()
    await racers.start()
    violations: list[Violation] = []
    struck: list[str] = []
    try:
        for number in range(count):
            chance = random.Random(f"{seed}/race/{number}")
            kind = chance.choice(DISTURBED) if number % 4 == 3 else None
            struck += [kind] if kind else []
            violations += await _race(stack, racers, seed, number, chance, kind)
            tell()
    finally:
        await racers.stop()
    return Outcome(-1, [f"race x{count}", *struck], None, violations, count * CLIENTS)


async def _race(
    stack: Stack, racers: Racers, seed: int, number: int, chance: random.Random, kind: str | None
) -> list[Violation]:
    name = f"R{seed}-{number}-{int(time.time())}"
    history = History(stack.folder / "races.ndjson")
    trial = TrialUnderLoad(name, simulated=True, now=START, history=history, stack=stack)
    await open_trial(trial, chance, stagger_days=0, site_limit=None)
    history.close()
    entries = [_entry(trial, f"early-{n}", SITES[n % len(SITES)], 0.0) for n in range(BEFORE)]
    await racers.run(entries)
    start = time.time() + 0.15
    entries = [
        _entry(trial, f"racer-{n:02d}", SITES[n % len(SITES)], start) for n in range(CLIENTS)
    ]
    running = asyncio.create_task(racers.run(entries))
    if kind is not None:
        await asyncio.sleep(0.15 + chance.uniform(0.0, 0.3))
        await KINDS[kind](Scene(stack, [trial], WITHIN_SECONDS), chance)
    said = Counter(str(answer["outcome"]) for answer in await running)
    if said == Counter({"slot_reserved": 1, "waitlisted": CLIENTS - 1}):
        return []
    return [Violation(name, "race.not_one_winner", f"race {number} ({kind}): {dict(said)}")]


def _entry(trial: TrialUnderLoad, subject: str, site: str, start: float) -> dict[str, Any]:
    on = trial.today
    subject = f"{site}-{subject}"
    form = eligible_form(subject, site, on=on, planned=on + timedelta(days=1))
    headers = bearer(token_of(site)) | {
        "Idempotency-Key": subject,
        "Content-Type": "application/json",
        "Holdfast-At": START.isoformat().replace("+00:00", "Z"),
    }
    return {
        "port": trial.stack.web.port,
        "path": f"/v1/trials/{trial.trial_id}/forms",
        "body": json.dumps(form),
        "headers": headers,
        "start_at": start,
        "within": WITHIN_SECONDS,
    }
