"""The date promised to who waits is kept by every design: confirmed and signed on the day (R17)."""

from datetime import date, timedelta

import pytest

from cohorts.designs.design import Design
from cohorts.designs.three_plus_three import ThreePlusThree
from enrollment.events import SlotReserved
from tests.enrollment.designs import OTHERS, TIMED, design_for
from tests.enrollment.spec import CHICAGO, P0, Story, opened, recorded

DAYS = ("03-01", "03-03", "03-06", "03-06", "03-08", "03-09")


def filled(design: Design, backfill: tuple[int, bool] | None = None) -> Story:
    """Every place taken, dosed on different days; then one newcomer more, who waits."""
    trial = opened(P0(design=design, backfill=backfill), at="03-01 08:00")
    for number, on in enumerate(DAYS):
        if trial.at(f"{on} 09:00").form(f"P{number}").outcome != "slot_reserved":
            break
        assert trial.at(f"{on} 10:00").dose(f"P{number}") == recorded()
    return trial


def promised(trial: Story) -> date | None:
    trial.at("03-10 09:00").form("W")
    assert trial.answer is not None
    assert trial.answer.outcome == "waitlisted"
    if trial.answer.rule == "review_due":  # TITE designs: only a signature is left.
        assert trial.answer.earliest is None
    return trial.answer.earliest


def kept_on(trial: Story, last: date) -> date | None:
    """Each day at 00:01: ended windows are confirmed, what is due is signed."""
    at = trial.now.astimezone(CHICAGO).replace(hour=0, minute=1)
    while at.date() <= last:
        at += timedelta(days=1)
        trial.now = at
        trial.tick()
        before = len(trial.log)
        for level in trial.state.levels:
            for who in level.dosed:
                slot = trial.state.subjects[who].slot
                assert slot is not None
                ended = slot.window_ends_on is not None and slot.window_ends_on <= at.date()
                if slot.state == "dosed" and ended:
                    trial.clear(who)
        due = trial.review()
        if due is not None:
            assert trial.sign(*due) == recorded()
        made = [event for _, events in trial.log[before - 1 :] for event in events]
        if any(isinstance(e, SlotReserved) and e.subject_id == "W" for e in made):
            return at.date()
    return None


@pytest.mark.parametrize("pick", [0, 10, 20, 30])
@pytest.mark.parametrize("kind", ["3+3", *OTHERS, *TIMED])
def test_the_date_promised_is_the_day_of_the_place(kind: str, pick: int) -> None:
    trial = filled(ThreePlusThree("B") if kind == "3+3" else design_for(kind, 3, pick))
    on = promised(trial)
    if on is None:
        assert kind == "tite_crm"
        assert trial.review() is not None
        return
    assert kept_on(trial, on) == on


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("kind", ["3+3", "boin", "tite_boin"])
def test_so_it_is_where_a_lower_level_is_backfilled(kind: str, counts: bool) -> None:
    """L2 is held, L1 full of backfill; one of that is undosed, and expires before any window."""
    design = ThreePlusThree("B") if kind == "3+3" else design_for(kind, 3)
    trial = opened(P0(design=design, backfill=(5, counts)), at="02-01 08:00")
    for on, level in (("02-01", "L1"), ("03-05", "L2")):
        for number in range(3):
            assert trial.at(f"{on} 09:00").form(f"{level}-{number}").level == level
        for number in range(3):
            trial.at(f"{on} 10:00").dose(f"{level}-{number}")
        if level == "L1":
            for number in range(3):
                trial.at("02-22 09:00").clear(f"L1-{number}")
            assert trial.sign("escalate", "L2") == recorded()
    assert trial.at("03-09 08:00").form("B1").level == "L1"
    trial.dose("B1")
    assert trial.at("03-09 09:00").form("B2").level == "L1"
    assert promised(trial) == date(2027, 3, 12)
    assert kept_on(trial, date(2027, 3, 13)) == date(2027, 3, 13), "seen at 00:01 of the next day"
