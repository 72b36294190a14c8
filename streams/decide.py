"""The stage `decide`: owns partitions, decides what waits, and lets nothing stand that is unsure.

A batch: decide all -> send to `trial.log` -> look where it landed -> publish to Redis -> park ->
acknowledge. Wherever one of these says no, the partition is recovered and its commands are decided
again: those that stand in the log already are found by their id.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence

from streams.cases import Case
from streams.clock import Clock
from streams.crash import crash_point
from streams.halts import Halt
from streams.hang import hang_point
from streams.health import Health, patiently
from streams.inbox import Inbox, Item
from streams.kafka import Producer
from streams.lately import Lately
from streams.ledger import Ledger
from streams.log_reader import LogReader
from streams.ports import Rules
from streams.probe import Probe
from streams.read_side import Publication, ReadSide, Reply
from streams.recovery import Recovery
from streams.resume import Resuming
from streams.settings import Settings
from streams.topics import LOG as LOG_TOPIC
from streams.work import Work, decide_items

LOG = logging.getLogger(__name__)
TICK_SECONDS = 1.0
MOST = 256
"""Commands in one batch: enough to fill it, few enough that nothing else in the worker starves."""
MOST_REFUSALS = 20


class NoProgressError(Exception):
    """Recovered again and again without getting anything through: a restart is the better try."""


class DecideStage:
    """One task runs `run`; the callbacks of Faust tell it what it owns through `assigned` etc."""

    def __init__(
        self,
        settings: Settings,
        rules: Rules,
        producer: Producer,
        read_side: ReadSide,
        recovery: Recovery,
        parked: LogReader,
        health: Health,
        lately: Lately | None = None,
    ) -> None:
        self.inbox = Inbox("trial.commands", limit=4 * MOST)
        self._partitions = settings.partitions
        self._rules = rules
        self._producer = producer
        self._read_side = read_side
        self._recovery = recovery
        self._health = health
        self._lately = lately or Lately(0)
        self._ledgers: dict[int, Ledger] = {}
        self._taken_over: set[int] = set()
        self._cases = recovery.cases
        self._probe = Probe(read_side, recovery.cases)
        self._clock = Clock(settings.partitions, rules.next_deadline, producer)
        self._resuming = Resuming(parked)

    def assigned(self, partitions: Iterable[int]) -> None:
        partitions = tuple(partitions)
        self._forget(partitions)
        self._taken_over.difference_update(partitions)
        self.inbox.assigned(partitions)

    def revoked(self, partitions: Iterable[int]) -> None:
        self._forget(partitions)
        self.inbox.revoked(partitions)

    def ledger(self, partition: int) -> Ledger | None:
        return self._ledgers.get(partition)

    async def run(self) -> None:
        """For ever. An exception ends the worker: it is never known what it left half done."""
        due = time.monotonic()
        while True:
            items = await self.inbox.take(max(0.0, due - time.monotonic()), MOST)
            await self._recover_owned()
            await self.handle(items)
            if time.monotonic() >= due:
                await self._tick()
                due = time.monotonic() + TICK_SECONDS

    async def handle(self, items: Sequence[Item]) -> None:
        """Returns when every one of these is decided and acknowledged, or no longer ours."""
        refusals = 0
        while items := [item for item in items if self.inbox.is_current(item)]:
            items = await self._batch(items)
            refusals += 1
            if refusals > MOST_REFUSALS:
                raise NoProgressError(f"commands refused {refusals} times: {len(items)}")

    async def _batch(self, items: Sequence[Item]) -> list[Item]:
        """One round; returns the commands of the partitions that were refused."""
        waiting: dict[int, list[Item]] = {}
        for item in items:
            waiting.setdefault(item.partition, []).append(item)
        works = []
        for partition, those in waiting.items():
            ledger = await self._recovered(partition)
            if ledger is not None:
                works.append(decide_items(ledger, those, self._rules, self._partitions))
        crash_point("decided")
        await hang_point("decided")
        landed = await self._send(works)
        crash_point("sent")
        await hang_point("sent")
        published = await self._publish(landed)
        crash_point("published")
        await hang_point("published")
        await self._park(published)
        for work in published:
            self.inbox.done(work.items)
        through = {work.partition for work in published}
        return [item for item in items if item.partition not in through]

    async def _send(self, works: Sequence[Work]) -> list[tuple[Work, list[Publication]]]:
        """Sends all records; a partition where somebody else wrote too is given up."""
        outgoing = [message for work in works for message in work.records()]
        self._lately.add(place for work in works for place in work.places())
        offsets = iter(await self._producer.send_all(outgoing) if outgoing else ())
        landed = []
        for work in works:
            own = [next(offsets) for _ in work.written]
            if not self._holds(work.ledger):
                continue
            if work.follows(own):
                landed.append((work, work.accept(own)))
            else:
                says = "somebody else wrote to trial.log"
                self._cases.met(Case.OFFSET_JUMP, says, partition=work.partition)
                self._forget((work.partition,))
        return landed

    async def _publish(self, landed: Sequence[tuple[Work, list[Publication]]]) -> list[Work]:
        """Publishes what landed; a partition where Redis refuses is given up."""
        publications = [publication for _, those in landed for publication in those]
        new = [trial for work, _ in landed for trial in work.new_trials()]
        replies: Iterable[Reply] = ()
        if publications:
            found = await patiently(
                lambda: self._read_side.publish(publications, new),
                self._health,
                "redis",
                lambda: any(self._holds(work.ledger) for work, _ in landed),
            )
            if found is None:
                return []
            replies = found
        said = iter(replies)
        published = []
        for work, those in landed:
            own = [next(said) for _ in those]
            if not self._holds(work.ledger):
                continue
            if all(reply is Reply.OK for reply in own):
                published.append(work)
            else:
                says = f"Redis refused: {', '.join(sorted(set(own)))}"
                self._cases.met(Case.PUBLISH_REFUSED, says, partition=work.partition)
                self._forget((work.partition,))
        return published

    async def _park(self, works: Sequence[Work]) -> None:
        outgoing = [message for work in works for message in work.parked()]
        if outgoing:
            LOG.error("parked commands: %d", len(outgoing))
            await self._producer.send_all(outgoing)

    async def _recover_owned(self) -> None:
        for partition in self.inbox.owned:
            await self._recovered(partition)
        self._health.recovered = all(p in self._ledgers for p in self.inbox.owned)

    async def _recovered(self, partition: int) -> Ledger | None:
        """The ledger of an owned partition, recovered if need be; none when it is not ours."""
        ledger = self._ledgers.get(partition)
        if ledger is not None:
            return ledger
        self._health.recovered = False
        epoch = self.inbox.epoch(partition)
        found = await patiently(
            lambda: self._recover(partition),
            self._health,
            "recovery",
            lambda: epoch is not None and self.inbox.epoch(partition) == epoch,
        )
        if found is None or self.inbox.epoch(partition) != epoch:
            return None
        ledger, halts = found
        self._ledgers[partition] = ledger
        if partition not in self._taken_over:
            self._taken_over.add(partition)
            says = "the partition is ours, its memory made anew"
            self._cases.met(Case.TAKEOVER, says, partition=partition)
        await self._decide_parked(ledger, halts)
        return self._ledgers.get(partition)

    async def _recover(self, partition: int) -> tuple[Ledger, Mapping[str, Halt]]:
        ledger = await self._recovery.recover(partition)
        if self._recovery.rebuild is not None:
            await self._recovery.rebuild.run(ledger)
        return ledger, await self._resuming.halt(ledger, self._rules)

    async def _decide_parked(self, ledger: Ledger, halts: Mapping[str, Halt]) -> None:
        """Trials that an operator resumed: what was parked while they were halted comes first."""
        for trial_id, halt in halts.items():
            if not halt.resumed or not self._holds(ledger):
                continue
            items = self._resuming.items(ledger.partition, halt)
            work = decide_items(ledger, items, self._rules, self._partitions)
            published = await self._publish(await self._send([work]))
            await self._park(published)
            if published and not ledger.trials[trial_id].halted:
                await self._producer.send_all((self._resuming.mark(trial_id, ledger.partition),))
                LOG.warning("trial resumed", extra={"trial": trial_id})

    async def _tick(self) -> None:
        """Once a second: are log and Redis as left, was a trial resumed, is a deadline due?"""
        await self._look_at_log()
        await self._look_at_redis()
        for ledger in tuple(self._ledgers.values()):
            await self._look_at(ledger)
        await self._recover_owned()
        await asyncio.sleep(0)

    async def _not_as_left(self, ledgers: Sequence[Ledger]) -> set[int]:
        """The partitions that do not fit, or that an operator wants rebuilt."""
        wrong = await self._probe.look(ledgers)
        if self._recovery.rebuild is not None:
            owned = tuple(ledger.partition for ledger in ledgers)
            wrong |= (await self._recovery.rebuild.requests.asked(owned)).keys()
        return wrong

    async def _look_at_redis(self) -> None:
        """Forgets the partitions whose heads in Redis are not as they were left."""
        owned = tuple(self._ledgers.values())
        wrong = await patiently(
            lambda: self._not_as_left([ledger for ledger in owned if self._holds(ledger)]),
            self._health,
            "redis",
            lambda: any(self._holds(ledger) for ledger in owned),
        )
        for ledger in owned:
            if wrong is not None and ledger.partition in wrong and self._holds(ledger):
                self._forget((ledger.partition,))

    async def _look_at(self, ledger: Ledger) -> None:
        def held() -> bool:
            return self._holds(ledger)

        asked = await patiently(lambda: self._resuming.asked(ledger), self._health, "kafka", held)
        if asked is None or not held():
            return
        if asked:
            self._forget((ledger.partition,))
            return
        if self._resuming.may_age(ledger.partition):
            await self._resuming.keep(ledger, self._producer, int(time.time() * 1000))
        await self._clock.tick(ledger)
        if self._recovery.snapshots is not None:
            self._recovery.snapshots.consider(ledger)

    async def _look_at_log(self) -> None:
        """Notices without any command that somebody else wrote, or that Kafka is away."""
        owned = tuple(self._ledgers.values())
        if not owned:
            return
        ends = await patiently(
            lambda: self._recovery.reader.ends(LOG_TOPIC, [ledger.partition for ledger in owned]),
            self._health,
            "kafka",
            lambda: any(self._holds(ledger) for ledger in owned),
        )
        for ledger in owned:
            if ends is not None and ends[ledger.partition] != ledger.last_offset + 1:
                says = "trial.log is not as we left it"
                self._cases.met(Case.LOG_MOVED, says, partition=ledger.partition)
                self._forget((ledger.partition,))

    def _holds(self, ledger: Ledger) -> bool:
        """Whether this ledger still is the memory of its partition."""
        return self._ledgers.get(ledger.partition) is ledger

    def _forget(self, partitions: Iterable[int]) -> None:
        for partition in partitions:
            self._ledgers.pop(partition, None)
