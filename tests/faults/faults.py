"""Every kind of fault: how it begins, with seeded parameters, and how it is healed again."""

import asyncio
import contextlib
import random
import shutil
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError

from services.local import processes
from tests.faults import messages
from tests.faults.asking import get
from tests.faults.client import TrialUnderLoad
from tests.faults.proxy import Proxy, Trouble
from tests.faults.stack import SESSION_SECONDS, Part, Stack

Parameters = dict[str, Any]
POINTS = ("decided", "sent", "published", "acknowledged")
RESTART_WITHIN_SECONDS, CRASH_WITHIN_SECONDS = 25.0, 4.0
"""How long a worker may take to be ready with its hook, and then to come to that point."""


@dataclass(slots=True)
class Scene:
    """Where a fault strikes; `trials` are those under load."""

    stack: Stack
    trials: list[TrialUnderLoad]
    seconds: float
    """How long the load runs: faults are healed soon after."""


Inject = Callable[[Scene, random.Random], Awaitable[Parameters]]


async def _kill(part: Part) -> None:
    async with part.busy:
        part.signal(signal.SIGKILL)


def kills(*names: str) -> Inject:
    async def inject(scene: Scene, chance: random.Random) -> Parameters:
        chosen = names if names else (chance.choice(("worker-1", "worker-2")),)
        await asyncio.gather(*(_kill(scene.stack.parts[name]) for name in chosen))
        return {"killed": list(chosen)}

    return inject


async def _paused(part: Part, seconds: float) -> None:
    async with part.busy:
        part.signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            part.signal(signal.SIGCONT)


def pauses(name: str | None = None) -> Inject:
    async def inject(scene: Scene, chance: random.Random) -> Parameters:
        chosen = name or chance.choice(("worker-1", "worker-2"))
        seconds = round(chance.uniform(0.3, 3.0), 2)
        await _paused(scene.stack.parts[chosen], seconds)
        return {"paused": chosen, "seconds": seconds}

    return inject


async def stale_worker(scene: Scene, chance: random.Random) -> Parameters:
    """Sleeps through its session: its partitions are somebody else's when it wakes."""
    chosen = chance.choice(("worker-1", "worker-2"))
    seconds = round(SESSION_SECONDS + chance.uniform(1.0, 4.0), 2)
    await _paused(scene.stack.parts[chosen], seconds)
    return {"paused": chosen, "seconds": seconds}


def crashes(point: str, both: bool) -> Inject:
    async def inject(scene: Scene, chance: random.Random) -> Parameters:
        names = ("worker-1", "worker-2") if both else (chance.choice(("worker-1", "worker-2")),)
        told = {name: f"{point}:{chance.randint(1, 2)}" for name in names}
        went = [_crash_at(scene.stack.parts[name], where) for name, where in told.items()]
        return {"crash_at": told, "crashed_there": await asyncio.gather(*went)}

    return inject


async def _crash_at(part: Part, point: str) -> bool:
    """Restarted with the hook; ends by itself there, or is ended when nothing led it there."""
    async with part.busy:
        part.crash_at = point
        before = part.restarts
        # In order: a killed one would keep its partitions for the length of its session.
        part.signal(signal.SIGTERM)
        loop = asyncio.get_running_loop()
        deadline, ready = loop.time() + RESTART_WITHIN_SECONDS, False
        while part.restarts < before + 2 and loop.time() < deadline:
            await asyncio.sleep(0.1)
            if not ready and part.restarts > before:
                ready = (await get(part.port, "/ready")).status == 200
                deadline = loop.time() + CRASH_WITHIN_SECONDS if ready else deadline
        crashed = part.restarts >= before + 2
        if not crashed:
            part.signal(signal.SIGTERM)
        return crashed


async def kill_redis(scene: Scene, chance: random.Random) -> Parameters:
    return await _redis_down(scene.stack, round(chance.uniform(0.1, 3.0), 2))


async def _redis_down(stack: Stack, seconds: float) -> Parameters:
    async with stack.redis_busy:
        assert stack.redis_process is not None
        await asyncio.to_thread(processes.kill, stack.redis_process)
        await asyncio.sleep(seconds)
        await stack.start_redis()
    return {"down_seconds": seconds}


async def redis_rolled_back(scene: Scene, chance: random.Random) -> Parameters:
    stack, seconds = scene.stack, round(chance.uniform(0.5, 3.0), 2)
    old = stack.folder / "redis-old"
    async with stack.redis_busy:
        shutil.rmtree(old, ignore_errors=True)
        await asyncio.to_thread(shutil.copytree, stack.redis.data, old)
        await asyncio.sleep(seconds)
        assert stack.redis_process is not None
        await asyncio.to_thread(processes.kill, stack.redis_process)
        await asyncio.to_thread(shutil.rmtree, stack.redis.data)
        await asyncio.to_thread(shutil.copytree, old, stack.redis.data)
        await stack.start_redis()
    return {"lost_seconds": seconds}


async def redis_wiped(scene: Scene, chance: random.Random) -> Parameters:
    async with scene.stack.redis_busy:
        await messages.redis_command(scene.stack, "FLUSHALL")
    return {}


async def redis_trial_gone(scene: Scene, chance: random.Random) -> Parameters:
    """All keys of one trial."""
    return await _keys_gone(scene, chance, ("head", "log", "answers", "protocol"))


async def redis_key_gone(scene: Scene, chance: random.Random) -> Parameters:
    """One key of one trial: what is left does not fit together any more."""
    name = chance.choice(("head", "log", "answers"))
    return await _keys_gone(scene, chance, (name,))


async def _keys_gone(scene: Scene, chance: random.Random, names: tuple[str, ...]) -> Parameters:
    trial = chance.choice(scene.trials).trial_id
    async with scene.stack.redis_busy:
        keys = [f"{{{trial}}}:{name}" for name in names]
        await messages.redis_command(scene.stack, "DEL", *keys)
    return {"trial": trial, "keys": list(names)}


async def redis_disk_full(scene: Scene, chance: random.Random) -> Parameters:
    """No file may grow: Redis ends at a write, and again at each start, until there is room."""
    stack = scene.stack
    left, seconds = chance.randint(0, 3_000), round(chance.uniform(2.0, 5.0), 2)
    deaths = 0
    async with stack.redis_busy:
        deadline = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < deadline:
            stack.limit_redis_files(left)
            while asyncio.get_running_loop().time() < deadline:
                assert stack.redis_process is not None
                if not processes.is_running(stack.redis_process):
                    deaths += 1
                    left = 0
                    await stack.start_redis()
                    break
                # A write of our own: nobody else may be writing just then.
                with contextlib.suppress(RedisError, OSError):
                    await messages.redis_command(stack, "SET", "faults:filler", "x" * 500)
                await asyncio.sleep(0.05)
        if stack.redis_process is not None and processes.is_running(stack.redis_process):
            stack.limit_redis_files(None)
        else:
            await stack.start_redis()
    return {"bytes_left": left, "seconds": seconds, "redis_ended": deaths}


async def kill_kafka(scene: Scene, chance: random.Random) -> Parameters:
    return await _kafka_down(scene.stack, round(chance.uniform(0.1, 2.0), 2), processes.kill)


async def restart_kafka(scene: Scene, chance: random.Random) -> Parameters:
    return await _kafka_down(scene.stack, round(chance.uniform(0.0, 1.0), 2), processes.stop)


async def _kafka_down(stack: Stack, seconds: float, end: Callable[..., None]) -> Parameters:
    async with stack.kafka_busy:
        assert stack.kafka_process is not None
        await asyncio.to_thread(end, stack.kafka_process)
        await asyncio.sleep(seconds)
        await stack.start_kafka()
    return {"down_seconds": seconds}


def pauses_server(name: str) -> Inject:
    async def inject(scene: Scene, chance: random.Random) -> Parameters:
        stack = scene.stack
        seconds = round(chance.uniform(0.5, 4.0), 2)
        busy = stack.redis_busy if name == "redis" else stack.kafka_busy
        async with busy:
            process = stack.redis_process if name == "redis" else stack.kafka_process
            assert process is not None
            part = Part(name, [], {}, 0, process)
            part.signal(signal.SIGSTOP)
            try:
                await asyncio.sleep(seconds)
            finally:
                part.signal(signal.SIGCONT)
        return {"seconds": seconds}

    return inject


def line_trouble(name: str, trouble: Trouble) -> Inject:
    async def inject(scene: Scene, chance: random.Random) -> Parameters:
        stack = scene.stack
        proxy: Proxy = stack.redis_proxy if name == "redis" else stack.kafka_proxy
        told: Parameters = {"seconds": round(chance.uniform(1.0, 4.0), 2)}
        told |= {
            "cuts": chance.randint(1, 12),
            "delay_seconds": round(chance.uniform(0.05, 0.6), 2),
        }
        kept = trouble == "half_open" and chance.random() < 0.3
        while proxy.trouble is not None:
            await asyncio.sleep(0.1)
        cuts = proxy.cuts
        proxy.begin(trouble, cuts=told["cuts"], delay_seconds=told["delay_seconds"])
        try:
            await asyncio.sleep(told["seconds"])
        finally:
            proxy.heal(cut_dead=not kept)
        return told | {"left_dead": kept, "cut": proxy.cuts - cuts}

    return inject


def sends(inject_messages: Inject) -> Inject:
    """A fault that is messages, sent while the broker is there to take them."""

    async def inject(scene: Scene, chance: random.Random) -> Parameters:
        async with scene.stack.kafka_busy:
            return await inject_messages(scene, chance)

    return inject


KINDS: dict[str, Inject] = {
    "kill_worker": kills(),
    "kill_both_workers": kills("worker-1", "worker-2"),
    "kill_web": kills("web"),
    "kill_redis": kill_redis,
    "kill_kafka": kill_kafka,
    "pause_worker": pauses(),
    "pause_web": pauses("web"),
    "pause_redis": pauses_server("redis"),
    "pause_kafka": pauses_server("kafka"),
    "stale_worker": stale_worker,
    "restart_kafka": restart_kafka,
    "redis_wiped": redis_wiped,
    "redis_rolled_back": redis_rolled_back,
    "redis_trial_gone": redis_trial_gone,
    "redis_key_gone": redis_key_gone,
    "redis_disk_full": redis_disk_full,
    "duplicate_commands": sends(messages.duplicates),
    "reordered_commands": sends(messages.reordered),
    "poison_messages": sends(messages.poison),
    "stranger_in_the_log": sends(messages.stranger),
    "clock_jump": sends(messages.clock_jump),
}
KINDS |= {f"crash_{point}": crashes(point, both=False) for point in POINTS}
KINDS |= {f"crash_both_{point}": crashes(point, both=True) for point in POINTS}
_TROUBLES: tuple[Trouble, ...] = ("cut_before", "cut_after", "delay", "half_open")
for _server in ("redis", "kafka"):
    KINDS |= {f"{_server}_{_trouble}": line_trouble(_server, _trouble) for _trouble in _TROUBLES}
