"""Once a second: does Redis show what its owner left there? And moves idle heads along."""

from collections.abc import Mapping, Sequence

from streams.cases import Case, Cases
from streams.chain import Tip
from streams.ledger import Ledger, known_trials
from streams.read_side import Head, Publication, ReadSide, Reply, Shown
from streams.scrub import Scrub

LAG = 1000
"""How many records of other trials a head may be behind before it is moved along."""


class Probe:
    """Looks at the partitions; whoever is told that one does not fit recovers it.

    Readers are told of those that fit: in them, what is not there does not exist.
    """

    def __init__(self, read_side: ReadSide, cases: Cases) -> None:
        self._read_side = read_side
        self._cases = cases
        self._scrub = Scrub(read_side, cases)
        self._listed: dict[int, int] = {}

    async def look(self, ledgers: Sequence[Ledger]) -> set[int]:
        """The partitions that do not fit; three round trips while all do and none is behind."""
        if not ledgers:
            return set()
        shown = await self._read_side.shown({one.partition: known_trials(one) for one in ledgers})
        wrong = set()
        for ledger in ledgers:
            if not await self._fits(ledger, shown[ledger.partition]):
                wrong.add(ledger.partition)
        right = [ledger for ledger in ledgers if ledger.partition not in wrong]
        wrong |= await self._scrub.look(right)
        await self._read_side.vouch({ledger.partition for ledger in ledgers} - wrong, wrong)
        return wrong

    async def _fits(self, ledger: Ledger, shown: Shown) -> bool:
        behind = []
        for trial_id, head in shown.heads.items():
            known = ledger.trials[trial_id]
            if head is None or (head.sequence, head.hash) != (known.tip.sequence, known.tip.hash):
                await self._tell(ledger, trial_id, shown.heads)
                return False
            if ledger.last_offset - head.through > LAG:
                behind.append(Publication(trial_id, known.tip.hash, ledger.last_offset))
        await self._mend(ledger, shown)
        replies = await self._read_side.publish(behind) if behind else []
        if any(reply is not Reply.OK for reply in replies):
            return False
        late = ledger.last_offset - self._listed.get(ledger.partition, 0) > LAG
        if shown.heads and (late or behind):
            await self._read_side.list_all(ledger.partition, shown.heads, ledger.last_offset)
            self._listed[ledger.partition] = ledger.last_offset
        return True

    async def _mend(self, ledger: Ledger, shown: Shown) -> None:
        """What a trial's log tells by itself is set right at once: no recovery is needed for it."""
        for trial_id, adopted in shown.adopted.items():
            own = ledger.trials[trial_id].adopted
            if adopted != own:
                says = "the key that names the protocol in force was gone or changed: set right"
                ids = {"partition": ledger.partition, "trial": trial_id}
                self._cases.met(Case.TRIAL_KEYS_GONE, says, **ids)
                await self._read_side.set_adopted(trial_id, own)
        if shown.listed is None or not shown.heads.keys() <= shown.listed:
            if shown.heads:
                says = "the list of the trials of the partition was gone or cut: written again"
                self._cases.met(Case.TRIALS_UNLISTED, says, partition=ledger.partition)
            await self._read_side.list_all(ledger.partition, shown.heads, ledger.last_offset)

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
