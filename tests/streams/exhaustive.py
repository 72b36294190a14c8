"""Explores every schedule of two workers with the real stage, up to a number of troubles.

The stage cannot be copied, so each schedule is run from its beginning (as VeriSoft did); a state
that was met before is not gone on from, and of two orders that give the same world one is run.
"""

# ruff: noqa: T201

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.streams.counting import request
from tests.streams.life import by_hand
from tests.streams.schedule import Choice, Run, Setting, Touched, come_to_rest, independent
from tests.streams.shorten import shortened
from tests.streams.world import ViolatedError

Sleep = dict[Choice, Touched]
"""Choices that need not be made now: the same world comes of making them earlier."""


class FoundError(Exception):
    """A schedule that ends in something that must not be."""

    def __init__(self, why: str, schedule: list[Choice], states: int) -> None:
        super().__init__(f"{why}, after {states} states, by: {', '.join(schedule)}")
        self.why = why
        self.schedule = schedule
        self.states = states


@dataclass(slots=True)
class _Node:
    """A state on the way: what is still to be tried in it."""

    choices: list[tuple[Choice, Touched]]
    sleep: Sleep
    memories: tuple[object, ...] = ()


@dataclass(slots=True)
class Explored:
    """What a search has seen. `complete` when nothing was left out."""

    states: int = 0
    runs: int = 0
    steps: int = 0
    depth: int = 0
    finished: int = 0
    """States in which every command is committed and shown."""
    rested: int = 0
    """Runs that were asked to come to rest without further trouble, and did."""
    complete: bool = False

    def __str__(self) -> str:
        how = "all of them" if self.complete else "not all"
        return (
            f"{self.states} states ({how}), {self.runs} schedules, {self.steps} steps, "
            f"depth {self.depth}, finished in {self.finished}, came to rest {self.rested} times"
        )


@dataclass(slots=True)
class Search:
    """Depth first over all schedules of a setting."""

    setting: Setting
    most_states: int = 10**9
    rests: int = 20
    """After every so many runs one is asked to come to rest."""
    seed: int | None = None
    """With a seed the choices of a state are tried in an order of its own."""
    told: Callable[[Explored], None] = lambda _: None
    explored: Explored = field(default_factory=Explored)
    _seen: dict[int, frozenset[Choice]] = field(default_factory=dict)
    _nodes: list[_Node] = field(default_factory=list)
    _path: list[Choice] = field(default_factory=list)

    def all(self) -> Explored:
        """Raises `FoundError` at the first schedule that violates anything."""
        with by_hand():
            run = self._begin()
            sleep: Sleep = {}
            while True:
                self._arrive(run, sleep)
                while self._nodes and not self._nodes[-1].choices:
                    self._nodes.pop()
                    if self._path:
                        self._path.pop()
                if not self._nodes:
                    self.explored.complete = True
                    self._leave(run)
                    break
                if self.explored.states >= self.most_states:
                    self._leave(run)
                    break
                if run.happened != self._path:
                    self._leave(run)
                    run = self._begin()
                node = self._nodes[-1]
                choice, touched = node.choices.pop()
                sleep = {c: t for c, t in node.sleep.items() if independent(t, touched)}
                node.sleep[choice] = touched
                self._path.append(choice)
                self._take(run, choice)
        return self.explored

    def _begin(self) -> Run:
        self.explored.runs += 1
        run = Run(self.setting)
        run.world.looked_at = False
        for choice in self._path:
            run.take(choice)
        run.world.looked_at = True
        if self._nodes:
            for life, memory in zip(run.lives, self._nodes[-1].memories, strict=True):
                if life is not None:
                    life.memory = memory
        return run

    def _leave(self, run: Run) -> None:
        """This run goes on nowhere new: sometimes it is asked to come to rest instead."""
        if self.rests and self.explored.runs % self.rests == 0:
            self.explored.rested += 1
            run.world.looked_at = False
            self._watched(run, lambda: come_to_rest(run, random.Random(self.explored.runs)))
        run.end()

    def _watched(self, run: Run, does: Callable[[], None]) -> None:
        try:
            does()
        except ViolatedError as error:
            raise FoundError(str(error), list(run.happened), self.explored.states) from error

    def _take(self, run: Run, choice: Choice) -> None:
        self.explored.steps += 1
        self._watched(run, lambda: run.take(choice))

    def _arrive(self, run: Run, sleep: Sleep) -> None:
        """A new node for a state that is new, or that was left too early when it was met."""
        key = run.key()
        asleep = frozenset(sleep)
        before = self._seen.get(key)
        if before is None:
            self.explored.states += 1
            self.explored.depth = max(self.explored.depth, len(self._path))
            self.explored.finished += run.world.complete()
            self._seen[key] = asleep
            open_now = [c for c in run.choices() if c not in asleep]
        elif before <= asleep:
            self._nodes.append(_Node([], {}))
            return
        else:
            self._seen[key] = before & asleep
            open_now = [c for c in run.choices() if c in before and c not in asleep]
            # What was tried here before need not be tried again.
            sleep = sleep | {c: run.touched(c) for c in run.choices() if c not in before}
        if self.seed is not None:
            random.Random(f"{self.seed} {self.explored.states}").shuffle(open_now)
        choices = [(choice, run.touched(choice)) for choice in reversed(open_now)]
        memories = tuple(life and life.memory for life in run.lives)
        self._nodes.append(_Node(choices, dict(sleep), memories))
        self.told(self.explored)


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
    if explored.states % 1000 == 0:
        print(f"\r{explored.states} states, {explored.runs} schedules", end=" ", flush=True)


OPTIONS = frozenset({"noticks", "late", "noticed"})
USAGE = """python -m tests.streams.exhaustive COMMANDS REBALANCES CRASHES WIPES ROLLBACKS BATCH
  COMMANDS   a letter for each command: its trial, e.g. AAB
  noticks    idle workers do not look at log and Redis (fewer states)
  late       replies of writes come late
  noticed    an old owner may hear that it lost the partition
  most=N     no more than N states"""

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
