"""Explores every schedule of two workers with the real stage, up to a number of troubles.

The states are those of `product`: what a worker does is what the real code did when it last saw the
same. A state that was met before is not gone on from.
"""

# ruff: noqa: T201

import random
import sys
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.streams.counting import request
from tests.streams.life import by_hand
from tests.streams.product import Product, State
from tests.streams.schedule import Choice, Run, Setting, come_to_rest
from tests.streams.shorten import shortened
from tests.streams.world import ViolatedError


class FoundError(Exception):
    """A schedule that ends in something that must not be."""

    def __init__(self, why: str, schedule: list[Choice], states: int) -> None:
        super().__init__(f"{why}, after {states} states, by: {', '.join(schedule)}")
        self.why = why
        self.schedule = schedule
        self.states = states


@dataclass(slots=True)
class Explored:
    """What a search has seen. `complete` when nothing was left out."""

    states: int = 0
    steps: int = 0
    ran: int = 0
    """Steps of the real code that were run for it."""
    depth: int = 0
    finished: int = 0
    """States in which every command is committed and shown."""
    rested: int = 0
    """Schedules that were run again from the beginning and then came to rest without trouble."""
    complete: bool = False

    def __str__(self) -> str:
        how = "all of them" if self.complete else "not all"
        return (
            f"{self.states} states ({how}), {self.steps} steps, {self.ran} of them run, "
            f"depth {self.depth}, finished in {self.finished}, came to rest {self.rested} times"
        )


@dataclass(slots=True)
class Search:
    """Depth first over all schedules of a setting."""

    setting: Setting
    most_states: int = 10**9
    rests: int = 500
    """After every so many states one is come to by the real workers, and asked to come to rest."""
    seed: int | None = None
    """With a seed the choices of a state are tried in an order of its own."""
    told: Callable[[Explored], None] = lambda _: None
    explored: Explored = field(default_factory=Explored)
    _seen: set[int] = field(default_factory=set)
    """States by their hashes of 64 bits."""
    _before: "array[int]" = field(default_factory=lambda: array("q"))
    """Of each state, by its number: the one before it, by which choice, how deep."""
    _by: list[Choice] = field(default_factory=list)
    _depth: "array[int]" = field(default_factory=lambda: array("l"))

    def all(self) -> Explored:
        """Raises `FoundError` at the first schedule that violates anything."""
        with by_hand():
            product = Product(self.setting)
            try:
                self._search(product)
            finally:
                self.explored.ran = product.lives.ran
                product.lives.end()
        return self.explored

    def _search(self, product: Product) -> None:
        explored, seen = self.explored, self._seen
        seen.add(hash(product.first))
        left = [(product.first, self._add(product, product.first, -1, ""))]
        while left:
            if explored.states >= self.most_states:
                return
            state, number = left.pop()
            choices = product.choices(state)
            if self.seed is not None:
                random.Random(f"{self.seed} {number}").shuffle(choices)
            for choice in reversed(choices):
                explored.steps += 1
                try:
                    after = product.after(state, choice)
                except ViolatedError as error:
                    schedule = [*self._schedule(number), choice]
                    raise FoundError(str(error), schedule, explored.states) from error
                key = hash(after)
                if key not in seen:
                    seen.add(key)
                    left.append((after, self._add(product, after, number, choice)))
        explored.complete = True

    def _add(self, product: Product, state: State, before: int, by: Choice) -> int:
        """The number of a new state."""
        explored, number = self.explored, len(self._by)
        self._before.append(before)
        self._by.append(sys.intern(by))
        self._depth.append(self._depth[before] + 1 if before >= 0 else 0)
        explored.states += 1
        explored.depth = max(explored.depth, self._depth[number])
        explored.finished += product.complete(state)
        if self.rests and number % self.rests == self.rests // 2:
            self._rest(product, state, number)
        self.told(explored)
        return number

    def _rest(self, product: Product, state: State, number: int) -> None:
        """The real workers must come to the same by the same schedule, and then to rest."""
        schedule = self._schedule(number)
        run = Run(self.setting)
        run.world.looked_at = False
        try:
            for choice in schedule:
                run.take(choice)
            assert tuple(run.world.log) == product.log(state), schedule
            assert run.world.redis.key() == product.redis(state).key(), schedule
            assert run.choices() == product.choices(state), schedule
            come_to_rest(run, random.Random(number))
        except ViolatedError as error:
            raise FoundError(str(error), list(run.happened), self.explored.states) from error
        finally:
            run.end()
        self.explored.rested += 1

    def _schedule(self, number: int) -> list[Choice]:
        """One way to a state."""
        found: list[Choice] = []
        while self._before[number] >= 0:
            found.append(self._by[number])
            number = self._before[number]
        return found[::-1]


def setting_of(
    trials: str, rebalances: int, crashes: int, wipes: int, rollbacks: int, batch: int, **more: Any
) -> Setting:
    """One command for each letter of `trials`, in the trial that it names."""
    commands = [request(trial, number) for number, trial in enumerate(trials)]
    counts = (rebalances, crashes, wipes, rollbacks)
    troubles = dict(zip(("rebalance", "crash", "wipe", "roll back"), counts, strict=True))
    return Setting(commands, troubles, batch, **more)


def main(words: list[str]) -> int:
    """0: all explored; 1: a violation, with its schedule; 2: called wrongly or not all explored."""
    options = {word for word in words if word in OPTIONS}
    most = [int(word.removeprefix("most=")) for word in words if word.startswith("most=")]
    plain = [word for word in words if word not in options and not word.startswith("most=")]
    if len(plain) != 6 or not plain[0].isalpha() or not all(w.isdigit() for w in plain[1:]):
        print(USAGE)
        return 2
    rebalances, crashes, wipes, rollbacks, batch = (int(word) for word in plain[1:])
    setting = setting_of(
        plain[0], rebalances, crashes, wipes, rollbacks, batch,
        ticks="noticks" not in options, late="late" in options, noticed="noticed" in options,
    )  # fmt: skip
    search = Search(setting, most[0] if most else 10**9, told=_every_thousand)
    try:
        explored = search.all()
    except FoundError as error:
        print(f"VIOLATION {error}")
        with by_hand():
            print("shortest found:", ", ".join(shortened(setting, error.schedule)))
        return 1
    print("no violation:", explored)
    return 0 if explored.complete else 2


def _every_thousand(explored: Explored) -> None:
    if explored.states % 10_000 == 0:
        print(f"\r{explored.states} states, {explored.steps} steps", end=" ", flush=True)


OPTIONS = frozenset({"noticks", "late", "noticed"})
USAGE = """python -m tests.streams.exhaustive COMMANDS REBALANCES CRASHES WIPES ROLLBACKS BATCH
  COMMANDS   a letter for each command: its trial, e.g. AAB
  noticks    idle workers do not look at log and Redis (fewer states)
  late       replies of writes come late
  noticed    an old owner may hear that it lost the partition
  most=N     no more than N states"""

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
