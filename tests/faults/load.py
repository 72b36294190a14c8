"""What sites and centre of a trial do all day, seeded: forms, doses, DLTs, outcomes, reviews."""

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.enrollment.forms import eligible_form
from tests.faults.client import TrialUnderLoad, insistently, pick
from tests.faults.stack import SITES
from tests.protocols.build import protocol_text

START = datetime(2027, 2, 22, 15, tzinfo=UTC)
THINKS_SECONDS = (0.02, 0.25)
CENTRE_SECONDS = 0.8
SET_UP_SECONDS = 60.0
REASON = {"reason": "The load asks for it."}


@dataclass(slots=True)
class SiteLoad:
    """One site's staff: what they believe of their subjects, from what they heard."""

    trial: TrialUnderLoad
    site: str
    chance: random.Random
    states: dict[str, str] = field(default_factory=dict)
    dosed_on: dict[str, Any] = field(default_factory=dict)
    number: int = 0

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self._step()
            await asyncio.sleep(self.chance.uniform(*THINKS_SECONDS))

    async def _step(self) -> None:
        known = [s for s, state in self.states.items() if state in ("reserved", "dosed", "waits")]
        if not known or self.chance.random() < 0.45:
            await self._form()
        else:
            await self._about(self.chance.choice(known))

    async def _form(self) -> None:
        self.number += 1
        subject = f"{self.site}-{self.number:04d}"
        on = self.trial.today
        form = eligible_form(subject, self.site, on=on, planned=on + timedelta(days=1))
        if self.chance.random() < 0.1:
            form["performance"][0]["ecog"] = 3
        answer = await self._send("SubmitForm", "/forms", form)
        outcome = answer.get("outcome")
        if outcome == "slot_reserved":
            self.states[subject] = "reserved"
        elif outcome in ("waitlisted", "held") or not answer:
            # Unknown, or on the list: it may have a place by now.
            self.states[subject] = "waits"

    async def _about(self, subject: str) -> None:
        state = self.states[subject]
        if state == "dosed":
            await self._after_dose(subject)
            return
        weights = {"first-dose": 50, "authorisation": 15, "release": 20, "withdrawal": 10}
        what = pick(self.chance, weights | {"amendments": 5})
        today = self.trial.today.isoformat()
        path = f"/subjects/{subject}/{what}"
        match what:
            case "first-dose":
                if state != "reserved" and self.chance.random() < 0.7:
                    return
                self.dosed_on[subject] = self.trial.today
                self.states[subject] = "dosed"
                await self._send("ReportFirstDose", path, {"dosed_on": today})
            case "authorisation":
                await self._send("AuthoriseFirstDose", path, {"planned_on": today})
            case "release":
                self.states[subject] = "gone"
                await self._send("ReleaseReservation", path, REASON)
            case "withdrawal":
                self.states[subject] = "gone"
                await self._send("WithdrawSubject", path, {"withdrawn_on": today})
            case _:
                on = self.trial.today
                form = eligible_form(subject, self.site, on=on, planned=on + timedelta(days=1))
                await self._send("AmendForm", path, form)

    async def _after_dose(self, subject: str) -> None:
        on, today = self.dosed_on[subject], self.trial.today
        over = today >= on + timedelta(days=21)
        what = pick(
            self.chance,
            {"clear": 60 if over else 2, "dlt": 8, "toxicity": 6, "death": 1, "correct": 3},
        )
        path = f"/subjects/{subject}"
        noted = {"onset_on": min(today, on + timedelta(days=3)).isoformat(), "grade": 3}
        match what:
            case "clear":
                self.states[subject] = "done" if over else "dosed"
                body = {"outcome": "cleared"}
                await self._send("ReportWindowOutcome", f"{path}/window-outcome", body)
            case "dlt":
                self.states[subject] = "done"
                await self._send("ReportDlt", f"{path}/dlts", noted | {"term": "Neutropenia"})
            case "toxicity":
                await self._send("ReportToxicity", f"{path}/toxicities", noted | {"term": "Rash"})
            case "death":
                self.states[subject] = "died"
                await self._send("ReportDeath", f"{path}/death", {"died_on": today.isoformat()})
            case _:
                body = {"fact": "first_dose_on", "on": on.isoformat()} | REASON
                await self._send("CorrectFact", f"{path}/corrections", body)

    async def _send(self, command: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Once; what stays unknown is sent again with the same key now and then, or later."""
        wait = self.chance.choice((0, 1, 4))
        answer = await self.trial.send(self.site, command, path, body, wait)
        if answer.status in (0, 503) and self.chance.random() < 0.5:
            answer = await self.trial.again(self.trial.sent[-1], wait)
        return answer.body if answer.status == 200 else {}


@dataclass(slots=True)
class CentreLoad:
    """The coordinating centre: lets time pass, signs what is due, resumes what is suspended."""

    trial: TrialUnderLoad
    chance: random.Random

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            if self.trial.simulated:
                self.trial.let_time_pass(timedelta(hours=self.chance.randint(6, 140)))
                await self.trial.send("centre", "TimePassed", "/clock", {})
            board = await self.trial.read("/board")
            if board.status == 200:
                await self._attend(board.body)
            await asyncio.sleep(CENTRE_SECONDS)

    async def _attend(self, board: dict[str, Any]) -> None:
        review = board.get("review")
        if review is not None:
            body = {
                "decision": review["recommendation"],
                "level_id": review["recommended_level_id"],
                "data_hash": review["data_hash"],
                "meaning": "I sign this review.",
            }
            await self.trial.send("reviewer", "SignReview", "/reviews", body, wait=2)
        elif board.get("mtd") and not board.get("rp2d"):
            body = {"level_id": board["mtd"], "meaning": "I recommend this dose."}
            await self.trial.send("reviewer", "SignRp2d", "/rp2d", body, wait=2)
        if board.get("suspended"):
            await self._resume(board)
        elif self.chance.random() < 0.05:
            await self.trial.send("centre", "SuspendAssignment", "/suspension", REASON)

    async def _resume(self, board: dict[str, Any]) -> None:
        if board.get("deaths_to_adjudicate"):
            for subject in await self._dead():
                body = {"finding": "unrelated", "meaning": "I judge it so."} | REASON
                path = f"/subjects/{subject}/death/adjudication"
                await self.trial.send("centre", "AdjudicateDeath", path, body, wait=2)
        body = {"meaning": "I resume."} | REASON
        await self.trial.send("centre", "ResumeAssignment", "/resumption", body, wait=2)

    async def _dead(self) -> list[str]:
        return [
            sent.path.split("/")[2]
            for sent in self.trial.sent
            if sent.asked.command == "ReportDeath"
        ]


def led_terms(chance: random.Random) -> dict[str, Any]:
    """Of the protocol of a trial that is led to its end: no stagger, a Phase II that can fill."""
    return {
        "variant": chance.choice("ABC"),
        "signatures_required": chance.choice((1, 2)),
        "number": chance.choice((6, 10)),
        "counts_phase1": chance.random() < 0.3,
        "stagger_days": 0,
        "site_limit": None,
    }


async def open_trial(trial: TrialUnderLoad, chance: random.Random, **settled: Any) -> None:
    """Protocol, sites and activation, each answered; raises when even that fails."""
    parameters: dict[str, Any] = {
        "protocol_id": trial.trial_id,
        "stagger_days": chance.choice((0, 7)),
        "site_limit": chance.choice((None, 2)),
        "waitlist_order": chance.choice(("first_come", "round_robin")),
        "number": chance.choice((6, 40)),
    }
    text = protocol_text(**parameters | settled)
    clock = "simulated" if trial.simulated else "real"
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("AdoptProtocol", "/protocol", {"text": text, "clock": clock, "meaning": "I adopt it."})
    ]
    approved = {"protocol_version": "1.0", "approved_on": "2026-01-15"}
    steps += [("ActivateSite", "/sites", {"site_id": site} | approved) for site in SITES]
    steps.append(("ActivateTrial", "/activation", {"meaning": "I open it."}))
    for command, path, body in steps:
        answer = await trial.send("centre", command, path, body, wait=10)
        if answer.status != 200 and not await insistently(trial, trial.sent[-1], SET_UP_SECONDS):
            raise RuntimeError(f"{trial.trial_id}: {command} was not decided: {answer}")


def clients_of(
    trial: TrialUnderLoad, chance: random.Random, stop: asyncio.Event
) -> list["asyncio.Task[None]"]:
    """One task for each site and one for the centre; they end when `stop` is set."""
    sites = [SiteLoad(trial, site, random.Random(chance.random())) for site in SITES]
    centre = CentreLoad(trial, random.Random(chance.random()))
    clients: list[SiteLoad | CentreLoad] = [*sites, centre]
    return [asyncio.create_task(client.run(stop)) for client in clients]
