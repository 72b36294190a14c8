"""Once a second: is each head in Redis as its owner left it? And moves idle heads along."""

from collections.abc import Mapping, Sequence

from streams.cases import Case, Cases
from streams.chain import Tip
from streams.ledger import Ledger, known_trials
from streams.read_side import Head, Publication, ReadSide, Reply

LAG = 1000
"""How many records of other trials a head may be behind before it is moved along."""


class Probe:
    """Looks at the heads of partitions; whoever is told that one does not fit recovers it."""

    def __init__(self, read_side: ReadSide, cases: Cases) -> None:
        self._read_side = read_side
        self._cases = cases
        self._listed: dict[int, int] = {}

    async def look(self, ledgers: Sequence[Ledger]) -> set[int]:
        """The partitions whose heads do not fit; one round trip while all do and none is behind."""
        trials = [(ledger, trial_id) for ledger in ledgers for trial_id in known_trials(ledger)]
        if not trials:
            return set()
        heads = iter(await self._read_side.heads([trial_id for _, trial_id in trials]))
        wrong = set()
        for ledger in ledgers:
            found = {trial_id: next(heads) for trial_id in known_trials(ledger)}
            if not await self._fits(ledger, found):
                wrong.add(ledger.partition)
        return wrong

    async def _fits(self, ledger: Ledger, heads: Mapping[str, Head | None]) -> bool:
        behind = []
        for trial_id, head in heads.items():
            known = ledger.trials[trial_id]
            if head is None or (head.sequence, head.hash) != (known.tip.sequence, known.tip.hash):
                await self._tell(ledger, trial_id, heads)
                return False
            if ledger.last_offset - head.through > LAG:
                behind.append(Publication(trial_id, known.tip.hash, ledger.last_offset))
        replies = await self._read_side.publish(behind) if behind else []
        if any(reply is not Reply.OK for reply in replies):
            return False
        if heads and (ledger.last_offset - self._listed.get(ledger.partition, 0) > LAG or behind):
            await self._read_side.list_all(ledger.partition, heads, ledger.last_offset)
            self._listed[ledger.partition] = ledger.last_offset
        return True

    async def _tell(self, ledger: Ledger, trial_id: str, heads: Mapping[str, Head | None]) -> None:
        """Of a cluster one node may have lost all that it had, the list of the trials too."""
        case = _what(heads[trial_id], ledger.trials[trial_id].tip)
        says = "Redis is not as it was left"
        if not any(heads.values()) and not (await self._read_side.listed(ledger.partition))[0]:
            case, says = Case.REDIS_EMPTY, "Redis has nothing of the partition any more"
        self._cases.met(case, says, partition=ledger.partition, trial=trial_id)


def _what(head: Head | None, tip: Tip) -> Case:
    """What became of a head that is not as its owner left it."""
    if head is None:
        return Case.TRIAL_KEYS_GONE
    return Case.REDIS_ROLLED_BACK if head.sequence < tip.sequence else Case.HEAD_CHANGED
