"""A small model of who gets which place when sites are limited or take turns (rules R15, R17)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Final

from cohorts.ordered import Key, Ordered
from enrollment.evolve_slots import may_be_offered
from enrollment.trial import EMPTY, Trial

STEPS_MAX: Final = 1_000
"""Places handed on in one forecast; for those behind that many no date is promised."""


@dataclass(slots=True)
class Forecast:
    """Runs forward: each place that falls free goes to the first whose site may take it."""

    sites: tuple[str, ...]
    round_robin: bool
    limit: int | None
    cap: int | None
    hours: timedelta
    not_before: datetime | None
    live: dict[str, int]
    used: dict[str, int]
    trial: Trial
    phase: int
    queues: dict[str, Ordered]
    """Persistent: taken from here as far as the run goes, and never copied."""
    last_site: str | None
    newcomer: str | None = None
    served: set[str] = field(default_factory=set)
    free_at: list[tuple[datetime, int, str | None]] = field(default_factory=list)
    """When places fall free: instant, number, the site that gives one back (none: a new one)."""
    number: int = 0

    @classmethod
    def of(
        cls, trial: Trial, phase: int, hours: timedelta, not_before: datetime | None
    ) -> "Forecast":
        protocol, counts = trial.in_force, trial.phase2_counts
        sites = tuple(s for s in protocol.site_ids if trial.sites.get(s) == protocol.version)
        return cls(
            sites=sites,
            round_robin=protocol.assignment.waitlist_order == "round_robin",
            limit=protocol.assignment.max_live_reservations_per_site,
            cap=protocol.phase2.site_cap if phase == 2 else None,
            hours=hours,
            not_before=not_before,
            live={site: trial.live_at_site.get(site, 0) for site in sites},
            used={
                site: counts.reserved_at.get(site, 0) + counts.dosed_at.get(site, 0)
                for site in sites
            },
            trial=trial,
            phase=phase,
            queues={site: trial.queues.get((phase, site), EMPTY) for site in sites},
            last_site=trial.last_reserved_site,
        )

    def add_last(self, subject_id: str, site_id: str) -> None:
        """Puts a newcomer at the end."""
        self.newcomer = subject_id
        self.queues[site_id] = self.queues[site_id].add((self.trial.orders[1] + 1,), subject_id)

    def reservations(self, expiries: Iterable[tuple[datetime, str]]) -> None:
        """Live reservations: their places fall free when they expire."""
        for at, site in expiries:
            self.number += 1
            self.free_at.append((at, self.number, site))
        heapify(self.free_at)

    def open_places(self, places: int, at: datetime) -> None:
        """New places at an instant."""
        for _ in range(places):
            self.number += 1
            heappush(self.free_at, (at, self.number, None))

    def reserved_at(self, subject_id: str) -> datetime | None:
        """The instant at which this subject gets a place; none when it never does."""
        places = 0
        for _ in range(STEPS_MAX):
            if not self.free_at:
                return None
            at, _, site = heappop(self.free_at)
            places += 1
            if site is not None:
                self.live[site] = self.live.get(site, 0) - 1
                self.used[site] = self.used.get(site, 0) - 1
            while places and (taker := self._next()) is not None:
                places -= 1
                self.served.add(taker[1])
                if taker[1] == subject_id:
                    return at
                self._take(taker[0], at)
        return None

    def _take(self, site: str, at: datetime) -> None:
        self.live[site] += 1
        self.used[site] += 1
        self.last_site = site
        self.number += 1
        start = at if self.not_before is None else max(at, self.not_before)
        heappush(self.free_at, (start + self.hours, self.number, site))

    def _next(self) -> tuple[str, str] | None:
        """The site and the subject that the next free place goes to."""
        heads = {site: head for site, head in self._heads().items() if self._may_take(site)}
        if not heads:
            return None
        site = next(site for site in self._turns() if site in heads)
        if not self.round_robin:
            site = min(heads, key=heads.__getitem__)
        return site, heads[site][1]

    def _turns(self) -> tuple[str, ...]:
        """Sites in the protocol's order, starting after the site of the last reservation."""
        if self.last_site not in self.sites:
            return self.sites
        after = self.sites.index(self.last_site) + 1
        return (*self.sites[after:], *self.sites[:after])

    def _heads(self) -> dict[str, tuple[int, str]]:
        """Who is first at each site, in the protocol's order of sites."""
        heads = {}
        for site in self.sites:
            queue = self.queues[site] = self.queues[site].settled(self._waits)
            first = queue.first()
            if first is not None:
                heads[site] = (first[0][0], first[1])
        return heads

    def _waits(self, key: Key, subject_id: str) -> bool:
        if subject_id in self.served:
            return False
        if subject_id == self.newcomer:
            return True
        return may_be_offered(self.trial, self.phase, key[0], subject_id)

    def _may_take(self, site: str) -> bool:
        if self.limit is not None and self.live[site] >= self.limit:
            return False
        return self.cap is None or self.used[site] < self.cap
