"""The record and the fence on real Kafka and Redis: stale owners, a read side lost or put back."""

import pytest

from streams import keys
from streams.batch import Written, decide_all
from streams.kafka import Outgoing
from streams.read_side import Publication, Reply
from streams.recovery import DoesNotFitError
from streams.topics import LOG
from streams.work import entry_of
from tests.streams.conftest import NewOwner
from tests.streams.counting import COUNTING, command, request
from tests.streams.stage import Owner, numbers_decided, parked


async def test_a_batch_is_decided_sent_published_and_acknowledged(owner: Owner, trial: str) -> None:
    await owner.decide([request(trial, n) for n in range(5)])
    assert await numbers_decided(owner, trial, 5) == [0, 1, 2, 3, 4]
    assert owner.acknowledged(trial) == 5


async def test_a_redelivered_command_is_acknowledged_and_not_decided_again(
    new_owner: NewOwner, trial: str
) -> None:
    first = await new_owner()
    first.own(trial)
    await first.decide([request(trial, n) for n in range(3)])
    second = await new_owner()
    second.own(trial)
    await second.decide([request(trial, n) for n in range(4)])
    assert await numbers_decided(second, trial, 4) == [0, 1, 2, 3]
    assert second.acknowledged(trial) == 4


async def test_a_stale_owner_notices_where_its_records_landed_and_decides_again(
    new_owner: NewOwner, trial: str
) -> None:
    stale, new = await new_owner(), await new_owner()
    stale.own(trial)
    await stale.decide([request(trial, 0)])
    new.own(trial)
    await new.decide([request(trial, n) for n in (0, 1, 2)])
    await stale.decide([request(trial, n) for n in (1, 3)])
    assert await numbers_decided(stale, trial, 4) == [0, 1, 2, 3]
    await new.decide([request(trial, n) for n in (3, 4)])
    assert await numbers_decided(new, trial, 5) == [0, 1, 2, 3, 4]


async def test_a_stale_owner_that_meets_an_unknown_trial_does_not_start_it_twice(
    new_owner: NewOwner, trial: str
) -> None:
    stale, new = await new_owner(), await new_owner()
    stale.own(trial)
    await stale.handle()
    await stale.stage._recover_owned()
    new.own(trial)
    await new.decide([request(trial, 0)])
    await stale.decide([request(trial, 0), request(trial, 1)])
    assert await numbers_decided(new, trial, 2) == [0, 1]


async def test_a_record_of_somebody_else_in_the_log_is_void_and_the_trial_goes_on(
    owner: Owner, trial: str
) -> None:
    await owner.decide([request(trial, 0)])
    partition = owner.partition(trial)
    await owner.producer.send_all([Outgoing(LOG, partition, trial.encode(), b"nonsense")])
    await owner.decide([request(trial, 1)])
    assert await numbers_decided(owner, trial, 2) == [0, 1]
    ledger = owner.stage.ledger(partition)
    assert ledger is not None
    assert ledger.void >= 1


async def test_a_read_side_that_lost_a_trial_is_rebuilt_by_the_next_batch(
    owner: Owner, trial: str
) -> None:
    await owner.decide([request(trial, n) for n in range(3)])
    await owner.redis.delete(*keys.of_trial(trial))
    await owner.decide([request(trial, 3)])
    assert await numbers_decided(owner, trial, 4) == [0, 1, 2, 3]


async def test_the_probe_repairs_a_lost_trial_without_any_command(owner: Owner, trial: str) -> None:
    await owner.decide([request(trial, n) for n in range(3)])
    await owner.redis.delete(*keys.of_trial(trial))
    await owner.stage._tick()
    assert await numbers_decided(owner, trial, 3) == [0, 1, 2]


async def test_a_trial_rolled_back_in_redis_is_brought_up_to_date(owner: Owner, trial: str) -> None:
    await owner.decide([request(trial, n) for n in range(2)])
    dumps = {key: await owner.redis.dump(key) for key in keys.of_trial(trial)}
    await owner.decide([request(trial, n) for n in range(2, 5)])
    for key, dump in dumps.items():
        if dump is not None:
            await owner.redis.restore(key, 0, dump, replace=True)
    await owner.stage._tick()
    assert await numbers_decided(owner, trial, 5) == [0, 1, 2, 3, 4]


async def test_where_redis_diverges_kafka_wins_and_the_branch_is_kept_in_quarantine(
    owner: Owner, trial: str
) -> None:
    await owner.decide([request(trial, n) for n in range(3)])
    entry = keys.entry_id(1)
    await owner.redis.xdel(keys.log(trial), entry)
    await owner.redis.hset(keys.head(trial), "hash", "f" * 64)
    await owner.stage._tick()
    assert await numbers_decided(owner, trial, 3) == [0, 1, 2]
    quarantined = await owner.redis.keys(f"{keys.log(trial)}:quarantine:*")
    assert [await owner.redis.xlen(key) for key in quarantined] == [2]


async def test_what_redis_has_and_kafka_lost_is_sent_again(new_owner: NewOwner, trial: str) -> None:
    """Redis was given two records more than `trial.log`, as if the broker had lost its end."""
    ahead, owner = await new_owner(), await new_owner()
    ahead.own(trial)
    await ahead.decide([request(trial, 0)])
    ledger = ahead.stage.ledger(ahead.partition(trial))
    assert ledger is not None
    results = decide_all(ledger, [command(request(trial, n)) for n in (1, 2)], COUNTING)
    lost = [
        entry_of(result.record, 10**9 + index, adopts=False)
        for index, result in enumerate(results)
        if isinstance(result, Written)
    ]
    await ahead.read_side.publish([Publication(trial, lost[0].previous, 10**9, tuple(lost))])
    owner.own(trial)
    await owner.decide([request(trial, 2), request(trial, 3)])
    assert await numbers_decided(owner, trial, 4) == [0, 1, 2, 3]


async def test_a_refusal_of_redis_is_never_acknowledged(
    owner: Owner, trial: str, monkeypatch: pytest.MonkeyPatch
) -> None:

    async def refuse(publications: list[object], new: object = ()) -> list[Reply]:
        return [Reply.GAP for _ in publications]

    monkeypatch.setattr(owner.read_side, "publish", refuse)
    await owner.put([request(trial, 0)])
    with pytest.raises(DoesNotFitError):
        await owner.handle()
    assert owner.acknowledged(trial) == 0


async def test_unreadable_and_conflicting_commands_are_parked_and_the_stage_goes_on(
    owner: Owner, trial: str
) -> None:
    await owner.put([request(trial, 0)])
    await owner.put_raw(trial, b'{"format":1,"secret":"value"}')
    await owner.decide([request(trial, 0, "something else"), request(trial, 1)])
    assert await numbers_decided(owner, trial, 2) == [0, 1]
    assert owner.acknowledged(trial) == 4
    messages = await parked(owner.reader, owner.partition(trial), trial)
    assert [(m.reason, m.source.topic, m.source.offset) for m in messages] == [
        ("conflict", "trial.commands", 2)
    ]
    assert messages[0].original() == request(trial, 0, "something else").model_dump_json().encode()


async def test_a_batch_of_several_trials_and_partitions_is_one_commit(
    new_owner: NewOwner, trial: str
) -> None:
    owner = await new_owner()
    trials = [f"{trial[:20]}-{n}" for n in range(6)]
    for each in trials:
        owner.own(each)
    for each in trials:
        owner.offset = 0
        owner.stage.inbox.assigned([owner.partition(each)])
    by_partition: dict[int, int] = {}
    for each in trials:
        owner.offset = by_partition.get(owner.partition(each), 0)
        await owner.put([request(each, n) for n in range(3)])
        by_partition[owner.partition(each)] = owner.offset
    await owner.handle()
    for each in trials:
        assert await numbers_decided(owner, each, 3) == [0, 1, 2]
