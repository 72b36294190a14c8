"""What the state of a trial does not carry, kept along its log: failed screenings, toxicities."""

from abc import ABC, abstractmethod
from collections import Counter
from typing import Self

from eligibility.verdict import Verdict
from enrollment.events import DltRecorded, FormJudged, ToxicityRecorded
from services.api.ports import Ports
from streams.record import Record

STEP = 500


class Tally(ABC):
    """Reads each record of a trial once, in order."""

    def __init__(self) -> None:
        self._next = -1

    async def up_to_date(self, ports: Ports, trial_id: str) -> Self:
        """Reads what was recorded since the last time."""
        while records := await ports.trials.records(trial_id, self._next, STEP):
            for record in records:
                self._take(record)
            self._next = records[-1].sequence
        return self

    @abstractmethod
    def _take(self, record: Record) -> None: ...


class ScreenFailures(Tally):
    """The latest verdict of each subject that was found ineligible: its failing criteria."""

    def __init__(self) -> None:
        super().__init__()
        self._failing: dict[str, tuple[str, tuple[str, ...]]] = {}

    def _take(self, record: Record) -> None:
        for event in record.content.events:
            if isinstance(event, FormJudged):
                self._failing.pop(event.subject_id, None)
                if event.outcome == "ineligible":
                    failed = Verdict.from_json(event.verdict).fails(event.phase)
                    self._failing[event.subject_id] = (event.site_id, failed)

    def by_criterion(self) -> list[tuple[str, int]]:
        """Criterion and subjects who fail it, most first; one subject may fail several."""
        counts = Counter(c for _, criteria in self._failing.values() for c in criteria)
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))

    @property
    def subjects(self) -> int:
        return len(self._failing)


class Toxicities(Tally):
    """Every report of a DLT or another toxicity as it was made, by subject, in order."""

    def __init__(self) -> None:
        super().__init__()
        self._of: dict[str, list[DltRecorded | ToxicityRecorded]] = {}

    def _take(self, record: Record) -> None:
        for event in record.content.events:
            if isinstance(event, DltRecorded | ToxicityRecorded):
                self._of.setdefault(event.subject_id, []).append(event)

    def of(self, subject_id: str) -> tuple[DltRecorded | ToxicityRecorded, ...]:
        return tuple(self._of.get(subject_id, ()))


class Tallies:
    """One for the process: the tallies of each trial that somebody looked at."""

    def __init__(self) -> None:
        self._failures: dict[str, ScreenFailures] = {}
        self._toxicities: dict[str, Toxicities] = {}

    async def screen_failures(self, ports: Ports, trial_id: str) -> ScreenFailures:
        tally = self._failures.setdefault(trial_id, ScreenFailures())
        return await tally.up_to_date(ports, trial_id)

    async def toxicities(self, ports: Ports, trial_id: str) -> Toxicities:
        tally = self._toxicities.setdefault(trial_id, Toxicities())
        return await tally.up_to_date(ports, trial_id)
