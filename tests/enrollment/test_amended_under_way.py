"""Trials that are amended again and again under way: none is ever stuck, whatever was lowered."""

from random import Random
from typing import Any

import pytest
from hypothesis.stateful import rule

from cohorts.designs.crm import Crm
from enrollment import commands as c
from tests.enrollment.designs import OTHERS, TIMED, design_for, resized
from tests.enrollment.held_trial import SITES, SUBJECTS, HeldTrial
from tests.enrollment.spec import CENTRE, P0

KINDS = ("3+3", *OTHERS, *TIMED)
STEPS = 45
SMALL: dict[str, Any] = {"number": 3, "signatures_required": 1}


class Amended(HeldTrial):
    """Goes its usual course; between its steps come newcomers, DLTs, releases and amendments."""

    def __init__(self, kind: str, chance: Random) -> None:
        super().__init__()
        self.chance = chance
        self.levels: tuple[str, ...] = chance.choice([("L1", "L2", "L3"), ("L0", "L1", "L2")])
        self.design = None if kind == "3+3" else design_for(kind, 3, chance.randint(0, 99))
        self.parameters = {**SMALL, "backfill": chance.choice([None, (6, True), (8, False)])}
        self.adopt()
        self.send(c.ActivateTrial(meaning="I open."), CENTRE)

    def adopt(self) -> None:
        needed = 6 if self.parameters.get("variant", "B") == "C" else 3
        if self.trial.mtd is not None:  # No version may ask for more than there are (R22).
            needed = min(needed, self.trial.in_force.phase1.rp2d_min_evaluable)
        text = P0(
            **self.parameters,
            design=self.design,
            levels=self.levels,
            version=f"{self.version}.0",
            rp2d_min_evaluable=needed,
        )
        command = c.AdoptProtocol(text=text, clock="simulated", meaning="I adopt.")
        done = self.send(command, CENTRE)
        assert done.answer.outcome == "recorded", done.answer.sentence
        for site in SITES:
            self.approve(site)

    def amend(self) -> None:
        """Sizes, windows, numbers and backfill, up or down; a top level that nobody entered."""
        draw = self.chance
        for name, values in {
            "variant": "ABC",
            "dlt_window_days": (14, 21, 28),
            "stagger_days": (0, 7),
            "number": (1, 3, 5),
            "site_cap": (None, 1, 2),
            "backfill": (None, (4, True), (6, False)),
        }.items():
            if draw.random() < 0.3:
                self.parameters[name] = draw.choice(values)
        if self.design is not None:
            sizes = draw.randint(1, 3), draw.randint(0, 6), draw.randint(0, 12)
            self.design = resized(self.design, *sizes)
        if not isinstance(self.design, Crm) and not self.trial.levels[-1].opened:
            self.levels = draw.choice([self.levels, self.levels[:2], (*self.levels[:2], "L9")])
        self.version += 1
        self.adopt()

    @rule()
    def step(self) -> None:
        draw = self.chance
        what = draw.choice(["amend"] * 4 + ["enrol", "dlt", "release"] + ["go on"] * 13)
        dosed, undosed = self.in_state("dosed"), self.in_state("reserved", "authorised")
        if what == "amend":
            self.amend()
        elif what == "enrol":
            self.enrol(draw.randint(1, 6), draw.randrange(len(SUBJECTS)))
        elif what == "dlt" and dosed:
            who = draw.choice(dosed)
            self.send(c.ReportDlt(subject_id=who, onset_on=self.today), self.staff(who))
        elif what == "release" and undosed:
            who = draw.choice(undosed)
            self.send(c.ReleaseReservation(subject_id=who, reason="No."), self.staff(who))
        else:
            self.usual_step(draw.choice([0, 0, 0, 1, 2]), draw.randrange(len(SUBJECTS)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_a_trial_amended_at_any_moment_waits_for_somebody_or_goes_on(kind: str, seed: int) -> None:
    """`HeldTrial.send` asks all invariants after every command, `check_goes_on` among them."""
    trial = Amended(kind, Random(f"{kind} {seed}"))
    for _ in range(STEPS):
        trial.step()
    assert trial.version > 1
    trial.teardown()
