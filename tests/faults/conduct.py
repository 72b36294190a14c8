"""Leads a trial from its first form to a full Phase II, by what its board says, as a centre would.

What is to be asked next follows from the board alone; what each subject's outcome is, from a seed.
"""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from tests.enrollment.forms import eligible_form
from tests.faults.client import TrialUnderLoad
from tests.faults.stack import REVIEWERS, SITES

Json = dict[str, Any]
UNHEARD = frozenset({0, 202, 429, 503})
"""After these a client does not know the answer, and sends the same command again."""
MOST_FORMS = 8
PAUSE_SECONDS = 0.1
TOXIC, MILD = 0.8, 0.25
"""How often a dose is followed by a DLT: at a level that is too much, and once at any other."""
UNDOSED = frozenset({"reserved", "authorised"})


@dataclass(frozen=True, slots=True)
class Ask:
    """One command: who asks, what, where, and when in the trial's own time if not now."""

    actor: str
    command: str
    path: str
    body: Json
    on: date | None = None


@dataclass(slots=True)
class Plan:
    """What is asked next in one trial; `toxic` is the index of the lowest level that is too much.

    At levels below it there is one DLT at most, so that the trial comes to an MTD.
    """

    chance: random.Random
    toxic: int
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def asks(self, board: Json, today: date) -> list[Ask]:
        """All that may be asked at once; empty when the board must move first."""
        if board["suspended"]:
            body = {"reason": "The trial is led on.", "meaning": "I resume."}
            return [Ask("centre", "ResumeAssignment", "/resumption", body)]
        for part in (self._review, self._rp2d, self._doses, self._outcomes, self._forms):
            asked = part(board, today)
            if asked:
                return asked
        return []

    def _review(self, board: Json, today: date) -> list[Ask]:
        review = board["review"]
        if review is None:
            return []
        body = {
            "decision": review["recommendation"],
            "level_id": review["recommended_level_id"],
            "data_hash": review["data_hash"],
            "meaning": "I sign this review.",
        }
        signed = {signature["by"] for signature in review["signatures"]}
        left = [reviewer for reviewer in REVIEWERS if reviewer not in signed]
        needed = review["signatures_required"] - len(signed)
        return [Ask(who, "SignReview", "/reviews", body) for who in left[:needed]]

    def _rp2d(self, board: Json, today: date) -> list[Ask]:
        if board["mtd"] is None or board["rp2d"] is not None:
            return []
        body = {"level_id": board["mtd"], "meaning": "I recommend this dose."}
        return [Ask(REVIEWERS[0], "SignRp2d", "/rp2d", body)]

    def _doses(self, board: Json, today: date) -> list[Ask]:
        reserved = [s for s in _slots(board) if s["slot"]["state"] in UNDOSED]
        return [
            Ask(
                subject["site_id"],
                "ReportFirstDose",
                f"/subjects/{subject['subject_id']}/first-dose",
                {"dosed_on": today.isoformat()},
            )
            for subject in reserved
        ]

    def _outcomes(self, board: Json, today: date) -> list[Ask]:
        """When the last window has ended: until then a day that it has is what must come."""
        pending = [s for s in _slots(board) if s["slot"]["state"] == "dosed"]
        windows = [date.fromisoformat(s["slot"]["window_ends_on"]) for s in pending]
        if windows and max(windows) >= today:
            return [Ask("centre", "TimePassed", "/clock", {}, max(windows) + timedelta(days=1))]
        dlts = {level["level_id"]: level["dlts"] for level in board["phase1"]["levels"]}
        return [self._outcome(subject, dlts) for subject in pending]

    def _outcome(self, subject: Json, dlts: dict[str, int]) -> Ask:
        slot, path = subject["slot"], f"/subjects/{subject['subject_id']}"
        level = slot["level_id"]
        toxic = list(dlts).index(level) >= self.toxic
        likely = TOXIC if toxic else MILD if dlts[level] == 0 else 0
        if self.chance.random() >= likely:
            body = {"outcome": "cleared"}
            return Ask(subject["site_id"], "ReportWindowOutcome", f"{path}/window-outcome", body)
        dlts[level] += 1
        onset = date.fromisoformat(slot["dosed_on"]) + timedelta(days=3)
        noted = {"onset_on": onset.isoformat(), "grade": 4, "term": "Neutropenia"}
        return Ask(subject["site_id"], "ReportDlt", f"{path}/dlts", noted)

    def _forms(self, board: Json, today: date) -> list[Ask]:
        """One for each free place, now and then one too many."""
        phase = board["phase1"] if board["phase1"]["state"] == "open" else board["phase2"]
        wanted = min(phase["places"], MOST_FORMS)
        if wanted and self.chance.random() < 0.2:
            wanted += 1
        return [self._form(today) for _ in range(wanted)]

    def _form(self, today: date) -> Ask:
        number, site = next(self.numbers), self.chance.choice(SITES)
        planned = today + timedelta(days=1)
        form = eligible_form(f"{site}-L{number:04d}", site, on=today, planned=planned)
        return Ask(site, "SubmitForm", "/forms", form)


def is_over(board: Json) -> bool:
    """Phase II has its number, all dosed; or no dose was tolerable."""
    phase2 = board["phase2"]
    used = phase2["dosed"] + phase2["counted_from_phase1"]
    return bool(board["no_tolerable_dose"]) or (
        board["rp2d"] is not None and used >= phase2["number"]
    )


def _slots(board: Json) -> list[Json]:
    """Everybody with a slot who is named on the board."""
    members = [s for level in board["phase1"]["levels"] for s in level["subjects"]]
    return [s for s in (*members, *board["phase2"]["reservations"]) if s["slot"] is not None]


@dataclass(slots=True)
class Conduct:
    """Asks until the trial is over; sends again what it has heard no answer to."""

    trial: TrialUnderLoad
    plan: Plan
    over: bool = False

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set() and not self.over:
            if not await self._step(stop):
                await asyncio.sleep(PAUSE_SECONDS)

    async def finish(self, within: float) -> bool:
        """Whether the trial is over within so many seconds."""
        stop, deadline = asyncio.Event(), time.monotonic() + within
        running = asyncio.create_task(self.run(stop))
        while not running.done() and time.monotonic() < deadline:
            await asyncio.wait({running}, timeout=PAUSE_SECONDS)
        stop.set()
        await running
        return self.over

    async def _step(self, stop: asyncio.Event) -> bool:
        answer = await self.trial.read("/board")
        if answer.status != 200 or "phase1" not in answer.body:
            return False
        board = answer.body
        # Another client, or a fault, may have moved the clock of the trial.
        self.trial.now = max(self.trial.now, datetime.fromisoformat(board["time"]))
        self.over = is_over(board)
        asked = [] if self.over else self.plan.asks(board, self.trial.today)
        await asyncio.gather(*(self._ask(ask, stop) for ask in asked))
        return bool(asked)

    async def _ask(self, ask: Ask, stop: asyncio.Event) -> None:
        if ask.on is not None:
            self.trial.let_time_pass(timedelta(days=(ask.on - self.trial.today).days))
        sent = self.trial.prepared(ask.actor, ask.command, ask.path, ask.body)
        if ask.command == "TimePassed":
            await self.trial.again(sent, wait=0)  # It has no answer where nothing was due.
            return
        while (await self.trial.again(sent, wait=4)).status in UNHEARD and not stop.is_set():
            await asyncio.sleep(PAUSE_SECONDS)
