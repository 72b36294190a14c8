"""Counts that the state of a trial does not carry, kept along its log: why screenings failed."""

from collections import Counter

from eligibility.verdict import Verdict
from enrollment.events import FormJudged
from services.api.ports import Ports
from streams.record import Record

STEP = 500


class ScreenFailures:
    """The latest verdict of each subject that was found ineligible: its failing criteria."""

    def __init__(self) -> None:
        self._next = -1
        self._failing: dict[str, tuple[str, tuple[str, ...]]] = {}

    async def up_to_date(self, ports: Ports, trial_id: str) -> "ScreenFailures":
        """Reads what was recorded since the last time."""
        while records := await ports.trials.records(trial_id, self._next, STEP):
            for record in records:
                self._take(record)
            self._next = records[-1].sequence
        return self

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


class Tallies:
    """One for the process: the tallies of each trial that somebody looked at."""

    def __init__(self) -> None:
        self._trials: dict[str, ScreenFailures] = {}

    async def screen_failures(self, ports: Ports, trial_id: str) -> ScreenFailures:
        tally = self._trials.setdefault(trial_id, ScreenFailures())
        return await tally.up_to_date(ports, trial_id)
