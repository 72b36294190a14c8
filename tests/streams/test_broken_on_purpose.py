"""Stages broken on purpose: each must be caught, and for what is wrong with it.

A checker that cannot fail is worth nothing. What is broken is named in each test; the schedule that
shows it is printed with the failure, and fails again when it is run again.
"""

import random
from collections.abc import Sequence

import pytest

from streams.decide import DecideStage
from streams.ledger import Ledger
from streams.read_side import Publication, Reply
from streams.recovery import Recovery
from streams.topics import LOG
from streams.work import Work
from tests.streams.exhaustive import FoundError, Search, setting_of
from tests.streams.life import by_hand
from tests.streams.memory import MemoryRedis
from tests.streams.schedule import Run, Setting, come_to_rest
from tests.streams.shorten import fails, shortened
from tests.streams.world import ViolatedError, World, seen

MOST = 5000


def found(setting: Setting) -> FoundError:
    """The violation that the exploration finds; its schedule must fail again, also shortened."""
    for seed in range(1, 6):
        try:
            Search(setting, MOST, seed=seed).all()
        except FoundError as error:
            caught = error
        else:
            continue
        with by_hand():
            assert fails(setting, caught.schedule)
            assert fails(setting, shortened(setting, caught.schedule))
        return caught
    raise AssertionError("the broken stage was not caught")


def test_without_the_look_at_the_offsets_it_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Work, "follows", lambda self, offsets: True)
    error = found(setting_of("AA", 1, 0, 0, 0, 2, ticks=False))
    assert error.why == "Redis shows what was not accepted"
    assert error.states < 1000
    assert "rebalance" in error.schedule
    assert "by: " + ", ".join(error.schedule) in str(error)


def test_a_stage_that_acknowledges_before_kafka_does_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    send = DecideStage._send

    async def early(
        self: DecideStage, works: Sequence[Work]
    ) -> list[tuple[Work, list[Publication]]]:
        for work in works:
            self.inbox.done(work.items)
        return await send(self, works)

    monkeypatch.setattr(DecideStage, "_send", early)
    assert found(setting_of("AAB", 0, 0, 0, 0, 1)).why.endswith(
        "is acknowledged and not in the log"
    )


def test_a_stage_that_acknowledges_before_it_publishes_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish = DecideStage._publish

    async def early(
        self: DecideStage, landed: Sequence[tuple[Work, list[Publication]]]
    ) -> list[Work]:
        for work, _ in landed:
            self.inbox.done(work.items)
        return await publish(self, landed)

    monkeypatch.setattr(DecideStage, "_publish", early)
    assert found(setting_of("AAB", 0, 0, 0, 0, 1)).why.endswith(
        "is acknowledged and was never shown"
    )


def test_a_recovery_that_skips_what_it_should_read_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def skip(self: Recovery, ledger: Ledger) -> None:
        ledger.last_offset = await self.reader.end(LOG, ledger.partition) - 1

    monkeypatch.setattr(Recovery, "_read_on", skip)
    # What it has not read it decides a second time, or it finds in Redis and not in the log.
    why = found(setting_of("AAB", 0, 1, 0, 0, 1)).why
    assert why.endswith(("Redis had more than trial.log", "Redis shows what was not accepted"))


def test_publishing_without_a_look_at_the_predecessor_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish = MemoryRedis._publish

    def blind(self: MemoryRedis, publication: Publication) -> Reply:
        reply = publish(self, publication)
        if reply is not Reply.OK and publication.entries:
            self.append(publication.trial_id, publication.entries)
        return Reply.OK

    monkeypatch.setattr(MemoryRedis, "_publish", blind)
    assert found(setting_of("AAB", 0, 0, 1, 0, 1)).why == "Redis shows what was not accepted"


def test_a_log_with_one_decision_left_out_is_caught_wherever_it_is() -> None:
    """The last one too: it was shown, so it was heard, and is not in the log any more."""
    run = Run(setting_of("AAAAA", 0, 0, 0, 0, 3))
    with by_hand():
        come_to_rest(run, random.Random(1))
    run.end()
    log = list(run.world.log)
    assert len(log) == 5
    for left_out in range(5):
        again = Run(run.setting).world
        with pytest.raises(ViolatedError, match=f"command {left_out} is acknowledged and not"):
            audit(again, log[:left_out] + log[left_out + 1 :])


def audit(world: World, log: Sequence[bytes]) -> None:
    """Reads a log anew, by the chain rule alone, and asks for all that was acknowledged."""
    world.in_order = False
    for stored in log:
        world._accept(seen(stored))
    for chain in world.chains.values():
        world.heard |= {record.command_id: record.hash for record in chain}
    world.acknowledge(len(world.commands))
