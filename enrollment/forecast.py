"""A small model of who gets which place when sites are limited or take turns (rules R15, R17)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Final

from cohorts.numbers import Numbers
from enrollment.trial import NO_NUMBERS, Trial

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
    queues: dict[str, Numbers]
    """Orders on the waitlist; persistent, never copied: the run only goes along them."""
    last_site: str | None
    waiting: dict[str, Iterator[int]] = field(default_factory=dict)
    heads: dict[str, int] = field(default_factory=dict)
    """Who is next at each site: the order."""
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
            queues={site: trial.queues.get((phase, site), NO_NUMBERS) for site in sites},
            last_site=trial.last_reserved_site,
        )

    def add_last(self, order: int, site_id: str) -> None:
        """Puts a newcomer at the end: its order is larger than any other."""
        self.queues[site_id] = self.queues[site_id].add(order)

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

    def reserved_at(self, order: int) -> datetime | None:
        """The instant at which this one gets a place; none when it never does."""
        self.waiting = {site: iter(self.queues[site]) for site in self.sites}
        for queue in self.sites:
            self._go_on(queue)
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
                if self.heads[taker] == order:
                    return at
                self._go_on(taker)
                self._take(taker, at)
        return None

    def _go_on(self, site: str) -> None:
        """The next one at a site comes to the head."""
        head = next(self.waiting[site], None)
        if head is None:
            self.heads.pop(site, None)
        else:
            self.heads[site] = head

    def _take(self, site: str, at: datetime) -> None:
        self.live[site] += 1
        self.used[site] += 1
        self.last_site = site
        self.number += 1
        start = at if self.not_before is None else max(at, self.not_before)
        heappush(self.free_at, (start + self.hours, self.number, site))

    def _next(self) -> str | None:
        """The site that the next free place goes to."""
        able = [site for site in self.heads if self._may_take(site)]
        if not able:
            return None
        if self.round_robin:
            return next(site for site in self._turns() if site in able)
        return min(able, key=self.heads.__getitem__)

    def _turns(self) -> tuple[str, ...]:
        """Sites in the protocol's order, starting after the site of the last reservation."""
        if self.last_site not in self.sites:
            return self.sites
        after = self.sites.index(self.last_site) + 1
        return (*self.sites[after:], *self.sites[:after])

    def _may_take(self, site: str) -> bool:
        if self.limit is not None and self.live[site] >= self.limit:
            return False
        return self.cap is None or self.used[site] < self.cap
