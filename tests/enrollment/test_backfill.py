"""Backfill: further subjects at a cleared lower level while the open one has no place."""

import pytest

from cohorts.designs.boin import Boin
from enrollment.events import ReviewDue, SlotRecalled, SlotReserved
from protocols.checks import doubts
from protocols.english import in_english
from protocols.parse import parse_protocol
from tests.enrollment.designs import THIRTY
from tests.enrollment.months import shown
from tests.enrollment.spec import P0, recorded, refused, reserved, waits
from tests.enrollment.worlds import escalated, held_at_l2
from tests.protocols.wrong import changed, wrong


def test_whoever_comes_while_the_open_level_is_held_enters_the_cleared_one_below() -> None:
    trial = held_at_l2()
    assert shown(trial)["backfill"] == {
        "max_per_level": 5,
        "counts_for_escalation": False,
        "level_id": "L1",
        "places": 2,
    }
    assert trial.at("03-24 09:00").form("B1") == reserved("L1", "03-27 09:00")
    (event,) = trial.last(SlotReserved)
    assert (event.backfill, event.counted) == (True, False)
    assert trial.at("03-24 10:00").dose("B1") == recorded()
    assert trial.at("03-24 11:00").form("B2").level == "L1"
    assert shown(trial)["backfill"]["places"] == 0
    assert shown(trial)["barrier"] == "held", "of the open level"
    assert trial.counts("L1") == (3, 0, 0, 0), "nobody waits for backfill"


def test_when_the_lower_level_is_full_the_wait_names_the_rule_of_the_open_one() -> None:
    trial = held_at_l2()
    trial.at("03-24 09:00").form("B1")
    trial.at("03-24 10:00").form("B2")
    assert trial.at("03-24 11:00").form("B3") == waits(1, "held", "03-27")
    trial.at("03-27 09:00").tick()
    assert trial.promoted() == [("B3", "L1", "03-30 09:00")], "B1's place, expired undosed (R17)"


def test_a_dosed_one_leaves_only_the_windows_to_wait_for() -> None:
    trial = held_at_l2(most=4)
    trial.at("03-24 09:00").form("B1")
    trial.at("03-24 10:00").dose("B1")
    assert trial.at("03-24 11:00").form("B2") == waits(1, "held", "04-13")


def test_without_the_option_everybody_waits() -> None:
    trial = escalated(P0())
    for subject in ("P4", "P5", "P6"):
        trial.at("03-23 09:00").form(subject)
    assert trial.at("03-23 11:00").form("P7").outcome == "waitlisted"
    assert shown(trial)["backfill"] is None


def test_a_free_place_of_the_open_level_comes_first_and_the_lowest_level_has_none_below() -> None:
    trial = escalated(P0(backfill=(6, True)))
    assert trial.at("03-23 09:00").form("P4").level == "L2"
    lowest = escalated(P0(backfill=(6, True), levels=("L1", "L2")))
    assert [lowest.at("03-23 09:00").form(f"Q{i}").level for i in range(4)] == [*["L2"] * 3, "L1"]


def test_the_highest_cleared_level_with_room_is_chosen() -> None:
    trial = held_at_l2(most=4)
    for subject in ("P4", "P5", "P6"):
        trial.at("04-13 09:00").clear(subject)
    assert trial.at("04-13 10:00").form("B1").level == "L1", "a review is due at L2 (R6)"
    assert trial.at("04-13 12:00").sign("escalate", "L3") == recorded()
    for subject in ("P7", "P8", "P9"):
        assert trial.at("04-14 09:00").form(subject).level == "L3"
    assert trial.at("04-14 10:00").form("B2").level == "L2"
    assert trial.at("04-14 11:00").form("B3") == waits(1, "full", "04-16")


def test_while_a_review_is_due_a_backfilled_subject_may_be_dosed_and_changes_no_hash() -> None:
    trial = held_at_l2()
    for subject in ("P4", "P5", "P6"):
        trial.at("04-13 09:00").clear(subject)
    assert trial.review() == ("escalate", "L3")
    assert trial.at("04-13 10:00").form("B1").level == "L1"
    assert trial.authorise("B1", "2027-04-13") == recorded()
    assert trial.report_dose("B1", "2027-04-13") == recorded()
    assert trial.all_of(ReviewDue)[-1].data_hash == trial.state.review.data_hash  # type: ignore[union-attr]
    assert trial.last(ReviewDue) == []
    assert trial.at("04-13 12:00").sign("escalate", "L3") == recorded()


def test_outcomes_that_do_not_count_change_nothing_above() -> None:
    trial = held_at_l2()
    trial.at("03-24 09:00").form("B1")
    trial.at("03-24 10:00").dose("B1")
    trial.at("03-26 09:00").dlt("B1", "03-25")
    assert trial.counts("L1") == (3, 0, 0, 0)
    assert trial.review() is None


def test_outcomes_that_count_stop_what_rests_on_them_and_recall_backfill() -> None:
    trial = held_at_l2(most=6, counts=True)
    for subject in ("B1", "B2"):
        trial.at("03-24 09:00").form(subject)
    trial.at("03-24 10:00").dose("B1")
    trial.at("03-26 09:00").dlt("B1", "03-25")
    assert trial.counts("L1") == (4, 1, 0, 0)
    assert [event.subject_id for event in trial.last(SlotRecalled)] == ["B2"]
    assert trial.review() == ("de_escalate", "L1"), "1 in 4 would not have escalated"
    assert shown(trial)["backfill"]["level_id"] is None
    assert trial.at("03-26 10:00").form("B3").rule == "level_stopped"


def test_an_outcome_counts_once_it_is_known_and_nobody_waits_for_it() -> None:
    design = Boin(target=THIRTY, max_subjects=30, max_per_level=12)
    trial = held_at_l2(most=6, counts=True, design=design)
    trial.at("04-10 09:00").form("B1")
    trial.at("04-10 10:00").dose("B1")
    for subject in ("P4", "P5", "P6"):
        trial.at("04-13 09:00").clear(subject)
    assert trial.review() == ("escalate", "L3"), "with B1's window open until 05-01"
    assert trial.at("04-13 12:00").sign("escalate", "L3") == recorded()
    assert trial.at("05-01 09:00").clear("B1") == recorded()
    assert trial.counts("L1") == (4, 0, 0, 0)


def test_nobody_is_backfilled_while_suspended_or_at_a_level_that_is_stopped() -> None:
    trial = held_at_l2()
    trial.at("03-24 09:00").suspend()
    assert trial.at("03-24 10:00").form("B1") == waits(1, "suspended", None)
    assert trial.at("03-24 11:00").resume() == recorded()
    assert trial.slot("B1") == "reserved"
    trial.at("03-25 09:00").dlt("P4", "03-24")
    trial.at("03-25 10:00").dlt("P5", "03-24")
    assert trial.review() == ("de_escalate", "L1")
    assert trial.slot("B1") == "reserved", "L1 itself is not in doubt"
    assert trial.at("03-25 11:00").authorise("B1", "2027-03-25") == refused("level_stopped")
    assert trial.at("03-25 12:00").form("B2").rule == "level_stopped"


def test_places_still_held_are_taken_back_when_phase_one_closes() -> None:
    trial = held_at_l2(most=9, levels=("L1", "L2"))
    for subject in ("P4", "P5", "P6"):
        trial.at("04-13 09:00").clear(subject)
    assert trial.review() == ("mtd", "L2")
    trial.at("04-13 10:00").form("B1")
    assert trial.at("04-13 12:00").sign("mtd", "L2") == recorded()
    assert [(e.subject_id, e.rule) for e in trial.last(SlotRecalled)] == [("B1", "phase_closed")]
    assert trial.sign_rp2d("L2") == recorded()
    assert trial.slot("B1") == "reserved", "moved to Phase II, in order"


def test_the_option_is_read_and_must_say_whether_outcomes_count() -> None:
    backfill = parse_protocol(P0(backfill=(9, True))).phase1.backfill
    assert backfill is not None
    assert (backfill.max_per_level, backfill.counts_for_escalation) == (9, True)
    text = changed("counts_for_escalation = true\n", "", P0(backfill=(9, True)))
    (problem,) = wrong(text).problems
    assert problem.key == "phase1.backfill.counts_for_escalation"


@pytest.mark.parametrize(
    ("backfill", "keys"),
    [
        ((3, False), ["max_per_level"]),
        ((4, True), ["counts_for_escalation"]),
        ((4, False), []),
    ],
)
def test_backfill_that_is_odd_is_a_doubt(backfill: tuple[int, bool], keys: list[str]) -> None:
    found = [doubt.key for doubt in doubts(parse_protocol(P0(backfill=backfill)))]
    assert [key for key in found if "backfill" in key] == [f"phase1.backfill.{k}" for k in keys]


def test_it_is_told_in_plain_english() -> None:
    sections = in_english(parse_protocol(P0(backfill=(9, False))))
    said = next(s.sentences for s in sections if s.title == "Phase I: escalation")
    assert any("up to 9 there; their outcomes do not count for escalation" in one for one in said)
