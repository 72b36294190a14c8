"""Once a second: is each head in Redis as its owner left it? And moves idle heads along."""

import logging

from streams.ledger import Ledger
from streams.read_side import Publication, ReadSide, Reply
from streams.recovery import known_trials

LOG = logging.getLogger(__name__)
LAG = 1000
"""How many records of other trials a head may be behind before it is moved along."""


class Probe:
    """Looks at the heads of a partition; whoever is told that they do not fit recovers it."""

    def __init__(self, read_side: ReadSide) -> None:
        self._read_side = read_side
        self._listed: dict[int, int] = {}

    async def look(self, ledger: Ledger) -> bool:
        trial_ids = known_trials(ledger)
        if not trial_ids:
            return True
        behind = []
        for trial_id, head in zip(trial_ids, await self._read_side.heads(trial_ids), strict=True):
            known = ledger.trials[trial_id]
            if head is None or (head.sequence, head.hash) != (known.tip.sequence, known.tip.hash):
                LOG.error("Redis is not as it was left", extra={"trial": trial_id})
                return False
            if ledger.last_offset - head.through > LAG:
                behind.append(Publication(trial_id, known.tip.hash, ledger.last_offset))
        replies = await self._read_side.publish(behind) if behind else []
        if any(reply is not Reply.OK for reply in replies):
            return False
        if ledger.last_offset - self._listed.get(ledger.partition, 0) > LAG or behind:
            await self._read_side.list_all(ledger.partition, trial_ids, ledger.last_offset)
            self._listed[ledger.partition] = ledger.last_offset
        return True
