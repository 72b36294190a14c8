"""What was stopped stays stopped until a signed review, whatever the counts become (R9, R10)."""

import pytest

from cohorts.designs.boin import Boin
from cohorts.designs.rolling_six import RollingSix
from enrollment.broken import BrokenInvariantError
from enrollment.events import (
    AnyEvent,
    LevelExpanded,
    LevelOpened,
    LevelStopped,
    ReviewLapsed,
    SlotRecalled,
    SlotReserved,
)
from enrollment.invariants import check_decision
from enrollment.recount import Recount
from enrollment.stops import check_stops
from tests.enrollment.designs import THIRTY, design_for
from tests.enrollment.spec import P0, Story, opened, recorded, refused, waits
from tests.enrollment.worlds import escalated, stopped_at_l1


def test_while_windows_are_open_nobody_enters_and_no_date_is_told() -> None:
    trial = stopped_at_l1()
    assert trial.last(ReviewLapsed)
    assert trial.review() is None
    assert trial.at("03-08 09:00").form("P4") == waits(1, "level_stopped", None)


def test_a_stopped_level_does_not_expand_but_asks_for_a_signature() -> None:
    trial = stopped_at_l1()
    trial.at("03-08 09:00").form("P4")
    trial.at("03-22 09:00").clear("P2")
    assert trial.review() is None
    trial.at("03-22 10:00").clear("P3")
    assert trial.last(LevelExpanded) == []
    assert trial.last(SlotReserved) == []
    assert trial.review() == ("stay", "L1")
    assert trial.at("03-22 10:30").form("P5").rule == "level_stopped"
    assert trial.at("03-22 11:00").sign("escalate", "L2") == refused("review.bolder")
    assert trial.at("03-22 11:00").sign("stay", "L1") == recorded()
    [again] = trial.last(LevelOpened)
    assert (again.level_id, again.target, again.reopened) == ("L1", 6, True)
    assert trial.promoted() == [("P4", "L1", "03-25 11:00"), ("P5", "L1", "03-25 11:00")]
    assert trial.review() is None
    assert trial.at("03-22 12:00").form("P6").outcome == "slot_reserved"


@pytest.mark.parametrize(("decision", "level"), [("no_tolerable_dose", None)])
def test_the_more_cautious_may_be_signed_with_a_reason(decision: str, level: str | None) -> None:
    trial = stopped_at_l1()
    trial.at("03-22 09:00").clear("P2")
    trial.at("03-22 10:00").clear("P3")
    assert trial.at("03-22 11:00").sign(decision, level) == refused("review.reason")
    assert trial.sign(decision, level, reason="Two of grade 2 as well.") == recorded()
    assert trial.state.phase1 == "closed"


def test_counts_that_ask_for_the_next_level_leave_the_lower_one_stopped_until_signed() -> None:
    """Both DLTs withdrawn: 0 in 3 asks for L2; a signed STAY opens L1 again, as ever with six."""
    trial = stopped_at_l1()
    trial.at("03-08 10:00").correct("P1", "dlt_onset_on", None)
    trial.at("03-09 10:00").form("P4")
    for subject in ("P1", "P2", "P3"):
        trial.at("03-22 09:00").clear(subject)
    assert trial.review() == ("escalate", "L2")
    assert trial.waitlist() == ["P4"]
    assert trial.at("03-22 10:00").sign("stay", reason="Three more first.") == recorded()
    assert trial.promoted() == [("P4", "L1", "03-25 10:00")]
    assert trial.target("L1") == 6


def test_a_signed_escalation_needs_no_re_opening_below() -> None:
    trial = stopped_at_l1()
    trial.at("03-08 10:00").correct("P1", "dlt_onset_on", None)
    for subject in ("P1", "P2", "P3"):
        trial.at("03-22 09:00").clear(subject)
    assert trial.at("03-22 10:00").sign("escalate", "L2") == recorded()
    assert trial.at("03-22 11:00").form("P4").level == "L2"
    assert not any(level.stopped for level in trial.state.levels)


def weak_below_l2(text: str | None = None) -> Story:
    """P4 dosed at L2, P5 reserved; then P1's late DLT at L1 is told, and taken back."""
    trial = escalated(text)
    trial.at("03-23 09:00").form("P4")
    trial.at("03-23 09:05").form("P5")
    trial.at("03-23 10:00").dose("P4")
    trial.at("03-24 10:00").dlt("P1", "03-20")
    assert [stop.level_id for stop in trial.last(LevelStopped)] == ["L2"]
    assert [recall.subject_id for recall in trial.last(SlotRecalled)] == ["P5"]
    assert trial.review() == ("de_escalate", "L1")
    assert trial.at("03-24 11:00").form("P6") == waits(2, "level_stopped", None)
    trial.at("03-25 10:00").correct("P1", "dlt_onset_on", None)
    return trial


def test_a_level_stopped_by_a_weak_one_below_stays_stopped_when_that_is_mended() -> None:
    trial = weak_below_l2()
    assert trial.counts("L1") == (2, 0, 1, 0), "P1's window has ended: its outcome is open again"
    assert trial.review() == ("de_escalate", "L1")
    trial.at("03-25 11:00").clear("P1")
    assert trial.review() is None, "P4's window is open"
    assert trial.waitlist() == ["P5", "P6"]
    assert trial.at("03-25 12:00").form("P7") == waits(3, "level_stopped", None)
    trial.at("04-13 10:00").clear("P4")
    assert trial.review() == ("stay", "L2"), "1 in 3 places filled: L2 goes on if it is signed"
    assert trial.last(SlotReserved) == []
    assert trial.at("04-13 11:00").sign("stay") == recorded()
    assert trial.last(LevelOpened)[0].target == 3, "two places are left: the target stays"
    assert [who for who, _, _ in trial.promoted()] == ["P5", "P6"]


def test_a_level_with_nobody_dosed_is_asked_for_as_soon_as_it_is_mended() -> None:
    trial = escalated()
    trial.at("03-23 09:00").form("P4")
    trial.at("03-24 10:00").dlt("P1", "03-20")
    trial.at("03-25 10:00").correct("P1", "dlt_onset_on", None)
    trial.at("03-25 11:00").clear("P1")
    assert trial.review() == ("stay", "L2")
    assert trial.at("03-25 12:00").sign("stay", "L2") == recorded()
    assert [who for who, _, _ in trial.promoted()] == ["P4"]


def test_a_level_that_was_stopped_before_its_first_dose_opens_again_with_one_place() -> None:
    """What was staggered stays so: nobody was dosed there (R12)."""
    trial = opened(P0(stagger_days=7), at="03-01 08:00")
    trial.at("03-01 09:00").form("P1")
    trial.at("03-01 10:00").dose("P1")
    for subject in ("P2", "P3"):
        trial.at("03-08 09:00").form(subject)
        trial.at("03-08 10:00").dose(subject)
    for subject in ("P1", "P2", "P3"):
        trial.at("03-29 10:00").clear(subject)
    assert trial.at("03-29 11:00").sign("escalate", "L2") == recorded()
    trial.at("03-30 09:00").form("P4")
    trial.at("04-01 10:00").dlt("P1", "03-20")
    trial.at("04-01 11:00").form("P5")
    trial.at("04-02 10:00").correct("P1", "dlt_onset_on", None)
    trial.at("04-02 11:00").clear("P1")
    assert trial.at("04-02 12:00").sign("stay", "L2") == recorded()
    assert [who for who, _, _ in trial.promoted()] == ["P4"]
    assert trial.at("04-02 13:00").form("P6").rule == "stagger"


def test_corrections_back_and_forth_renew_the_review_each_time() -> None:
    trial = stopped_at_l1()
    trial.at("03-08 10:00").dlt("P2", "03-05")
    assert trial.review() == ("no_tolerable_dose", None)
    assert trial.last(LevelStopped) == [], "it is stopped already"
    trial.at("03-09 10:00").correct("P2", "dlt_onset_on", None)
    assert trial.review() is None
    trial.at("03-22 09:00").clear("P2")
    trial.at("03-22 10:00").clear("P3")
    assert trial.review() == ("stay", "L1")
    trial.at("03-23 10:00").dlt("P3", "03-20")
    assert trial.review() == ("no_tolerable_dose", None)
    trial.at("03-24 10:00").correct("P3", "dlt_onset_on", None)
    trial.at("03-24 11:00").clear("P3")
    assert trial.review() == ("stay", "L1")
    assert trial.waitlist() == []


def test_nobody_is_backfilled_or_authorised_below_a_stopped_level() -> None:
    trial = escalated(P0(backfill=(8, False)))
    for subject in ("P4", "P5", "P6"):
        trial.at("03-23 09:00").form(subject)
    for subject in ("P4", "P5", "P6"):
        trial.at("03-23 10:00").dose(subject)
    assert trial.at("03-24 09:00").form("B1").level == "L1"
    trial.at("03-25 09:00").dlt("P4", "03-24")
    trial.at("03-25 09:00").dlt("P5", "03-24")
    assert trial.authorise("B1", "2027-03-25") == refused("level_stopped")
    trial.at("03-25 10:00").correct("P5", "dlt_onset_on", None)
    assert trial.review() is None
    assert trial.authorise("B1", "2027-03-25") == refused("level_stopped")
    assert trial.at("03-25 11:00").form("B2") == waits(1, "level_stopped", None)
    for subject in ("P5", "P6"):
        trial.at("04-13 10:00").clear(subject)
    assert trial.review() == ("stay", "L2")
    assert trial.at("04-13 11:00").form("B3").rule == "level_stopped"
    assert trial.at("04-13 12:00").sign("stay") == recorded()
    assert [level for _, level, _ in trial.promoted()] == ["L2", "L2"]


def test_a_design_by_counts_that_pending_outcomes_saved_opens_only_by_signature() -> None:
    """3 in 3 known eliminate the lowest level; 3 in 6 do not: it stays stopped until signed."""
    design = Boin(target=THIRTY, max_subjects=30, max_per_level=12, cohort_size=6)
    trial = opened(P0(design=design), at="03-01 08:00")
    people = [f"P{number}" for number in range(1, 7)]
    for subject in people:
        assert trial.at("03-01 09:00").form(subject).outcome == "slot_reserved"
    for subject in people:
        assert trial.at("03-01 10:00").dose(subject) == recorded()
    for subject in people[:3]:
        trial.at("03-05 09:00").dlt(subject, "03-04")
    assert [stop.level_id for stop in trial.last(LevelStopped)] == ["L1"]
    assert trial.review() is None, "3 in 6 would not eliminate it"
    assert trial.at("03-05 10:00").form("P7") == waits(1, "level_stopped", None)
    for subject in people[3:]:
        trial.at("03-22 09:00").clear(subject)
    assert trial.review() == ("stay", "L1")
    assert trial.last(LevelExpanded) == []
    assert trial.at("03-22 10:00").sign("stay") == recorded()
    assert trial.last(LevelOpened)[0].target == 12
    assert [who for who, _, _ in trial.promoted()] == ["P7"]


def test_rolling_six_waits_for_the_windows_of_a_stopped_level() -> None:
    trial = opened(P0(design=RollingSix()), at="03-01 08:00")
    for subject in ("P1", "P2", "P3"):
        trial.at("03-01 09:00").form(subject)
        trial.at("03-01 10:00").dose(subject)
    trial.at("03-05 09:00").dlt("P1", "03-04")
    trial.at("03-05 10:00").dlt("P2", "03-04")
    trial.at("03-06 09:00").correct("P2", "dlt_onset_on", None)
    assert trial.review() is None
    assert trial.at("03-07 09:00").form("P4").rule == "level_stopped"
    trial.at("03-22 09:00").clear("P2")
    trial.at("03-22 09:00").clear("P3")
    assert trial.review() == ("stay", "L1")
    assert trial.at("03-22 10:00").sign("stay") == recorded()
    assert [who for who, _, _ in trial.promoted()] == ["P4"]


# --- the invariants see it -----------------------------------------------------------------------


def broken_by(trial: Story, *events: AnyEvent) -> None:
    with pytest.raises(BrokenInvariantError):
        check_decision(trial.state, events, {"L1", "L2"}, Recount.of(trial.state))


def test_no_record_may_let_anybody_in_where_it_is_stopped() -> None:
    trial = stopped_at_l1()
    trial.at("03-08 09:00").form("P4")
    expanded = LevelExpanded(level_id="L1", target=6)
    broken_by(trial, expanded)
    opened_again = LevelOpened(level_id="L1", target=6, reopened=True)
    broken_by(trial, opened_again)
    for subject in ("P2", "P3"):
        trial.at("03-22 10:00").clear(subject)
    before = trial.state
    trial.at("03-22 11:00").sign("stay")
    signed = trial.events
    assert [event.type for event in signed] == [
        "ReviewSigned",
        "LevelOpened",
        "FormJudged",
        "SlotReserved",
    ]
    check_decision(before, signed, {"L1"}, Recount.of(before))
    with pytest.raises(BrokenInvariantError, match="stopped"):
        check_stops(before, signed[-1], trial.state, signature=True)


def test_down_goes_past_a_level_that_would_be_stopped_as_soon_as_it_were_open() -> None:
    """A CRM at L2 counts for L1 also those who may yet come to L2; once it is stopped nobody will.

    L1 1/1, L2 0/1: L1 would be the dose if another came to L2 without a DLT; of these two it is L0.
    """
    design = design_for("crm", 3, pick=30)
    trial = opened(P0(design=design, levels=("L0", "L1", "L2")), at="03-01 08:00")
    trial.at("03-01 09:00").form("P1")
    trial.at("03-01 10:00").dose("P1")
    trial.at("03-22 09:00").clear("P1")
    assert trial.at("03-22 10:00").sign("escalate", "L2") == recorded()
    trial.at("03-22 11:00").form("P2")
    trial.at("03-22 12:00").dose("P2")
    trial.at("04-12 09:00").clear("P2")
    assert trial.target("L2") == 2
    assert trial.at("04-12 10:00").dlt("P1", "03-04") == recorded()
    assert trial.counts("L1") == (1, 1, 0, 0)
    assert trial.counts("L2") == (1, 0, 0, 0)
    assert trial.review() == ("de_escalate", "L0")
    assert trial.at("04-12 12:00").sign("de_escalate", "L0") == recorded()
