"""The contract of `publish.lua` on a real Redis: all is checked before anything is written."""

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from streams import keys
from streams.batch import Written, decide_all
from streams.chain import Tip
from streams.ledger import Ledger
from streams.read_side import Head, Publication, ReadSide, Reply
from streams.redis_client import Client
from streams.work import entry_of
from tests.streams.counting import COUNTING, command, command_id, request
from tests.streams.entries import chain, publication


@pytest.fixture
def read_side(redis: Client) -> ReadSide:
    return ReadSide(redis)


async def log_of(read_side: ReadSide, trial_id: str) -> list[tuple[int, str, int, bytes]]:
    return [
        (held.sequence, held.hash, held.offset, held.stored)
        async for held in read_side.entries(trial_id)
    ]


async def test_records_answers_and_head_are_written_together(
    read_side: ReadSide, redis: Client, trial: str
) -> None:
    entries = chain(trial, [1, 2, 3])
    assert await read_side.publish([publication(trial, entries)]) == [Reply.OK]
    assert await log_of(read_side, trial) == [
        (entry.sequence, entry.hash, entry.offset, entry.stored) for entry in entries
    ]
    assert await read_side.heads([trial]) == [Head(2, entries[2].hash, 12, 12)]
    assert await redis.hget(keys.answers(trial), str(command_id(trial, 2))) == b"1"


async def test_publishing_the_same_again_is_fine_and_writes_nothing(
    read_side: ReadSide, trial: str
) -> None:
    entries = chain(trial, [1, 2])
    await read_side.publish([publication(trial, entries)])
    before = await log_of(read_side, trial)
    assert await read_side.publish([publication(trial, entries)]) == [Reply.OK]
    assert await read_side.publish([publication(trial, entries[1:])]) == [Reply.OK]
    assert await log_of(read_side, trial) == before


async def test_a_batch_that_overlaps_what_is_there_appends_only_the_rest(
    read_side: ReadSide, trial: str
) -> None:
    entries = chain(trial, [1, 2, 3, 4])
    await read_side.publish([publication(trial, entries[:2])])
    assert await read_side.publish([publication(trial, entries)]) == [Reply.OK]
    assert [entry[0] for entry in await log_of(read_side, trial)] == [0, 1, 2, 3]


async def test_a_missing_predecessor_is_a_gap(read_side: ReadSide, trial: str) -> None:
    entries = chain(trial, [1, 2, 3])
    assert await read_side.publish([publication(trial, entries[1:])]) == [Reply.GAP]
    assert await log_of(read_side, trial) == []
    assert await read_side.heads([trial]) == [None]


async def test_another_record_at_the_same_place_is_refused_and_nothing_is_written(
    read_side: ReadSide, trial: str
) -> None:
    kept, other = chain(trial, [1, 2]), chain(trial, [1, 3, 4])
    await read_side.publish([publication(trial, kept)])
    before = await log_of(read_side, trial)
    assert await read_side.publish([publication(trial, other)]) == [Reply.OTHER]
    assert await read_side.publish([publication(trial, other[2:])]) == [Reply.OTHER]
    assert await log_of(read_side, trial) == before


async def test_one_trial_that_is_refused_does_not_hold_up_another(
    read_side: ReadSide, trial: str
) -> None:
    other = f"T-{uuid4()}"
    gap, fine = chain(trial, [1, 2])[1:], chain(other, [1])
    replies = await read_side.publish([publication(trial, gap), publication(other, fine)])
    assert replies == [Reply.GAP, Reply.OK]


async def test_a_head_that_is_not_the_end_of_its_log_is_broken(
    read_side: ReadSide, redis: Client, trial: str
) -> None:
    entries = chain(trial, [1, 2, 3])
    await read_side.publish([publication(trial, entries[:2])])
    await redis.hset(keys.head(trial), "sequence", "0")
    assert await read_side.publish([publication(trial, entries[2:])]) == [Reply.BROKEN]
    assert len(await log_of(read_side, trial)) == 2


async def test_a_lost_log_under_a_head_is_broken(
    read_side: ReadSide, redis: Client, trial: str
) -> None:
    entries = chain(trial, [1, 2])
    await read_side.publish([publication(trial, entries[:1])])
    await redis.delete(keys.log(trial))
    assert await read_side.publish([publication(trial, entries)]) == [Reply.BROKEN]


@pytest.mark.parametrize("gone", [keys.head, keys.log, keys.answers])
async def test_a_head_counts_only_with_all_that_it_says(
    read_side: ReadSide, redis: Client, trial: str, gone: Callable[[str], str]
) -> None:
    await read_side.publish([publication(trial, chain(trial, [1, 2]))])
    await redis.delete(gone(trial))
    assert await read_side.heads([trial]) == [None]


async def test_lost_answers_come_back_with_the_records_that_still_stand(
    read_side: ReadSide, redis: Client, trial: str
) -> None:
    entries = [replace(entry, adopts=True) for entry in chain(trial, [1, 2, 3])]
    await read_side.publish([publication(trial, entries)])
    await redis.delete(keys.answers(trial))
    assert await read_side.publish([publication(trial, entries[:2])]) == [Reply.OK]
    assert await redis.hlen(keys.answers(trial)) == 2
    assert await read_side.adopted([trial]) == [2]


async def test_without_records_it_moves_the_head_along_but_never_back(
    read_side: ReadSide, trial: str
) -> None:
    entries = chain(trial, [1])
    await read_side.publish([publication(trial, entries)])
    tip = entries[0].hash
    assert await read_side.publish([Publication(trial, tip, 5000)]) == [Reply.OK]
    assert await read_side.publish([Publication(trial, tip, 40)]) == [Reply.OK]
    assert await read_side.heads([trial]) == [Head(0, tip, 10, 5000)]
    assert await read_side.publish([Publication(trial, "f" * 64, 6000)]) == [Reply.OTHER]


async def test_a_head_is_placed_anew_only_on_the_record_that_ends_its_log(
    read_side: ReadSide, trial: str
) -> None:
    entries = chain(trial, [1, 2])
    await read_side.publish([publication(trial, entries)])
    behind, end = Tip(0, entries[0].hash), Tip(1, entries[1].hash)
    assert await read_side.place(trial, behind, 3, 4) == Reply.OTHER
    assert await read_side.heads([trial]) == [Head(1, end.hash, 11, 11)]
    assert await read_side.place(trial, end, 3, 4) == Reply.OK
    assert await read_side.heads([trial]) == [Head(1, end.hash, 3, 4)]


async def test_the_record_that_adopts_a_protocol_is_found_by_judge(
    read_side: ReadSide, trial: str
) -> None:
    results = decide_all(Ledger(0), [command(request(trial, n)) for n in (1, 2)], COUNTING)
    entries = [
        entry_of(result.record, 10 + offset, adopts=offset == 1)
        for offset, result in enumerate(results)
        if isinstance(result, Written)
    ]
    await read_side.publish([publication(trial, entries)])
    assert await read_side.adopted([trial, f"T-{uuid4()}"]) == [1, None]


async def test_functions_that_redis_lost_are_loaded_again(
    read_side: ReadSide, redis: Client, trial: str
) -> None:
    await redis.function_flush("SYNC")
    assert await read_side.publish([publication(trial, chain(trial, [1]))]) == [Reply.OK]


async def test_quarantine_renames_and_deletes_nothing(
    read_side: ReadSide, redis: Client, trial: str
) -> None:
    await read_side.publish([publication(trial, chain(trial, [1, 2]))], [(0, trial)])
    tag = await read_side.quarantine(0, trial)
    assert await log_of(read_side, trial) == []
    assert await redis.xlen(f"{keys.log(trial)}:{tag}") == 2
    assert await redis.hlen(f"{keys.answers(trial)}:{tag}") == 2
    assert await redis.hexists(keys.trials(0), trial) is False


async def test_the_last_record_below_an_offset_is_found(read_side: ReadSide, trial: str) -> None:
    entries = chain(trial, [1, 2, 3])
    await read_side.publish([publication(trial, entries)])
    assert (await read_side.tip_before(trial, 12)).hash == entries[1].hash
    assert (await read_side.tip_before(trial, 10)).sequence == -1


async def test_every_key_of_a_trial_carries_its_tag() -> None:
    assert all(key.startswith("{T-1}:") for key in keys.of_trial("T-1"))
