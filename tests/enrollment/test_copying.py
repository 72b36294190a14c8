"""The fast copy of a state gives what `dataclasses.replace` gives, and leaves the old one alone."""

import dataclasses
from datetime import UTC, date, datetime

import pytest

from cohorts.levels import LevelCounts
from cohorts.slots import Slot
from enrollment.copying import replace
from enrollment.trial import Level, PhaseTwoCounts, Subject, new_trial

AT = datetime(2027, 2, 22, 15, tzinfo=UTC)
SLOT = Slot("I-0001", 1, 1, "L1", "reserved", AT, AT)


def test_every_kind_of_state_is_copied_as_replace_copies_it() -> None:
    trial, subject, level = new_trial("T1"), Subject("P1", "S1"), Level("L1")
    counts = PhaseTwoCounts()
    assert replace(trial, slots=3, suspended=True) == dataclasses.replace(
        trial, slots=3, suspended=True
    )
    assert replace(subject, slot=SLOT) == dataclasses.replace(subject, slot=SLOT)
    assert replace(SLOT, state="dosed", dosed_on=date(2027, 3, 1)) == dataclasses.replace(
        SLOT, state="dosed", dosed_on=date(2027, 3, 1)
    )
    assert replace(level, target=6) == dataclasses.replace(level, target=6)
    assert replace(counts, dosed=2) == dataclasses.replace(counts, dosed=2)
    assert trial == new_trial("T1")
    assert SLOT.state == "reserved"


def test_a_field_that_does_not_exist_cannot_be_set() -> None:
    for state in (SLOT, new_trial("T1")):
        with pytest.raises(KeyError, match="colour"):
            replace(state, colour="green")


def test_a_copy_of_a_trial_shares_nothing_that_can_change() -> None:
    trial = new_trial("T1")
    copied = replace(trial, slots=1)
    assert replace(copied, slots=0) == trial
    assert (trial.slots, copied.slots) == (0, 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        copied.slots = 2  # type: ignore[misc]  # that it cannot be is the point


def test_what_checks_itself_when_it_is_made_is_not_copied_past_its_check() -> None:
    with pytest.raises(AssertionError):
        replace(LevelCounts(), dlts=3)
