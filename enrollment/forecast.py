"""A small model of who gets which place when sites are limited or take turns (rules R15, R17)."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Final

from enrollment.evolve_slots import may_be_offered
from enrollment.trial import EMPTY, Trial

STEPS_MAX: Final = 10_000
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
    queues: dict[str, deque[tuple[int, str]]]
    last_site: str | None
    last_order: int
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
            queues={site: _queue(trial, phase, site) for site in sites},
            last_site=trial.last_reserved_site,
            last_order=trial.orders[1],
        )

    def add_last(self, subject_id: str, site_id: str) -> None:
        """Puts a newcomer at the end."""
        self.queues[site_id].append((self.last_order + 1, subject_id))

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
            while places and (taker := self._next_site()) is not None:
                places -= 1
                _, who = self.queues[taker].popleft()
                if who == subject_id:
                    return at
                self._take(taker, at)
        return None

    def _take(self, site: str, at: datetime) -> None:
        self.live[site] += 1
        self.used[site] += 1
        self.last_site = site
        self.number += 1
        start = at if self.not_before is None else max(at, self.not_before)
        heappush(self.free_at, (start + self.hours, self.number, site))

    def _next_site(self) -> str | None:
        able = [site for site in self.sites if self.queues[site] and self._may_take(site)]
        if not able:
            return None
        if not self.round_robin:
            return min(able, key=lambda site: self.queues[site][0])
        if self.last_site not in self.sites:
            return able[0]
        after = self.sites.index(self.last_site) + 1
        turns = (*self.sites[after:], *self.sites[:after])
        return next(site for site in turns if site in able)

    def _may_take(self, site: str) -> bool:
        if self.limit is not None and self.live[site] >= self.limit:
            return False
        return self.cap is None or self.used[site] < self.cap


def _queue(trial: Trial, phase: int, site: str) -> deque[tuple[int, str]]:
    entries = trial.queues.get((phase, site), EMPTY)
    valid = ((k[0], who) for k, who in entries if may_be_offered(trial, phase, k[0], who))
    return deque(dict.fromkeys(valid))
