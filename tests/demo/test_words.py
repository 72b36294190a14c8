"""What a reader is told fits the events there are, and says what the answer says."""

import string
import typing
from zoneinfo import ZoneInfo

import pytest

from enrollment.answer import Outcome
from enrollment.events import AnyEvent
from services.demo.words import EVENTS, OUTCOMES, reasons, told_events

CHICAGO = ZoneInfo("America/Chicago")
FIELDS = {event.__name__: set(event.model_fields) for event in typing.get_args(AnyEvent)}


@pytest.mark.parametrize("event_type", sorted(EVENTS))
def test_every_line_uses_fields_that_the_event_has(event_type: str) -> None:
    used = {name for _, name, _, _ in string.Formatter().parse(EVENTS[event_type]) if name}
    assert used <= FIELDS[event_type] | {"roman"}
    assert "roman" not in used or "phase" in FIELDS[event_type]


def test_every_outcome_has_words() -> None:
    assert set(OUTCOMES) == set(typing.get_args(Outcome))


def test_a_wait_tells_position_rule_and_date() -> None:
    answer = {
        "outcome": "waitlisted",
        "position": 2,
        "rule": "held",
        "sentence": "DLT windows are open at L1.",
        "earliest": "2027-04-08",
    }
    assert list(reasons(answer, CHICAGO)) == [
        "number 2 on the waitlist",
        "[held] DLT windows are open at L1.",
        "earliest Thu 8 April 2027",
    ]


def test_a_place_tells_level_expiry_in_local_time_and_stagger() -> None:
    answer = {
        "outcome": "slot_reserved",
        "phase": 1,
        "level_id": "L1",
        "expires_at": "2027-03-15T17:00:00Z",
        "dose_not_before": "2027-03-09",
    }
    assert list(reasons(answer, CHICAGO)) == [
        "level L1",
        "until Mon 15 March 2027, 12:00",
        "no dose before Tue 9 March 2027",
    ]


def test_a_wait_without_a_date_says_that_people_decide() -> None:
    answer = {"outcome": "waitlisted", "rule": "review_due", "sentence": "A review is due."}
    assert list(reasons(answer, CHICAGO)) == [
        "[review_due] A review is due.",
        "no date can be known: people decide",
    ]


def test_an_ineligible_subject_hears_which_date_is_meant() -> None:
    answer = {
        "outcome": "ineligible",
        "rule": "I5d",
        "sentence": "Too recent.",
        "earliest": "2027-03-13",
        "anchor": "first_dose",
    }
    assert list(reasons(answer, CHICAGO))[-1] == "earliest Sat 13 March 2027 (first dose)"


def test_a_recorded_fact_tells_its_deviations() -> None:
    answer = {"outcome": "recorded", "sentence": "First dose recorded.", "deviations": ["I8"]}
    assert list(reasons(answer, CHICAGO)) == ["First dose recorded.", "against the rules: I8"]


def test_a_review_reads_as_a_sentence() -> None:
    due = {
        "type": "ReviewDue",
        "level_id": "L2",
        "evaluable": 2,
        "dlts": 2,
        "recommendation": "no_tolerable_dose",
        "recommended_level_id": None,
    }
    assert list(told_events((due,), {"outcome": "recorded"})) == [
        "a review is due at L2: 2 DLT in 2 evaluable, recommended: no tolerable dose"
    ]


def test_the_answer_s_own_place_is_not_told_twice_but_others_are() -> None:
    own = {"type": "SlotReserved", "subject_id": "S1-001", "level_id": "L1"}
    other = {"type": "SlotReserved", "subject_id": "S2-001", "level_id": "L1"}
    answer = {"outcome": "slot_reserved", "subject_id": "S1-001"}
    assert list(told_events((own, other), answer)) == ["S2-001 has a place at L1"]


def test_phases_are_written_as_people_write_them() -> None:
    opened = {"type": "PhaseOpened", "phase": 2, "level_id": "L1"}
    assert list(told_events((opened,), {"outcome": "recorded"})) == ["Phase II is open at L1"]
