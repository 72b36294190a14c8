"""The closed set of what can go wrong with log and read side, each told and counted by its name.

`docs/operations.md` has a run book for each; the worker's `/ready` shows how often each was met.
"""

import logging
from collections import Counter
from enum import StrEnum
from typing import Any, Final

LOG = logging.getLogger(__name__)


class Case(StrEnum):
    """What was found. All of them are repaired by the recovery of the partition."""

    TAKEOVER = "takeover"
    """A partition came to this worker: its memory was made anew."""
    OFFSET_JUMP = "offset_jump"
    """Records did not land where they had to: somebody else had written to the partition."""
    LOG_MOVED = "log_moved"
    """`trial.log` holds records that this owner did not write: a former owner's, or a restore."""
    PUBLISH_REFUSED = "publish_refused"
    """Redis holds something else than the publisher knows, and nothing was written."""
    REDIS_BEHIND = "redis_behind"
    """Records that had landed were missing in Redis: an owner ended between the two."""
    REDIS_EMPTY = "redis_empty"
    """`trial.log` has records and Redis has nothing of the partition."""
    REDIS_ROLLED_BACK = "redis_rolled_back"
    """Redis has an older state than its owner left: an old copy came back."""
    TRIAL_KEYS_GONE = "trial_keys_gone"
    """Some keys of one trial are missing in Redis."""
    TRIALS_UNLISTED = "trials_unlisted"
    """The list of the trials of a partition is gone or lacks some: written again."""
    HEAD_CHANGED = "head_changed"
    """A head in Redis is another one than its owner left, by nobody of ours."""
    REDIS_DAMAGED = "redis_damaged"
    """What Redis has of a trial is no chain of records: kept in quarantine, published anew."""
    KAFKA_SHORTER = "kafka_shorter"
    """Redis has records that `trial.log` lost: they are sent again where they extend the chain."""
    DIVERGED = "diverged"
    """Redis has another history than `trial.log`: Kafka wins, the branch is kept in quarantine."""
    VOID_RECORD = "void_record"
    """A record of `trial.log` that is unreadable or does not follow the chain: skipped."""
    SNAPSHOT_UNUSABLE = "snapshot_unusable"
    """A snapshot is damaged or not of this chain: the trial is folded from its first record."""
    REBUILT = "rebuilt"
    """An operator asked for it: the read side was built anew from `trial.log`."""


LEVELS: Final = {
    Case.TAKEOVER: logging.INFO,
    Case.REBUILT: logging.INFO,
    Case.REDIS_BEHIND: logging.WARNING,
    Case.SNAPSHOT_UNUSABLE: logging.WARNING,
    Case.KAFKA_SHORTER: logging.CRITICAL,
    Case.DIVERGED: logging.CRITICAL,
}
"""How loud each is; all others are errors."""


class Cases:
    """Tells each case as it is met and counts it since the process started."""

    def __init__(self) -> None:
        self._met: Counter[str] = Counter()

    def met(self, case: Case, says: str, **ids: Any) -> None:
        """`ids`: partition, trial, sequence, offset, counts; never what a record holds."""
        self._met[case.value] += 1
        LOG.log(LEVELS.get(case, logging.ERROR), says, extra={"case": case.value, **ids})

    def counts(self) -> dict[str, int]:
        """Case -> how often, only those that were met."""
        return dict(sorted(self._met.items()))
