"""Each thing that can go wrong with log and read side is recognised, told by name, and repaired."""

from itertools import count
from uuid import uuid4

import pytest

from streams import keys, snapshots
from streams.cases import Case, Cases
from streams.kafka import Outgoing
from streams.snapshots import name
from streams.topics import LOG
from tests.streams.conftest import NewOwner
from tests.streams.counting import request
from tests.streams.stage import Owner, numbers_decided


async def begun(new_owner: NewOwner, trial: str, records: int = 3) -> Owner:
    owner = await new_owner()
    owner.own(trial)
    await owner.put([request(trial, n) for n in range(records)])
    await owner.handle()
    ledger = owner.stage.ledger(owner.partition(trial))
    assert ledger is not None
    await owner.read_side.list_all(ledger.partition, ledger.trials, ledger.last_offset)
    return owner


def found(owner: Owner) -> set[str]:
    """Besides the takeover, and what other trials of the partition brought with it."""
    return set(owner.health.cases.counts()) - {"takeover"}


async def found_by_tick(owner: Owner) -> set[str]:
    before = owner.health.cases.counts()
    await owner.stage._tick()
    after = owner.health.cases.counts()
    return {case for case in after if after[case] > before.get(case, 0)}


async def test_a_partition_that_comes_is_a_takeover_once(new_owner: NewOwner, trial: str) -> None:
    owner = await begun(new_owner, trial)
    assert owner.health.cases.counts()["takeover"] == 1
    owner.stage._forget([owner.partition(trial)])
    await owner.stage._tick()
    assert owner.health.cases.counts()["takeover"] == 1


async def test_keys_of_a_trial_that_are_gone(new_owner: NewOwner, trial: str) -> None:
    owner = await begun(new_owner, trial)
    await owner.redis.delete(keys.head(trial))
    assert Case.TRIAL_KEYS_GONE in await found_by_tick(owner)
    assert await numbers_decided(owner, trial, 3) == [0, 1, 2]


async def test_a_head_that_nobody_of_ours_changed(new_owner: NewOwner, trial: str) -> None:
    owner = await begun(new_owner, trial)
    await owner.redis.hset(keys.head(trial), "hash", "f" * 64)
    assert Case.HEAD_CHANGED in await found_by_tick(owner)
    assert await numbers_decided(owner, trial, 3) == [0, 1, 2]


async def test_a_redis_that_has_nothing_of_a_partition(new_owner: NewOwner, trial: str) -> None:
    owner = await begun(new_owner, trial)
    ledger = owner.stage.ledger(owner.partition(trial))
    assert ledger is not None
    gone = [key for one in ledger.trials for key in keys.of_trial(one)]
    await owner.redis.delete(*gone, keys.trials(ledger.partition))
    assert await found_by_tick(owner) == {Case.REDIS_EMPTY}
    assert await numbers_decided(owner, trial, 3) == [0, 1, 2]


async def test_a_redis_that_is_rolled_back(new_owner: NewOwner, trial: str) -> None:
    owner = await begun(new_owner, trial, 2)
    old = {key: await owner.redis.dump(key) for key in keys.of_trial(trial)}
    await owner.put([request(trial, 2)])
    await owner.handle()
    for key, dump in old.items():
        if dump is not None:
            await owner.redis.restore(key, 0, dump, replace=True)
    assert Case.REDIS_ROLLED_BACK in await found_by_tick(owner)
    assert await numbers_decided(owner, trial, 3) == [0, 1, 2]


async def test_a_log_in_redis_with_a_hole(new_owner: NewOwner, trial: str) -> None:
    owner = await begun(new_owner, trial)
    await owner.redis.xdel(keys.log(trial), keys.entry_id(1))
    assert await found_by_tick(owner) >= {Case.TRIAL_KEYS_GONE, Case.DIVERGED}
    assert await numbers_decided(owner, trial, 3) == [0, 1, 2]


async def test_a_log_in_redis_that_is_no_chain(new_owner: NewOwner, trial: str) -> None:
    owner = await begun(new_owner, trial)
    log = keys.log(trial)
    entries = await owner.redis.xrange(log)
    await owner.redis.delete(log)
    for number, (entry, fields) in enumerate(entries):
        await owner.redis.xadd(log, {**fields, b"r": b"{}"} if number == 1 else fields, entry)
    other = await new_owner()
    other.own(trial)
    await other.stage._tick()
    assert Case.REDIS_DAMAGED in found(other)
    assert await numbers_decided(other, trial, 3) == [0, 1, 2]
    kept = await owner.redis.keys(f"{log}:quarantine:*")
    assert [await owner.redis.xlen(key) for key in kept] == [3]


async def test_a_record_of_somebody_else(new_owner: NewOwner, trial: str) -> None:
    owner = await begun(new_owner, trial)
    strange = Outgoing(LOG, owner.partition(trial), trial.encode(), b'{"format":1}')
    await owner.producer.send_all([strange])
    assert {Case.LOG_MOVED, Case.VOID_RECORD} <= await found_by_tick(owner)
    await owner.producer.send_all([strange])
    await owner.put([request(trial, 3)])
    await owner.handle()
    assert owner.health.cases.counts()["offset_jump"] == 1
    assert await numbers_decided(owner, trial, 4) == [0, 1, 2, 3]


async def test_records_that_landed_and_were_not_shown(new_owner: NewOwner, trial: str) -> None:
    owner = await begun(new_owner, trial, 1)
    old = {key: await owner.redis.dump(key) for key in keys.of_trial(trial)}
    listed = await owner.redis.dump(keys.trials(owner.partition(trial)))
    await owner.put([request(trial, 1)])
    await owner.handle()
    for key, dump in (*old.items(), (keys.trials(owner.partition(trial)), listed)):
        if dump is not None:
            await owner.redis.restore(key, 0, dump, replace=True)
    other = await new_owner()
    other.own(trial)
    await other.stage._tick()
    assert Case.REDIS_BEHIND in found(other)
    assert await numbers_decided(other, trial, 2) == [0, 1]


async def test_a_head_that_was_not_moved_along_is_no_lack(new_owner: NewOwner, trial: str) -> None:
    owner = await begun(new_owner, trial)
    neighbour = next(
        name for name in map(str, (uuid4() for _ in count())) if owner.partition(name) == _of(owner)
    )
    await owner.put([request(neighbour, n) for n in range(3)])
    await owner.handle()
    ledger = owner.stage.ledger(owner.partition(trial))
    assert ledger is not None
    behind = int(await owner.redis.hget(keys.head(trial), "through"))
    assert behind < ledger.last_offset, "records of the neighbour came after it"
    other = await new_owner()
    other.own(trial)
    await other.stage._tick()
    # Void records lie in Kafka, not in Redis: other tests may have left some in this partition.
    assert found(other) <= {"void_record"}, "Redis had every record: nothing was missing"
    assert await numbers_decided(other, trial, 3) == [0, 1, 2]
    assert await numbers_decided(other, neighbour, 3) == [0, 1, 2]


def _of(owner: Owner) -> int:
    """The partition that an owner holds."""
    (partition,) = owner.stage._ledgers
    return partition


class TestSnapshots:
    """A takeover begins at a snapshot; a wrong one costs time, never more."""

    @pytest.fixture(autouse=True)
    def _often(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(snapshots, "EVERY", 3)

    async def written(self, owner: Owner, trial: str) -> str:
        key = keys.snapshot(trial, name())
        while not await owner.redis.exists(key):  # Trials of other tests may come first.
            await owner.stage._tick()
            assert owner.snapshots._writing is not None
            await owner.snapshots._writing
        return key

    async def takes_over(self, new_owner: NewOwner, trial: str) -> Owner:
        other = await new_owner()
        other.own(trial)
        await other.stage._tick()
        return other

    async def test_what_came_after_it_is_folded_on_top(
        self, new_owner: NewOwner, trial: str
    ) -> None:
        owner = await begun(new_owner, trial, 4)
        await self.written(owner, trial)
        await owner.put([request(trial, n) for n in (4, 5)])
        await owner.handle()
        other = await self.takes_over(new_owner, trial)
        ours, theirs = (o.stage.ledger(o.partition(trial)) for o in (owner, other))
        assert ours is not None
        assert theirs is not None
        one, same = ours.trials[trial], theirs.trials[trial]
        assert (same.tip, same.decided, same.public) == (one.tip, one.decided, one.public)
        assert same.trial == one.trial
        assert Case.SNAPSHOT_UNUSABLE not in found(other)
        await other.put([request(trial, n) for n in (2, 6)])
        await other.handle()
        assert await numbers_decided(other, trial, 7) == [0, 1, 2, 3, 4, 5, 6]

    async def test_nothing_before_it_is_folded_again(
        self, new_owner: NewOwner, trial: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        owner = await begun(new_owner, trial, 4)
        await self.written(owner, trial)
        asked: list[int] = []
        other = await new_owner()
        entries = other.read_side.entries

        def counted(trial_id: str, after: int = -1) -> object:
            if trial_id == trial:
                asked.append(after)
            return entries(trial_id, after)

        monkeypatch.setattr(other.read_side, "entries", counted)
        other.own(trial)
        await other.stage._tick()
        assert asked == [3]

    @pytest.mark.parametrize("wrong", ["damaged", "cut", "other chain", "other content"])
    async def test_one_that_does_not_fit_is_told_and_not_used(
        self, new_owner: NewOwner, trial: str, wrong: str
    ) -> None:
        owner = await begun(new_owner, trial, 4)
        key = await self.written(owner, trial)
        last = await owner.redis.lindex(key, -1)
        if wrong == "damaged":
            await owner.redis.lset(key, 0, b"trial nonsense")
        elif wrong == "cut":
            await owner.redis.rpop(key)
        elif wrong == "other chain":
            tip = (await owner.read_side.heads((trial,)))[0]
            assert tip is not None
            await owner.redis.lset(key, -1, last.replace(tip.hash.encode(), b"0" * 64))
        else:
            await owner.redis.lset(key, -1, last.replace(b'"content":"', b'"content":"0'))
        other = await self.takes_over(new_owner, trial)
        assert Case.SNAPSHOT_UNUSABLE in found(other)
        assert await numbers_decided(other, trial, 4) == [0, 1, 2, 3]
        ledger = other.stage.ledger(other.partition(trial))
        assert ledger is not None
        assert ledger.trials[trial].trial.slots == 4


def test_each_case_is_counted_by_name() -> None:
    cases = Cases()
    for _ in range(2):
        cases.met(Case.VOID_RECORD, "void record", partition=1)
    cases.met(Case.TAKEOVER, "ours", partition=1)
    assert cases.counts() == {"takeover": 1, "void_record": 2}
