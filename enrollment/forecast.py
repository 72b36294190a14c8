"""A small model of who gets which place when sites are limited or take turns (rules R15, R17).

Where no site can be in another's way, or no limit can bind, places only go round and the date is
reckoned; else each place is handed on in turn, which costs the more the longer the waitlist is.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush, heapreplace
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

    def reserved_at(self, order: int, site_id: str) -> datetime | None:
        """The instant at which this one of a site gets a place; none when it never does."""
        if order not in self.queues[site_id]:
            return None
        if self._apart():
            ahead = self.queues[site_id].below(order)
            return goes_round(self._of_site(site_id), ahead, self.hours, self.not_before)
        if self._unbound():
            places = [at for at, _, _ in self.free_at]
            return goes_round(places, self._ahead(order, site_id), self.hours, self.not_before)
        return self.handed_on(order)

    def _apart(self) -> bool:
        """The places are enough for all that the open sites may hold at once, and so for each."""
        held = self._held()
        closed = sum(count for site, count in held.items() if site not in self.sites)
        most = 0
        for site in self.sites:
            mine = held.get(site, 0)
            wanted = mine + self.queues[site].size
            most += max(mine, min(self._may_hold(site, mine, wanted), wanted))
        return len(self.free_at) - closed >= most

    def _of_site(self, site: str) -> list[datetime]:
        """When a site that is in nobody's way may fill each place it may hold, once and again."""
        mine = sorted(at for at, _, owner in self.free_at if owner == site)
        may_hold = self._may_hold(site, len(mine), len(mine) + self.queues[site].size)
        new = (at for at, _, owner in self.free_at if owner is None)
        spare = may_hold - len(mine)
        return [next(new)] * spare + mine if spare > 0 else mine[-spare:]

    def _unbound(self) -> bool:
        """No site where somebody waits could come to its limit, with every place there is."""
        held, places = self._held(), len(self.free_at)
        for site in self.sites:
            mine, waiting = held.get(site, 0), self.queues[site].size
            most = min(places, mine + waiting)
            if waiting and most > self._may_hold(site, mine, most):
                return False
        return True

    def _ahead(self, order: int, site_id: str) -> int:
        """How many are served before this one where each site may take any place."""
        if not self.round_robin:
            return sum(self.queues[site].below(order) for site in self.sites)
        before, turns = self.queues[site_id].below(order), self._turns()
        mine = turns.index(site_id)
        return sum(
            min(self.queues[site].size, before + (turn < mine)) for turn, site in enumerate(turns)
        )

    def _held(self) -> Counter[str]:
        """Live reservations of the phase by site."""
        return Counter(site for _, _, site in self.free_at if site is not None)

    def _may_hold(self, site: str, mine: int, unlimited: int) -> int:
        """How many reservations of the phase a site that has `mine` now may hold at once."""
        limits = [unlimited]
        if self.limit is not None:
            limits.append(self.limit - self.live[site] + mine)
        if self.cap is not None:
            limits.append(self.cap - self.used[site] + mine)
        return min(limits)

    def handed_on(self, order: int) -> datetime | None:
        """The same by handing on each place in turn."""
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


def goes_round(
    free_at: list[datetime], ahead: int, hours: timedelta, not_before: datetime | None
) -> datetime | None:
    """When the one behind `ahead` others gets a place, if places pass from hand to hand."""
    if not free_at:
        return None
    heap = list(free_at)
    heapify(heap)
    while ahead and not_before is not None and heap[0] < not_before:
        heapreplace(heap, not_before + hours)
        ahead -= 1
    for last in sorted(heap, reverse=True):
        # Those that fall free earlier go round by themselves until the last one joins them.
        joined = [(at, (last - at) // hours) for at in heap if at <= last]
        before = sum(rounds for _, rounds in joined)
        if before <= ahead:
            break
    rounds, rest = divmod(ahead - before, len(joined))
    return sorted(at + alone * hours for at, alone in joined)[rest] + rounds * hours
