"""A trial conducted subject by subject by asking the design alone: no decider, no clock, no chance.

Every history that the design sees is tallied anew from the subjects; what it recommends is followed
when somebody signs it, further places at the open level at once (rules R6).
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from cohorts.designs.design import Design, History, LevelHistory, Recommendation

STEP = Fraction(1, 2)
Standing = Literal["reserved", "pending", "clear", "dlt"]


@dataclass
class Subject:
    """One subject at a level; `passed` is the part of the window that has passed."""

    standing: Standing = "reserved"
    passed: Fraction = Fraction(0)


@dataclass
class Level:
    """Its subjects, how many may be there, and its counts as its newest cohort began."""

    subjects: list[Subject] = field(default_factory=list)
    target: int = 0
    evaluable_before: int = 0
    dlts_before: int = 0

    def those(self, *standings: Standing) -> list[Subject]:
        """Subjects of these standings."""
        return [subject for subject in self.subjects if subject.standing in standings]

    def tallied(self) -> LevelHistory:
        """What the design is told."""
        return LevelHistory(
            evaluable=len(self.those("clear", "dlt")),
            dlts=len(self.those("dlt")),
            pending=tuple(subject.passed for subject in self.those("pending")),
            reserved=len(self.those("reserved")),
            target=self.target,
            evaluable_before=self.evaluable_before,
            dlts_before=self.dlts_before,
        )


class Course:
    """Where the trial stands, and what can happen next."""

    def __init__(self, design: Design, levels: int, start: int) -> None:
        self.design = design
        self.levels = [Level() for _ in range(levels)]
        self.current = start
        self.ended: Recommendation | None = None
        self._open(start, self.design.opening_target(self.history.levels, start))

    @property
    def history(self) -> History:
        """Tallied from the subjects."""
        return History(tuple(level.tallied() for level in self.levels), self.current)

    @property
    def advice(self) -> Recommendation | None:
        """What the design recommends now."""
        return self.design.recommend(self.history)

    def enter(self) -> None:
        """Somebody takes a place, if there is one and no review is due."""
        if self.advice is None and self.design.places(self.history) > 0:
            self.levels[self.current].subjects.append(Subject())

    def dose(self, pick: int) -> None:
        """A reserved subject is dosed, or gives the place back."""
        here = self.levels[self.current]
        if reserved := here.those("reserved"):
            subject = reserved[pick % len(reserved)]
            if pick % 7 == 0:
                here.subjects.remove(subject)
            else:
                subject.standing = "pending"

    def pass_time(self) -> None:
        """Half a window for everybody in one."""
        for level in self.levels:
            for subject in level.those("pending"):
                subject.passed = min(Fraction(1), subject.passed + STEP)

    def tell(self, pick: int, has_dlt: bool) -> None:
        """A DLT, at any time; or the end of a window without one; one in seven is not evaluable."""
        open_windows = [(level, one) for level in self.levels for one in level.those("pending")]
        if not open_windows:
            return
        level, subject = open_windows[pick % len(open_windows)]
        if has_dlt:
            subject.standing = "dlt"
        elif subject.passed == 1 and pick % 7 == 0:
            level.subjects.remove(subject)
        elif subject.passed == 1:
            subject.standing = "clear"

    def sign(self) -> None:
        """What is recommended is done; reserved subjects of a level that is left are recalled."""
        advice = self.advice
        if advice is None:
            return
        if advice.kind in ("mtd", "no_tolerable_dose"):
            self.ended = advice
            return
        assert advice.level is not None
        if advice.level != self.current:
            here = self.levels[self.current]
            here.subjects = here.those("pending", "clear", "dlt")
            self.current = advice.level
        target = advice.target
        if target is None:
            target = self.design.opening_target(self.history.levels, advice.level)
        self._open(advice.level, target)

    def _open(self, level: int, target: int) -> None:
        opened = self.levels[level]
        now = opened.tallied()
        opened.target, opened.evaluable_before, opened.dlts_before = (
            target,
            now.evaluable,
            now.dlts,
        )
