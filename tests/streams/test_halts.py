"""One trial's decider raises: that trial halts, all others go on, and nothing is lost."""

from streams.batch import Reason
from streams.halts import Halt, fold
from streams.parked import Kept, ParkedMessage, Resume, Resumed, Source, marker
from tests.streams.conftest import NewOwner
from tests.streams.counting import AT, MENDED, request
from tests.streams.stage import Owner, decided, halted, parked


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
    await owner.decide([request(trial, 4)])
    assert await decided(owner, trial, 5) == [0]


async def test_resuming_decides_what_was_parked_before_anything_else(
    new_owner: NewOwner, trial: str
) -> None:
    await halted(await new_owner(), trial)
    owner = await new_owner(MENDED)
    owner.own(trial)
    await owner.decide([request(trial, 4)])
    await owner.producer.send_all([marker(Resume(trial=trial), owner.partition(trial))])
    await owner.stage._tick()
    await owner.decide([request(trial, 5)])
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
    await later.decide([request(trial, 4)])
    assert await decided(later, trial, 5) == [0, 1, 2, 3, 4]


async def test_a_trial_that_raises_again_is_halted_again_and_loses_nothing(
    new_owner: NewOwner, trial: str
) -> None:
    await halted(await new_owner(), trial)
    owner = await new_owner()
    await owner.producer.send_all([marker(Resume(trial=trial), owner.partition(trial))])
    owner.own(trial)
    await owner.decide([request(trial, 4)])
    assert await decided(owner, trial, 5) == [0]
    last = await new_owner(MENDED)
    await last.producer.send_all([marker(Resume(trial=trial), last.partition(trial))])
    last.own(trial)
    await last.stage._recover_owned()
    assert await decided(last, trial, 5) == [0, 1, 2, 3, 4]


async def kept(owner: Owner, trial: str, days: int) -> list[tuple[int, int | None]]:
    """What the owner has `trial.parked` hold so many days later: offset, and place if kept."""
    ledger = owner.stage.ledger(owner.partition(trial))
    assert ledger is not None
    now_ms = int(AT.timestamp() * 1000) + days * 24 * 3600 * 1000
    await owner.stage._resuming.asked(ledger)
    await owner.stage._resuming.keep(ledger, owner.producer, now_ms)
    messages = await parked(owner.reader, owner.partition(trial), trial)
    return [(m.source.offset, m.kept.place if m.kept else None) for m in messages]


async def test_a_trial_that_is_halted_for_long_is_not_forgotten(
    new_owner: NewOwner, trial: str
) -> None:
    owner = await new_owner()
    await halted(owner, trial)
    first = [(1, None), (2, None), (3, None)]
    assert await kept(owner, trial, days=9) == first
    again = [*first, (1, 0), (2, 1), (3, 2)]
    assert await kept(owner, trial, days=11) == again
    assert await kept(owner, trial, days=11) == again
    heir = await new_owner(MENDED)
    heir.own(trial)
    await heir.producer.send_all([marker(Resume(trial=trial), heir.partition(trial))])
    await heir.stage._recover_owned()
    assert await decided(heir, trial, 4) == [0, 1, 2, 3]


def entry(offset: int, reason: Reason = "halted", place: int | None = None) -> bytes:
    message = ParkedMessage(
        trial="T",
        reason=reason,
        detail="",
        source=Source(topic="trial.commands", partition=0, offset=offset),
        timestamp_ms=0,
        payload="",
        kept=None if place is None else Kept(at_ms=9, place=place),
    )
    return message.model_dump_json().encode()


def halt_after(*stored: bytes) -> Halt:
    halts: dict[str, Halt] = {}
    for message in stored:
        fold(halts, message)
    return halts["T"]


def test_what_was_kept_stands_in_its_old_place_also_when_the_first_copy_is_forgotten() -> None:
    halt = halt_after(
        entry(4), entry(2, place=1), entry(1, "raised", 0), entry(3, place=2), entry(5)
    )
    assert [message.source.offset for message in halt.in_order()] == [1, 2, 3, 4, 5]


def test_keeping_does_not_halt_a_trial_that_was_resumed() -> None:
    resume, done = Resume(trial="T").model_dump_json(), Resumed(trial="T").model_dump_json()
    first, again = entry(1, "raised"), entry(1, "raised", 0)
    assert halt_after(first, resume.encode(), again).resumed
    assert halt_after(first, resume.encode(), done.encode(), again).over
    assert not halt_after(first, resume.encode(), done.encode(), entry(2, "raised")).over
