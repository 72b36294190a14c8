"""Logs built beside those that readers see, on a real Redis: in order, alone, swapped in whole."""

import pytest

from streams import keys
from streams.chain import Tip
from streams.read_side import Head, ReadSide
from streams.redis_client import Client
from streams.staged import Last, NotStagedError, Piece, Staged


def piece(trial: str, *sequences: int) -> Piece:
    made = Piece(trial, sequences[0])
    for number in sequences:
        made.add(f"hash {number}", 10 + number, b"command %d" % number, b"record %d" % number)
    return made


def last(number: int, adopted: int | None = None) -> Last:
    return Last(Tip(number, f"hash {number}"), 10 + number, 99, adopted)


async def held(redis: Client, trial: str) -> list[tuple[int, str, int, bytes]]:
    return [
        (each.sequence, each.hash, each.offset, each.stored)
        async for each in ReadSide(redis).entries(trial)
    ]


async def test_pieces_become_a_log_with_head_answers_and_protocol_when_they_are_swapped_in(
    redis: Client, trial: str
) -> None:
    staged = Staged(redis)
    await staged.begin([trial])
    await staged.send([piece(trial, 0, 1)])
    await staged.send([piece(trial, 2)])
    await staged.settle()
    assert await held(redis, trial) == []
    await staged.swap(trial, last(2, adopted=1))
    wanted = [(n, f"hash {n}", 10 + n, b"record %d" % n) for n in range(3)]
    assert await held(redis, trial) == wanted
    assert await ReadSide(redis).heads([trial]) == [Head(2, "hash 2", 12, 99)]
    assert await redis.hget(keys.answers(trial), "command 2") == b"2"
    assert await redis.get(keys.protocol(trial)) == b"1"
    assert not await redis.keys(f"{{{trial}}}*:rebuilt")


async def test_a_protocol_that_no_record_adopted_is_gone_after_the_swap(
    redis: Client, trial: str
) -> None:
    await redis.set(keys.protocol(trial), 7)
    staged = Staged(redis)
    await staged.begin([trial])
    await staged.send([piece(trial, 0)])
    await staged.settle()
    await staged.swap(trial, last(0))
    assert await redis.get(keys.protocol(trial)) is None


async def test_pieces_under_way_at_once_are_written_in_their_order(
    redis: Client, trial: str
) -> None:
    staged = Staged(redis)
    await staged.begin([trial])
    for first in range(0, 400, 20):
        await staged.send([piece(trial, *range(first, first + 20))])
    await staged.settle()
    await staged.swap(trial, last(399))
    await staged.give_up()
    assert [number for number, *_ in await held(redis, trial)] == list(range(400))


async def test_what_is_under_way_is_given_up_and_the_client_serves_on(
    redis: Client, trial: str
) -> None:
    staged = Staged(redis)
    await staged.begin([trial])
    await staged.send([piece(trial, *range(200))])
    await staged.give_up()
    assert await redis.ping()
    assert await held(redis, trial) == []


async def test_whoever_builds_the_same_trial_at_the_same_time_is_noticed(
    redis: Client, trial: str
) -> None:
    one, other = Staged(redis), Staged(redis)
    await one.begin([trial])
    await one.send([piece(trial, 0, 1)])
    await one.settle()
    await other.send([piece(trial, 2)])
    await other.settle()
    await one.send([piece(trial, 2)])
    with pytest.raises(NotStagedError, match="another rebuild"):
        await one.settle()
    await one.give_up()


async def test_what_an_earlier_one_left_is_taken_away(redis: Client, trial: str) -> None:
    left = Staged(redis)
    await left.begin([trial])
    await left.send([piece(trial, 0, 1, 2)])
    await left.settle()
    staged = Staged(redis)
    await staged.begin([trial])
    await staged.send([piece(trial, 0)])
    await staged.settle()
    await staged.swap(trial, last(0))
    assert await ReadSide(redis).heads([trial]) == [Head(0, "hash 0", 10, 99)]
