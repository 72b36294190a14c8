"""One trial's decider raises: that trial halts, all others go on, and nothing is lost."""

from dataclasses import replace

from streams.parked import Resume, marker
from tests.streams.conftest import NewOwner
from tests.streams.counting import COUNTING, Counted, command_id, count, request
from tests.streams.stage import Owner, accepted, parked


def mended(trial, judged):  # type: ignore[no-untyped-def]
    """The same decider with its error mended."""
    command = judged.command
    if command.reason == "boom":
        judged = judged.model_copy(
            update={"command": command.model_copy(update={"reason": "mended"})}
        )
    found: Counted = count(trial, judged)
    return found


MENDED = replace(COUNTING, decide=mended)


async def decided(owner: Owner, trial: str, up_to: int) -> list[int]:
    chain = await accepted(owner.reader, owner.partition(trial), trial)
    by_id = {command_id(trial, number): number for number in range(up_to)}
    return [by_id[record.content.command_id] for record in chain]


async def halted(owner: Owner, trial: str) -> None:
    """Command 1 raises; 2 and 3 come behind it."""
    owner.own(trial)
    await owner.put([request(trial, 0), request(trial, 1, "boom"), request(trial, 2)])
    await owner.handle()
    await owner.put([request(trial, 3)])
    await owner.handle()


async def test_the_trial_halts_and_its_commands_are_parked_in_order(
    new_owner: NewOwner, trial: str
) -> None:
    owner = await new_owner()
    await halted(owner, trial)
    assert await decided(owner, trial, 4) == [0]
    assert owner.acknowledged(trial) == 4
    messages = await parked(owner.reader, owner.partition(trial), trial)
    assert [(m.reason, m.source.offset) for m in messages] == [
        ("raised", 1),
        ("halted", 2),
        ("halted", 3),
    ]


async def test_a_new_owner_knows_that_the_trial_is_halted(new_owner: NewOwner, trial: str) -> None:
    await halted(await new_owner(), trial)
    owner = await new_owner(MENDED)
    owner.own(trial)
    await owner.put([request(trial, 4)])
    await owner.handle()
    assert await decided(owner, trial, 5) == [0]


async def test_resuming_decides_what_was_parked_before_anything_else(
    new_owner: NewOwner, trial: str
) -> None:
    await halted(await new_owner(), trial)
    owner = await new_owner(MENDED)
    owner.own(trial)
    await owner.put([request(trial, 4)])
    await owner.handle()
    await owner.producer.send_all([marker(Resume(trial=trial), owner.partition(trial))])
    await owner.stage._tick()
    await owner.put([request(trial, 5)])
    await owner.handle()
    assert await decided(owner, trial, 6) == [0, 1, 2, 3, 4, 5]


async def test_a_trial_resumed_once_is_not_replayed_again(new_owner: NewOwner, trial: str) -> None:
    await halted(await new_owner(), trial)
    owner = await new_owner(MENDED)
    await owner.producer.send_all([marker(Resume(trial=trial), owner.partition(trial))])
    owner.own(trial)
    await owner.stage._recover_owned()
    assert await decided(owner, trial, 4) == [0, 1, 2, 3]
    later = await new_owner(MENDED)
    later.own(trial)
    await later.put([request(trial, 4)])
    await later.handle()
    assert await decided(later, trial, 5) == [0, 1, 2, 3, 4]


async def test_a_trial_that_raises_again_is_halted_again_and_loses_nothing(
    new_owner: NewOwner, trial: str
) -> None:
    await halted(await new_owner(), trial)
    owner = await new_owner()
    await owner.producer.send_all([marker(Resume(trial=trial), owner.partition(trial))])
    owner.own(trial)
    await owner.put([request(trial, 4)])
    await owner.handle()
    assert await decided(owner, trial, 5) == [0]
    last = await new_owner(MENDED)
    await last.producer.send_all([marker(Resume(trial=trial), last.partition(trial))])
    last.own(trial)
    await last.stage._recover_owned()
    assert await decided(last, trial, 5) == [0, 1, 2, 3, 4]
