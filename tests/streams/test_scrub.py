"""Every record in Redis is looked at in its turn, and what was changed is found wherever it is."""

import pytest

from streams import keys, scrub
from streams.cases import Cases
from streams.read_side import Held
from streams.scrub import Scrub
from tests.streams.conftest import NewOwner
from tests.streams.counting import request
from tests.streams.stage import Owner, numbers_decided

RECORDS = 7


@pytest.fixture(autouse=True)
def _a_few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrub, "PACE", 3)


async def begun(new_owner: NewOwner, trial: str) -> Owner:
    owner = await new_owner()
    owner.own(trial)
    await owner.put([request(trial, n) for n in range(RECORDS)])
    await owner.handle()
    return owner


async def test_a_round_goes_from_the_tip_to_the_first_record(
    new_owner: NewOwner, trial: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await begun(new_owner, trial)
    ledger = owner.stage.ledger(owner.partition(trial))
    assert ledger is not None
    back_from, asked = owner.read_side.back_from, []

    async def noted(trial_id: str, sequence: int, count: int) -> list[Held]:
        if trial_id == trial:
            asked.append(sequence)
        return await back_from(trial_id, sequence, count)

    monkeypatch.setattr(owner.read_side, "back_from", noted)
    rounds = Scrub(owner.read_side, Cases())
    for _ in range(10 * len(ledger.trials)):
        assert await rounds.look([ledger]) == set()
    assert asked[:3] == [6, 3, 0]
    assert set(asked) == {6, 3, 0}


async def test_where_commands_come_it_looks_at_fewer_records_at_once(
    new_owner: NewOwner, trial: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrub, "BUSY_PACE", 1)
    owner = await begun(new_owner, trial)
    ledger = owner.stage.ledger(owner.partition(trial))
    assert ledger is not None
    back_from, counts = owner.read_side.back_from, []

    async def noted(trial_id: str, sequence: int, count: int) -> list[Held]:
        counts.append(count)
        return await back_from(trial_id, sequence, count)

    monkeypatch.setattr(owner.read_side, "back_from", noted)
    rounds = Scrub(owner.read_side, Cases())
    await rounds.look([ledger])
    await owner.put([request(trial, RECORDS)])
    await owner.handle()
    await rounds.look([ledger])
    await rounds.look([ledger])
    assert counts == [3, 1, 3]


@pytest.mark.parametrize("number", range(RECORDS))
@pytest.mark.parametrize("field", [b"h", b"r"])
async def test_a_change_anywhere_is_found_within_a_round_and_put_right(
    new_owner: NewOwner, trial: str, number: int, field: bytes
) -> None:
    owner = await begun(new_owner, trial)
    log = keys.log(trial)
    pipeline = owner.redis.pipeline(transaction=True)
    entries = await owner.redis.xrange(log)
    pipeline.delete(log)
    for place, (entry, fields) in enumerate(entries):
        other = fields[field][:-1] + bytes([fields[field][-1] ^ 1])
        changed = {field: other} if place == number else {}
        pipeline.xadd(log, {**fields, **changed}, entry)
    await pipeline.execute()
    ledger = owner.stage.ledger(owner.partition(trial))
    assert ledger is not None
    for _ in range(10 * len(ledger.trials)):
        await owner.stage._tick()
        if "redis_damaged" in owner.health.cases.counts():
            break
    assert owner.health.cases.counts()["redis_damaged"] == 1
    assert await numbers_decided(owner, trial, RECORDS) == list(range(RECORDS))
    assert await owner.redis.keys(f"{log}:quarantine:*")
