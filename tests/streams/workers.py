"""Worker processes as they are deployed, and a client that gives them work and looks at it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

from pydantic import SecretStr

from enrollment import commands as c
from enrollment.canonical import canonical, digest
from enrollment.evolve import evolve
from enrollment.trial import new_trial
from services.local.places import free_port
from streams.follow import StoredAnswer, TrialFollower
from streams.log_reader import LogReader
from streams.partition import partition_of
from streams.requests import RequestWriter
from streams.settings import Settings
from streams.topics import EVENTS
from tests.enrollment.forms import eligible_form
from tests.protocols.build import protocol_text

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = UUID("d5b6a5f4-3a64-4f0c-8b1a-52a8a2a1f0aa")
AT = datetime(2027, 2, 22, 15, tzinfo=UTC)
CENTRE = c.Actor(id="centre", role="coordinator", sites=("*",))


@dataclass
class WorkerProcess:
    """One `python -m streams.worker`."""

    settings: Settings
    log: Path
    more: dict[str, str] = field(default_factory=dict)
    """Further settings, by their names."""
    port: int = field(default_factory=free_port)

    def start(self) -> "WorkerProcess":
        environment = {k: v for k, v in os.environ.items() if not k.startswith("HOLDFAST_")}
        environment |= {
            **as_environment(self.settings),
            "HOLDFAST_SESSION_TIMEOUT_SECONDS": "6",
            "HOLDFAST_STATUS_PORT": str(self.port),
            **self.more,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "streams.worker"],
            cwd=ROOT,
            env=environment,
            stderr=self.log.open("ab"),
        )
        return self

    async def ready(self) -> None:
        """Returns when it says so itself; raises with its log when it ended instead."""
        while await asyncio.to_thread(self.status, "/ready") != 200:
            assert self.process.poll() is None, self.log.read_text()
            await asyncio.sleep(0.1)

    async def not_ready(self) -> None:
        while await asyncio.to_thread(self.status, "/ready") == 200:
            await asyncio.sleep(0.1)

    async def ended(self) -> int:
        """Its exit code; negative for the signal that killed it."""
        return await asyncio.to_thread(self.process.wait, 150)

    async def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=2) as said:
                return int(said.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0


def as_environment(settings: Settings) -> dict[str, str]:
    """What was set, as a process is told it."""
    told = {name: getattr(settings, name) for name in settings.model_fields_set}
    return {
        f"HOLDFAST_{name.upper()}": str(
            value.get_secret_value() if isinstance(value, SecretStr) else value
        )
        for name, value in told.items()
        if value is not None
    }


@dataclass
class Client:
    """Asks for things in one trial; the same name of a command is the same command id."""

    settings: Settings
    trial: str

    async def start(self) -> "Client":
        self.writer = RequestWriter(self.settings)
        self.follower = TrialFollower(self.settings, evolve, new_trial)
        await self.writer.start()
        await self.follower.start()
        return self

    async def stop(self) -> None:
        await self.writer.stop()
        await self.follower.stop()

    def command_id(self, name: str) -> UUID:
        return uuid5(NAMESPACE, f"{self.trial}/{name}")

    async def send(
        self, name: str, command: c.AnyCommand, actor: c.Actor = CENTRE, at: datetime = AT
    ) -> UUID:
        """Returns when Kafka has it."""
        body = canonical(command.model_dump(mode="json"))
        request = c.Request(
            trial_id=self.trial,
            command_id=self.command_id(name),
            digest=digest(body),
            at=at,
            actor=actor,
            command=command,
        )
        await self.writer.send(request)
        return request.command_id

    async def ask(
        self, name: str, command: c.AnyCommand, actor: c.Actor = CENTRE, within: float = 150
    ) -> StoredAnswer:
        command_id = await self.send(name, command, actor)
        answer = await self.follower.wait_for(self.trial, command_id, within)
        assert answer is not None, f"{name} was not answered"
        return answer

    async def send_opening(self, **protocol: object) -> list[UUID]:
        """What `open` asks for, without waiting for any worker."""
        return [await self.send(name, command) for name, command in self._opening(protocol)]

    async def open(self, **protocol: object) -> None:
        """A simulated trial with a protocol, one site, and its first level open."""
        for name, command in self._opening(protocol):
            await self.ask(name, command)

    def _opening(self, protocol: dict[str, object]) -> list[tuple[str, c.AnyCommand]]:
        text = protocol_text(protocol_id=self.trial[:40], **protocol)  # type: ignore[arg-type]
        return [
            ("adopt", c.AdoptProtocol(text=text, clock="simulated", meaning="I do.")),
            ("site S1", site("S1")),
            ("activate", c.ActivateTrial(meaning="I open it.")),
        ]


def site(site_id: str) -> c.ActivateSite:
    return c.ActivateSite(site_id=site_id, protocol_version="1.0", approved_on=date(2027, 1, 15))


def form(subject: str, site_id: str = "S1", at: datetime = AT) -> c.SubmitForm:
    """Of that day, for a subject who passes everything, to be dosed three days later."""
    on = at.date()
    filled = eligible_form(subject, site_id, on=on, planned=on + timedelta(days=3))
    return c.SubmitForm(subject_id=subject, site_id=site_id, form=filled)


async def public_events(client: Client, reader: LogReader) -> list[dict[str, object]]:
    """What `enrollment.events` holds of the client's trial."""
    partition = partition_of(client.trial, client.settings.partitions)
    end = await reader.end(EVENTS, partition)
    found = [json.loads(v) async for _, v in reader.read(EVENTS, partition, 0, end)]
    return [event for event in found if event["source"] == f"/v1/trials/{client.trial}"]
