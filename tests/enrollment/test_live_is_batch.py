"""On every prefix of a trial that runs, the decider asks for what the design says of the events."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from cohorts.designs.design import Design, History, LevelHistory
from cohorts.designs.three_plus_three import ThreePlusThree
from enrollment import commands as c
from enrollment.events import AnyEvent
from enrollment.places import free_places
from tests.enrollment.designs import OTHERS, TIMED, design_for
from tests.enrollment.months import month
from tests.enrollment.spec import CHICAGO, P0, Said, Story

LEVELS = ("L1", "L2", "L3")
THREE = ThreePlusThree("B")
LIVE = ("SlotReserved", "SlotExpired", "SlotRecalled", "SlotReleased", "FirstDoseRecorded")
OUTCOMES = {"DltRecorded": "dlt", "SubjectCleared": "cleared", "SubjectNotEvaluable": "gone"}


class Batch:
    """The levels counted from the events alone, with nothing of the decider's state."""

    def __init__(self) -> None:
        self.level: dict[str, str] = {}
        self.state: dict[str, str] = {}
        self.window: dict[str, tuple[date, date]] = {}
        self.target: Counter[str] = Counter()
        self.before: dict[str, tuple[int, int]] = {}
        self.open = 0

    def follow(self, events: Iterable[AnyEvent]) -> None:
        for event in events:
            self.one(event)

    def one(self, event: Any) -> None:
        if event.type in LIVE:
            self.level[event.subject_id] = event.level_id
            kept = {"SlotReserved": "reserved", "FirstDoseRecorded": "dosed"}
            self.state[event.subject_id] = kept.get(event.type, "gone")
        if event.type == "FirstDoseRecorded":
            self.window[event.subject_id] = (event.dosed_on, event.window_ends_on)
        if event.type in OUTCOMES:
            self.state[event.subject_id] = OUTCOMES[event.type]
        if event.type in ("LevelOpened", "LevelExpanded"):
            self.target[event.level_id] = event.target
            counted = self.history_of(event.level_id, date.min)
            self.before[event.level_id] = (counted.evaluable, counted.dlts)
        if event.type == "LevelOpened":
            self.open = LEVELS.index(event.level_id)

    def history_of(self, level_id: str, on: date) -> LevelHistory:
        here = [who for who, at in self.level.items() if at == level_id]
        states = Counter(self.state[who] for who in here)
        before = self.before.get(level_id, (0, 0))
        parts = sorted(self.part(who, on) for who in here if self.state[who] == "dosed")
        return LevelHistory(
            evaluable=states["dlt"] + states["cleared"],
            dlts=states["dlt"],
            pending=tuple(parts),
            reserved=states["reserved"],
            target=self.target[level_id],
            evaluable_before=before[0],
            dlts_before=before[1],
        )

    def part(self, who: str, on: date) -> Fraction:
        dosed_on, ends_on = self.window[who]
        days = min(max((on - dosed_on).days, 0), (ends_on - dosed_on).days)
        return Fraction(days, (ends_on - dosed_on).days)

    def history(self, at: datetime) -> History:
        on = at.astimezone(CHICAGO).date()
        return History(tuple(self.history_of(level, on) for level in LEVELS), self.open)


def same(trial: Story, design: Design, batch: Batch) -> None:
    """What the design says of the events is what stands in the trial."""
    if trial.state.phase1 != "open":
        return
    history = batch.history(trial.now)
    below = range(history.current)
    weak = [i for i in below if trial.state.levels[i].opened]
    weak = [i for i in weak if not design.allows_above(history.levels, i)]
    due = design.recommend(history)
    review = trial.review()
    if weak and not design.stopped(history.levels, history.current):
        assert review == ("de_escalate", LEVELS[weak[0]])
    elif due is None or due.kind == "expand":
        assert due is None, "an expansion is taken at once"
        assert review is None
        today = trial.now.astimezone(CHICAGO).date()
        assert free_places(trial.state, 1, today) == design.places(history)
    else:
        assert review == (due.kind, None if due.level is None else LEVELS[due.level])


@dataclass
class Watched(Story):
    """A story that holds every step against the batch decision."""

    design: Design = THREE
    batch: Batch = field(default_factory=Batch)
    prefixes: int = 0

    def do(self, command: c.AnyCommand, actor: c.Actor) -> Said:
        told = super().do(command, actor)
        self.batch.follow(self.events)
        if self.state.activated:
            same(self, self.design, self.batch)
            self.prefixes += 1
        return told


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["3+3", *OTHERS, *TIMED])
def test_the_live_path_is_the_batch_decision(kind: str, seed: int) -> None:
    design = THREE if kind == "3+3" else design_for(kind, 3, seed * 10)
    trial = Watched(design=design)
    trial.at("03-01 08:00").adopt(P0(design=design, levels=LEVELS))
    trial.activate_site("S1")
    trial.activate()
    chance = Random(seed)
    for _ in range(25):
        if trial.state.phase1 != "closed":
            month(trial, chance.choice([0, 0, 1, 1, 2]))
    assert trial.prefixes > 20
