"""The worker: `python -m streams.worker`. Checks what it stands on, then runs the stages."""

import asyncio
import importlib
import logging
import os
import sys
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import uvloop
from aiokafka.errors import KafkaError
from pydantic import ValidationError
from redis.exceptions import RedisError

from streams.announce import AnnounceStage
from streams.cloud_events import cloud_events_json
from streams.decide import DecideStage
from streams.faust_app import Stages, build_app, committed
from streams.health import LONGEST_PAUSE, Health
from streams.judge import JudgeStage
from streams.kafka import Outgoing, Producer
from streams.lately import Lately
from streams.log_reader import LogReader
from streams.logs import log_json
from streams.pauses import short_pauses
from streams.ports import Rules
from streams.pulse import Pulse
from streams.read_side import ReadSide
from streams.rebuild import Rebuild, Requests
from streams.record import HigherFormatError
from streams.recovery import Recovery
from streams.redis_client import check_redis, redis_client
from streams.redis_cluster import WrongModeError
from streams.refused import RefusedError, kafka_refuses
from streams.requests import REQUESTS
from streams.rules import RULES, judge_form, parse_protocol
from streams.settings import Settings, wrong_settings
from streams.snapshots import Snapshots
from streams.status import StatusServer
from streams.stopping import Asked, end_within
from streams.topics import COMMANDS, TopicsError, check
from streams.topics import LOG as LOG_TOPIC
from streams.watch import Limits
from streams.watchdog import Watchdog, beside
from streams.watched import Watched

LOG = logging.getLogger("streams.worker")
PACKAGES = ("services", "streams", "enrollment", "protocols", "cohorts", "eligibility")
EXIT_UNSURE = 70
CRASH_SECONDS = 5.0
"""After an error in a stage the process is gone: what it had in memory is worth nothing."""
EXIT_WRONG = 78


class NotAsBuiltError(Exception):
    """This process must not decide anything: the message says why and what mends it."""


def check_process() -> None:
    """Assertions on, and all six packages of one installation."""
    if not __debug__:
        raise NotAsBuiltError("Python runs without assertions: start it without -O")
    places = {}
    for name in PACKAGES:
        file = importlib.import_module(name).__file__
        assert file is not None, f"{name} is a package with a file"
        places[name] = Path(file).resolve().parent.parent
    if len(set(places.values())) != 1:
        raise NotAsBuiltError(f"the packages come from several places: {places}")


async def wait_for_parts(settings: Settings, health: Health) -> None:
    """Returns when Kafka has the right topics and Redis answers; raises when they are wrong."""
    pause = 0.1
    redis = redis_client(settings)
    try:
        while True:
            try:
                await check(settings)
                health.is_back("kafka")
                await check_redis(redis, settings)
                health.is_back("redis")
                return
            except (KafkaError, OSError, TimeoutError) as error:
                await _refused_or(error, health)
                health.is_away("kafka")
            except WrongModeError:
                raise
            except RedisError as error:
                await _refused_or(error, health)
                health.is_away("redis")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
    finally:
        await redis.aclose()


async def _refused_or(error: Exception, health: Health) -> None:
    """Returns for an outage, which may be waited for."""
    if (why := await health.why_away(error)) is not None:
        raise RefusedError(why) from None


class Worker:
    """All parts of one worker process, made in the order in which they need each other."""

    def __init__(self, settings: Settings, rules: Rules, health: Health) -> None:
        self._settings = settings
        self._redis = redis_client(settings)
        self.health = health
        self.producer = Producer(settings)
        self.read_side = ReadSide(self._redis)
        # One for each that reads: recovery, the halts of decide, announce, the watchdog.
        self.readers = tuple(LogReader(settings) for _ in range(4))
        self.snapshots = Snapshots(self._redis)
        rebuild = Rebuild(self.readers[0], self._redis, Requests(self._redis), health.cases)
        recovery = Recovery(
            self.readers[0],
            self.read_side,
            rules,
            self._append,
            health.cases,
            self.snapshots,
            rebuild,
        )
        lately = Lately()
        self.judge = JudgeStage(
            settings, parse_protocol, judge_form, self.producer, self.read_side, health
        )
        self.decide = DecideStage(
            settings,
            rules,
            self.producer,
            self.read_side,
            recovery,
            self.readers[1],
            health,
            lately,
        )
        self.announce = AnnounceStage(
            cloud_events_json, self.producer, self.read_side, self.readers[2], health, lately
        )

    def idle(self) -> bool:
        """Nothing waits for any stage."""
        return not any(s.inbox.waiting for s in (self.judge, self.decide, self.announce))

    def stages(self) -> Stages:
        return Stages({REQUESTS: self.judge, COMMANDS: self.decide, LOG_TOPIC: self.announce})

    async def start(self) -> None:
        await self.producer.start()
        for reader in self.readers:
            await reader.start()
        await self.read_side.load_functions()

    async def stop(self) -> None:
        await self.snapshots.stop()
        await self.producer.stop()
        for reader in self.readers:
            await reader.stop()
        await self._redis.aclose()

    async def _append(self, partition: int, trial_id: str, records: list[bytes]) -> list[int]:
        key = trial_id.encode()
        return await self.producer.send_all(
            [Outgoing(LOG_TOPIC, partition, key, stored) for stored in records]
        )


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Runs until `stop` is set; any exception out of a stage comes out of here."""
    health = Health()
    health.ask_kafka = partial(kafka_refuses, settings)
    watched = Watched(health)
    limits = Limits(
        settings.loop_blocked_seconds, settings.stage_hung_seconds, settings.message_seconds
    )
    watchdog = Watchdog(limits, watched.sample, watched.pulse)
    async with beside(watchdog.run()):
        try:
            await _work(settings, stop, health, watched)
        finally:
            watchdog.stop()


async def _work(settings: Settings, stop: asyncio.Event, health: Health, watched: Watched) -> None:
    status = None
    if settings.status_port is not None:
        status = StatusServer(health, settings.status_host, settings.status_port)
        await status.start()
        LOG.info("status on port %d", status.port)
    await _or_stop(wait_for_parts(settings, health), stop)
    if stop.is_set():
        return
    worker = Worker(settings, RULES, health)

    def started() -> None:
        health.started = True
        LOG.info("started")

    commits = Pulse("commit")
    app = build_app(settings, worker.stages(), started, commits)
    app.loop = asyncio.get_running_loop()
    try:
        await _start(worker, health)
        inboxes = {topic: stage.inbox for topic, stage in worker.stages().by_topic.items()}
        watched.stages(inboxes, (commits,))
        looking = watched.look_at_lag(
            worker.readers[3], partial(committed, app), settings.lag_window_seconds
        )
        async with short_pauses(worker.idle), beside(looking), app:
            await _or_stop(app.wait_until_stopped(), stop)
            if app.crash_reason is not None:
                # Faust would wait for a Kafka that is away before it lets go of its group.
                end_within(CRASH_SECONDS, EXIT_UNSURE)
                raise app.crash_reason
    finally:
        health.started = False
        await worker.stop()
        if status is not None:
            await status.stop()
    if not stop.is_set():
        raise RuntimeError("Faust stopped by itself")


async def _start(worker: Worker, health: Health) -> None:
    try:
        await worker.start()
    except (KafkaError, RedisError, OSError) as error:
        await _refused_or(error, health)
        raise


async def _or_stop(work: Coroutine[Any, Any, Any], stop: asyncio.Event) -> None:
    """Waits for the work or for `stop`, whichever comes first; an exception of it comes out."""
    task = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if task.done():
        task.result()
    else:
        task.cancel()


async def _main(settings: Settings, asked: Asked) -> None:
    stop = asyncio.Event()
    asked.tell(asyncio.get_running_loop(), stop.set)
    await run(settings, stop)


def _settings() -> Settings:
    """Of the environment; `ValueError` names those that must be set."""
    try:
        return Settings()
    except ValidationError as error:
        raise ValueError(wrong_settings(error)) from None


def main() -> None:
    """The process. Ends with 0 after a signal, 78 when it is set up wrongly, 70 when unsure."""
    log_json()
    asked = Asked()
    try:
        check_process()
        uvloop.run(_main(_settings(), asked))
    except (NotAsBuiltError, RefusedError, TopicsError, ValueError) as error:
        LOG.critical("%s", error)
        sys.exit(EXIT_WRONG)
    except HigherFormatError as error:
        LOG.critical("%s", error)
        os._exit(EXIT_WRONG)
    except Exception:
        LOG.critical("the worker ends: what it had in memory is worth nothing now", exc_info=True)
        # What was sent may still be under way: nothing more may be sent by this process.
        os._exit(EXIT_UNSURE)


if __name__ == "__main__":
    main()
