"""Phase II, and an MTD, that were in doubt: what must be signed before anybody enters (R9, R10)."""

from cohorts.designs.boin import Boin
from enrollment.events import PhaseOpened, SlotReserved
from tests.enrollment.designs import THIRTY
from tests.enrollment.spec import P0, opened, recorded, refused, waits
from tests.enrollment.worlds import phase_two_in_doubt


def test_phase_two_that_was_in_doubt_needs_the_mtd_and_the_rp2d_signed_again() -> None:
    trial = phase_two_in_doubt()
    assert trial.review() is None, "the outcomes of P4 and P5 are open again"
    for subject in ("P4", "P5"):
        trial.at("05-09 09:00").clear(subject)
    assert trial.review() == ("mtd", "L2")
    assert trial.slot("R1") == "recalled"
    assert trial.at("05-09 10:00").form("R2") == waits(2, "level_stopped", None)
    assert trial.at("05-09 11:00").sign_rp2d("L2") == refused("rp2d.signed_already")
    assert trial.at("05-09 12:00").sign("mtd", "L2") == recorded()
    assert trial.state.phase2 == "stopped"
    assert trial.review() is None
    assert trial.at("05-09 13:00").sign_rp2d("L2") == recorded()
    assert trial.last(PhaseOpened)
    assert [slot.subject_id for slot in trial.last(SlotReserved)] == ["R1", "R2"]


def test_phase_two_in_doubt_may_end_with_the_more_cautious() -> None:
    trial = phase_two_in_doubt()
    for subject in ("P4", "P5"):
        trial.at("05-09 09:00").clear(subject)
    assert trial.sign("mtd", "L1", reason="A lower dose will do.") == recorded()
    assert trial.state.mtd == "L1"
    assert trial.state.rp2d is None


def test_a_stopped_phase_two_after_no_tolerable_dose_is_closed_for_good() -> None:
    trial = phase_two_in_doubt()
    for subject in ("P4", "P5"):
        trial.at("05-09 09:00").clear(subject)
    assert trial.sign("no_tolerable_dose", reason="Too much of grade 2.") == recorded()
    assert trial.waitlist(2) == []
    assert trial.at("05-10 09:00").form("R2") == refused("phase_closed")


def test_an_mtd_in_doubt_where_nothing_may_be_opened_waits_for_open_outcomes() -> None:
    """3 in 3 known eliminate L1, 3 in 6 would not: no recommendation that nobody could sign."""
    design = Boin(target=THIRTY, max_subjects=6, max_per_level=6, cohort_size=6)
    trial = opened(P0(design=design, levels=("L1", "L2")), at="03-01 08:00")
    people = [f"P{number}" for number in range(1, 7)]
    for subject in people:
        trial.at("03-01 09:00").form(subject)
    for subject in people:
        trial.at("03-01 10:00").dose(subject)
    for subject in people:
        trial.at("03-22 10:00").clear(subject)
    assert trial.at("03-22 11:00").sign("mtd", "L1") == recorded()
    for subject in ("P4", "P5", "P6"):
        trial.at("03-22 12:00").correct(subject, "first_dose_on", "03-10")
    for subject in ("P1", "P2", "P3"):
        trial.at("03-22 13:00").dlt(subject, "03-02")
    assert trial.counts("L1") == (3, 3, 3, 0)
    assert trial.review() is None
    assert trial.at("03-22 14:00").sign_rp2d("L1") == refused("level_stopped")
    trial.at("03-23 09:00").dlt("P4", "03-22")
    assert trial.review() == ("no_tolerable_dose", None), "4 in 6 are too many, whoever is left"
