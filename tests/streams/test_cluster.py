"""The read side on a Redis Cluster: trials on every node, a slot that moves, a dying primary."""

import json
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from pydantic import ValidationError
from redis.crc import key_slot
from redis.exceptions import AuthenticationError, ConnectionError, NoPermissionError

from services.local.guard import Guard
from services.local.places import free_port
from streams import keys
from streams.follow import TrialFollower
from streams.partition import partition_of
from streams.read_side import FUNCTION, ReadSide, Reply
from streams.rebuild import Asked
from streams.redis_client import check_redis, redis_client
from streams.redis_cluster import WrongModeError
from streams.refused import refusal
from streams.settings import Settings
from tests.services.processes import ApiProcess
from tests.streams.conftest import NewOwner
from tests.streams.counting import COUNTING, command_id, request
from tests.streams.entries import chain, publication
from tests.streams.redis_nodes import SLOTS, RedisNodes, ask, start_nodes
from tests.streams.secured import ACL, ACL_OF_CLUSTER
from tests.streams.stage import Owner, accepted, published
from tests.streams.workers import Client, WorkerProcess, form


@pytest.fixture(scope="module")
def nodes(process_guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisNodes]:
    nodes = start_nodes(tmp_path_factory.mktemp("nodes"), process_guard)
    yield nodes
    nodes.stop()


@pytest.fixture
def settings(settings: Settings, nodes: RedisNodes) -> Settings:
    return settings.model_copy(update={"redis_url": nodes.url, "redis_cluster": True})


@pytest.fixture
async def follower(settings: Settings) -> AsyncIterator[TrialFollower]:
    follower = TrialFollower(settings, COUNTING.evolve, COUNTING.new_trial)
    yield follower
    await follower.stop()


def trial_on(primary: int) -> str:
    """A new trial of partition 0 whose slot belongs to this primary."""
    low, high = SLOTS[primary]
    names = (name for _ in count() if partition_of(name := f"T-{uuid4()}", 8) == 0)
    return next(name for name in names if low <= key_slot(keys.log(name).encode()) <= high)


async def decide(owner: Owner, trials: list[str], number: int) -> None:
    await owner.put([request(trial, number) for trial in trials])
    await owner.handle()


async def agree(owner: Owner, trial: str, records: int) -> None:
    """Redis shows the accepted chain of `trial.log`, of so many records."""
    chain = await accepted(owner.reader, owner.partition(trial), trial)
    assert len(chain) == records
    assert await published(owner.read_side, trial) == [record.stored for record in chain]


async def heard(follower: TrialFollower, trial: str, number: int) -> int:
    """The sequence under which the follower hears of a command."""
    answer = await follower.wait_for(trial, command_id(trial, number), 120)
    assert answer is not None
    return answer.sequence


async def test_trials_on_every_node_are_decided_in_one_batch_and_followed(
    new_owner: NewOwner, nodes: RedisNodes, follower: TrialFollower
) -> None:
    owner = await new_owner()
    trials = [trial_on(primary) for primary in (0, 1, 2)]
    owner.own(trials[0])
    for number in range(3):
        await decide(owner, trials, number)
    for trial in trials:
        assert await heard(follower, trial, 2) == 2
        fold = await follower.trial(trial)
        assert fold is not None
        assert fold.slots == 3
        await agree(owner, trial, 3)
    owner.stage.assigned(range(owner.settings.partitions))
    await owner.stage._tick()
    assert set(trials) <= set((await follower.list_trials()).trial_ids)
    await owner.stage._look_at_redis()
    assert owner.partition(trials[0]) in owner.stage._ledgers
    for node in nodes.primaries:
        assert FUNCTION in ask(node, "FUNCTION LIST")
        # Whoever asks a node where the keys are sends it the whole batch for that.
        assert "command|getkeys" not in ask(node, "INFO", "commandstats")


async def test_a_node_that_lost_everything_is_found_by_the_probe_and_filled_again(
    new_owner: NewOwner, nodes: RedisNodes
) -> None:
    owner = await new_owner()
    gone, kept = trial_on(1), trial_on(2)
    owner.own(gone)
    await decide(owner, [gone, kept], 0)
    ask(nodes.primaries[1], "FLUSHALL")
    ask(nodes.primaries[1], "FUNCTION FLUSH")
    assert await published(owner.read_side, gone) == []
    await owner.stage._tick()
    assert owner.health.cases.counts()["trial_keys_gone"] >= 1
    await agree(owner, gone, 1)
    await decide(owner, [gone, kept], 1)
    await agree(owner, gone, 2)
    await agree(owner, kept, 2)


async def test_a_slot_that_has_moved_is_followed_to_its_new_node(
    new_owner: NewOwner, nodes: RedisNodes, follower: TrialFollower
) -> None:
    owner = await new_owner()
    stays, moves = trial_on(1), trial_on(1)
    slot = key_slot(keys.log(moves).encode())
    owner.own(stays)
    await decide(owner, [stays], 0)
    assert await follower.trial(moves) is None
    to = ask(nodes.primaries[2], "CLUSTER MYID")
    for node in (nodes.primaries[2], nodes.primaries[1], nodes.primaries[0]):
        ask(node, "CLUSTER SETSLOT", slot, "NODE", to)
    await decide(owner, [stays, moves], 1)
    await agree(owner, stays, 2)
    await agree(owner, moves, 1)
    assert await heard(follower, moves, 1) == 0
    assert ask(nodes.primaries[2], "CLUSTER COUNTKEYSINSLOT", slot) == "3"


async def test_a_trial_is_rebuilt_and_its_keys_are_swapped_at_once(
    new_owner: NewOwner, nodes: RedisNodes
) -> None:
    owner = await new_owner()
    trial = trial_on(2)
    owner.own(trial)
    await decide(owner, [trial], 0)
    await owner.redis.delete(keys.answers(trial))
    await owner.redis.set(keys.protocol(trial), 7)
    assert owner.stage._recovery.rebuild is not None
    await owner.stage._recovery.rebuild.requests.ask(0, Asked("R1", trial))
    await owner.stage._tick()
    told = await owner.stage._recovery.rebuild.requests.progress(0)
    assert told is not None
    assert told.state == "done"
    assert await owner.redis.hlen(keys.answers(trial)) == 1
    assert not await owner.redis.exists(keys.protocol(trial)), "no record adopted one"
    await decide(owner, [trial], 1)
    await agree(owner, trial, 2)


async def test_one_worker_and_the_web_on_a_cluster(settings: Settings, tmp_path: Path) -> None:
    worker = WorkerProcess(settings, tmp_path / "worker.log").start()
    tokens = tmp_path / "tokens.json"
    tokens.write_text(json.dumps({"secret": {"id": "a", "role": "auditor", "sites": ["*"]}}))
    api = ApiProcess(settings, tokens, tmp_path / "api.log", free_port()).start()
    client = await Client(settings, trial_on(0)).start()
    try:
        await client.open()
        answer = await client.ask("form", form("P-1"))
        assert answer.answer.outcome == "slot_reserved"
        await api.ready()
        async with httpx2.AsyncClient(headers={"Authorization": "Bearer secret"}) as http:
            shown = await http.get(f"{api.url}/v1/trials/{client.trial}/subjects/P-1")
        assert shown.status_code == 200, shown.text
        assert await worker.stop() == 0
    finally:
        await client.stop()
        worker.kill()
        api.kill()


async def test_a_user_may_do_what_holdfast_does_on_a_cluster_and_nothing_else(
    nodes: RedisNodes,
) -> None:
    for node in nodes.primaries:
        ask(
            node,
            "ACL",
            "SETUSER",
            "holdfast",
            "on",
            ">of-redis",
            *f"{ACL} {ACL_OF_CLUSTER}".split(),
        )
    user: dict[str, Any] = {"redis_username": "holdfast", "redis_password": "of-redis"}
    settings = Settings(kafka_bootstrap="none:1", redis_url=nodes.url, redis_cluster=True, **user)
    redis = redis_client(settings)
    await check_redis(redis, settings)
    read_side = ReadSide(redis)
    await read_side.load_functions()
    trials = [trial_on(primary) for primary in (0, 1, 2)]
    published = [publication(trial, chain(trial, [1, 2])) for trial in trials]
    assert await read_side.publish(published) == [Reply.OK] * 3
    with pytest.raises(NoPermissionError):
        await redis.execute_command("FLUSHALL")
    await redis.aclose()


async def test_a_primary_that_dies_is_replaced_and_nothing_is_lost(
    new_owner: NewOwner, nodes: RedisNodes, follower: TrialFollower
) -> None:
    """Last: the first primary is gone afterwards, its replica serves instead."""
    owner = await new_owner()
    trials = [trial_on(primary) for primary in (0, 1)]
    owner.own(trials[0])
    await decide(owner, trials, 0)
    for trial in trials:
        assert await heard(follower, trial, 0) == 0
    nodes.primaries[0].kill()
    await decide(owner, trials, 1)
    for trial in trials:
        assert await heard(follower, trial, 1) == 1
        await agree(owner, trial, 2)
    assert "role:master" in ask(nodes.replica, "INFO", "replication")


async def test_a_cluster_that_is_away_refuses_us_or_is_none_raises_what_is_waited_out(
    redis_url: str, nodes: RedisNodes
) -> None:
    async def asked(url: str, **more: object) -> None:
        settings = Settings(kafka_bootstrap="none:1", redis_url=url, **more)  # type: ignore[arg-type]
        redis = redis_client(settings)
        try:
            await check_redis(redis, settings)
        finally:
            await redis.aclose()

    await asked(nodes.url, redis_cluster=True)
    with pytest.raises(ConnectionError):
        await asked("redis://127.0.0.1:1", redis_cluster=True)
    with pytest.raises(AuthenticationError):
        await asked(nodes.url, redis_cluster=True, redis_password="wrong")
    with pytest.raises(WrongModeError, match="unset HOLDFAST_REDIS_CLUSTER"):
        await asked(redis_url, redis_cluster=True)
    with pytest.raises(WrongModeError, match="set HOLDFAST_REDIS_CLUSTER=true"):
        await asked(f"{nodes.url.split(',')[0]}/0")


@pytest.mark.parametrize("url", ["redis://a:1/3", "unix:///tmp/redis.sock"])
def test_a_database_or_a_socket_of_a_cluster_is_refused_with_the_mend(url: str) -> None:
    with pytest.raises(ValidationError, match="set HOLDFAST_REDIS_URL to redis:// or rediss://"):
        Settings(kafka_bootstrap="a:1", redis_url=url, redis_cluster=True)


async def test_a_refused_login_to_a_cluster_is_named_and_no_outage(nodes: RedisNodes) -> None:
    settings = Settings(
        kafka_bootstrap="none:1", redis_url=nodes.url, redis_cluster=True, redis_password="wrong"
    )
    redis = redis_client(settings)
    with pytest.raises(AuthenticationError) as raised:
        await redis.ping()
    await redis.aclose()
    says = refusal(raised.value, "redis")
    assert says is not None
    assert "HOLDFAST_REDIS_PASSWORD" in says
