"""The API's view: folds live, waits for answers, and folds anew when Redis holds another chain."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from enrollment.trial import Trial
from streams import follow_one, keys
from streams.chain import Tip
from streams.folded import Fold
from streams.follow import NotShownError, TrialFollower
from streams.read_side import THROUGH
from streams.record import Record
from streams.settings import Settings
from streams.snapshots import Snapshots, Taken, name
from tests.streams.conftest import NewOwner
from tests.streams.counting import COUNTING, command_id, request
from tests.streams.stage import Owner


@pytest.fixture
async def follower(settings: Settings) -> AsyncIterator[TrialFollower]:
    follower = TrialFollower(settings, COUNTING.evolve, COUNTING.new_trial)
    await follower.start()
    yield follower
    await follower.stop()


async def test_an_unknown_trial_is_none_and_is_not_followed(
    follower: TrialFollower, owner: Owner, trial: str
) -> None:
    await owner.stage._tick()
    assert await follower.trial(trial) is None
    assert await follower.answer(trial, command_id(trial, 0)) is None
    assert await follower.wait_for(trial, command_id(trial, 0), 0.05) is None
    assert follower._follows == {}


async def test_that_there_is_no_such_trial_is_said_only_while_an_owner_says_that_all_are_there(
    follower: TrialFollower, new_owner: NewOwner, trial: str
) -> None:
    with pytest.raises(NotShownError, match="no worker says"):
        await after_the_owner_ended(follower, new_owner, trial)
    owner = await new_owner()
    owner.own(trial)
    await owner.stage._tick()
    assert await follower.trial(trial) is None
    await owner.redis.hdel(keys.trials(owner.partition(trial)), THROUGH)
    with pytest.raises(NotShownError, match="built anew"):
        await follower.trial(trial)
    await owner.stage._tick()
    assert await follower.trial(trial) is None


async def after_the_owner_ended(
    follower: TrialFollower, new_owner: NewOwner, trial: str
) -> Trial | None:
    """Its list of trials is there, complete as it was then; ten seconds later it is its word no
    more, as in a copy of Redis that comes back."""
    owner = await new_owner()
    owner.own(trial)
    await owner.stage._tick()
    await owner.redis.pexpire(keys.whole(owner.partition(trial)), 1)
    await asyncio.sleep(0.01)
    return await follower.trial(trial)


async def test_an_answer_is_given_as_soon_as_it_is_published_and_the_fold_holds_it(
    follower: TrialFollower, new_owner: NewOwner, trial: str
) -> None:
    owner = await new_owner()
    owner.stage.assigned(range(owner.settings.partitions))
    await owner.stage._tick()
    waiting = asyncio.create_task(follower.wait_for(trial, command_id(trial, 1), 120))
    await owner.decide([request(trial, 0), request(trial, 1)])
    answer = await waiting
    assert answer is not None
    assert (answer.sequence, answer.digest) == (1, request(trial, 1).digest)
    assert answer.answer.sentence == "command 1, number 1"
    fold = await follower.trial(trial)
    assert fold is not None
    assert fold.slots == 2
    assert await follower.answer(trial, command_id(trial, 1)) == answer
    assert await follower.wait_for(trial, command_id(trial, 0), 120) is not None
    listed = await follower.list_trials()
    assert trial in listed.trial_ids
    assert listed.complete


async def test_an_old_answer_that_the_follower_no_longer_holds_is_looked_up(
    follower: TrialFollower, owner: Owner, trial: str
) -> None:
    await owner.decide([request(trial, 0)])
    first = await follower.wait_for(trial, command_id(trial, 0), 120)
    assert first is not None
    follower._follows[trial].fold.recent.clear()
    assert await follower.wait_for(trial, command_id(trial, 0), 120) == first


async def test_another_follower_reads_what_was_decided_before_it_came(
    settings: Settings, owner: Owner, trial: str
) -> None:
    await owner.decide([request(trial, n) for n in range(3)])
    late = TrialFollower(settings, COUNTING.evolve, COUNTING.new_trial)
    fold = await late.trial(trial)
    assert fold is not None
    assert fold.slots == 3
    answer = await late.answer(trial, command_id(trial, 2))
    assert answer is not None
    assert answer.sequence == 2
    assert [record.sequence for record in await late.records(trial, after=0, limit=1)] == [1]
    await late.stop()


async def test_a_subscriber_is_given_every_record_once_old_and_new(
    follower: TrialFollower, owner: Owner, trial: str
) -> None:
    await owner.decide([request(trial, n) for n in range(2)])
    seen: list[int] = []

    async def subscribe() -> None:
        async for record in follower.subscribe(trial, after=0):
            seen.append(record.sequence)
            if len(seen) == 3:
                return

    subscribed = asyncio.create_task(subscribe())
    await owner.decide([request(trial, n) for n in range(2, 4)])
    await asyncio.wait_for(subscribed, 120)
    assert seen == [1, 2, 3]


async def test_a_fold_outlives_a_redis_that_is_emptied_and_rebuilt(
    follower: TrialFollower, owner: Owner, trial: str
) -> None:
    await owner.decide([request(trial, n) for n in range(3)])
    assert await follower.wait_for(trial, command_id(trial, 2), 120) is not None
    await owner.redis.delete(*keys.of_trial(trial))
    fold = await follower.trial(trial)
    assert fold is not None
    assert fold.slots == 3
    await owner.decide([request(trial, 3)])
    assert await follower.wait_for(trial, command_id(trial, 3), 120) is not None


async def test_a_fold_is_kept_for_as_long_as_redis_has_nothing_of_the_trial(
    follower: TrialFollower,
    owner: Owner,
    trial: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(follow_one, "BLOCK_MS", 10)
    await owner.decide([request(trial, 0)])
    assert await follower.wait_for(trial, command_id(trial, 0), 120) is not None
    await owner.redis.delete(*keys.of_trial(trial))
    looked = await looks(follower, trial, follow_one.PATIENCE + 2, monkeypatch)
    assert looked > follow_one.PATIENCE
    fold = await follower.trial(trial)
    assert fold is not None
    assert fold.slots == 1


async def looks(
    follower: TrialFollower, trial: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> int:
    """Waits until the follower has looked at the head so many times more."""
    follow = follower._follows[trial]
    look, seen, enough = follow._look_at_head, [0], asyncio.Event()

    async def counted() -> None:
        await look()
        seen[0] += 1
        if seen[0] >= count:
            enough.set()

    monkeypatch.setattr(follow, "_look_at_head", counted)
    await asyncio.wait_for(enough.wait(), 60)
    return seen[0]


async def test_another_chain_in_redis_is_folded_anew(
    follower: TrialFollower, owner: Owner, trial: str
) -> None:
    """Kafka lost the end of the log and the trial went on without it."""
    await owner.decide([request(trial, n) for n in range(2)])
    assert await follower.wait_for(trial, command_id(trial, 1), 120) is not None
    follower._follows[trial].fold.tip = Tip(1, "f" * 64)
    await owner.decide([request(trial, 2)])
    assert await follower.wait_for(trial, command_id(trial, 2), 120) is not None
    fold = await follower.trial(trial)
    assert fold is not None
    assert fold.slots == 3


async def test_redis_still_answers_while_more_trials_are_followed_than_the_library_allows_for(
    follower: TrialFollower, trial: str
) -> None:
    """A hundred connections are its default; each trial followed reads on one of its own."""
    waiting = [
        asyncio.create_task(follower.wait_for(f"{trial}-{n}", command_id(trial, 0), 2))
        for n in range(120)
    ]
    await asyncio.gather(*(follower._follow(f"{trial}-{n}").caught_up() for n in range(120)))
    assert await follower.ready()
    assert await follower.trial(trial) is None
    assert await asyncio.gather(*waiting) == [None] * 120


async def snapshot(owner: Owner, trial: str) -> str:
    ledger = owner.stage.ledger(owner.partition(trial))
    assert ledger is not None
    await Snapshots(owner.redis).write(Taken.of(trial, ledger.trials[trial]))
    return keys.snapshot(trial, name())


@pytest.mark.parametrize("wrong", ["", "no such", "cut", "other chain"])
async def test_a_reader_that_starts_folds_only_what_came_after_the_snapshot_if_that_is_right(
    settings: Settings,
    owner: Owner,
    trial: str,
    wrong: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await owner.decide([request(trial, n) for n in range(4)])
    key = await snapshot(owner, trial)
    await owner.decide([request(trial, n) for n in (4, 5)])
    if wrong == "no such":
        await owner.redis.delete(key)
    elif wrong == "cut":
        await owner.redis.rpop(key)
    elif wrong == "other chain":
        head = orjson.loads(await owner.redis.lindex(key, -1))
        await owner.redis.lset(key, -1, orjson.dumps(head | {"hash": "0" * 64}))
    folded: list[int] = []
    take = Fold.take

    def counted(fold: Fold, *given: Any) -> Record | None:
        record = take(fold, *given)
        assert record is not None
        folded.append(record.sequence)
        return record

    monkeypatch.setattr(Fold, "take", counted)
    late = TrialFollower(settings, COUNTING.evolve, COUNTING.new_trial)
    found = await late.trial(trial)
    assert found is not None
    assert found.slots == 6
    assert folded == ([0, 1, 2, 3, 4, 5] if wrong else [4, 5])
    assert late.sequence(trial) == 5
    assert [record.sequence for record in await late.records(trial)] == [0, 1, 2, 3, 4, 5]
    old = await late.answer(trial, command_id(trial, 1))
    assert old is not None
    assert old.sequence == 1
    await late.stop()


async def test_a_reader_that_starts_shows_nothing_of_a_log_that_is_not_whole(
    settings: Settings, owner: Owner, trial: str
) -> None:
    await owner.decide([request(trial, n) for n in range(4)])
    await owner.stage._tick()
    log = keys.log(trial)
    entries = await owner.redis.xrange(log)
    await owner.redis.xtrim(log, minid=keys.entry_id(4), approximate=False)
    for entry, fields in entries[:2]:
        await owner.redis.xadd(f"{log}:half", fields, entry)
    await owner.redis.rename(f"{log}:half", log)
    late = TrialFollower(settings, COUNTING.evolve, COUNTING.new_trial)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await late.trial(trial)
    await owner.stage._tick()
    found = await late.trial(trial)
    assert found is not None
    assert found.slots == 4
    await late.stop()


async def test_what_a_reader_does_not_find_though_it_was_folded_is_no_end_of_the_log(
    follower: TrialFollower, owner: Owner, trial: str
) -> None:
    await owner.decide([request(trial, n) for n in range(3)])
    assert await follower.wait_for(trial, command_id(trial, 2), 120) is not None
    await owner.redis.xdel(keys.log(trial), keys.entry_id(1))
    with pytest.raises(NotShownError, match="hole"):
        await follower.records(trial)
    await owner.redis.delete(keys.log(trial))
    with pytest.raises(NotShownError, match="not whole"):
        await follower.records(trial)
    fold = await follower.trial(trial)
    assert fold is not None
    assert fold.slots == 3
