"""Places held on consent, new protocol versions, screening again, settled findings (R18, R23)."""

from enrollment.events import (
    FormJudged,
    LeftWaitlist,
    PassedOver,
    SlotExpired,
    SlotHeld,
    SlotReleased,
    SlotReserved,
)
from tests.enrollment.spec import P0, Story, held, opened, recorded, refused, reserved, waits
from tests.enrollment.worlds import dosed_at_l1, reserved_at_l1

CONSENTED = "consented"


def on_consent() -> Story:
    return opened(P0(reserve_on=CONSENTED), at="03-01 08:00")


def test_consent_holds_a_place_that_counts_like_a_reservation() -> None:
    trial = on_consent()
    assert trial.at("03-01 09:00").consent("P1") == held("L1", "03-04 09:00")
    assert len(trial.last(SlotHeld)) == 1
    assert trial.counts("L1") == (0, 0, 0, 1)
    assert trial.slot("P1") == "held"


def test_a_held_place_becomes_reserved_when_the_subject_is_eligible() -> None:
    trial = on_consent()
    trial.at("03-01 09:00").consent("P1")
    answer = trial.at("03-02 09:00").form("P1")
    assert (answer.outcome, answer.level) == ("slot_reserved", "L1")
    assert [slot.from_held for slot in trial.last(SlotReserved)] == [True]
    assert trial.counts("L1") == (0, 0, 0, 1)


def test_a_held_place_is_released_on_screen_failure() -> None:
    trial = on_consent()
    trial.at("03-01 09:00").consent("P1")
    assert trial.at("03-02 09:00").form("P1", a=0, m=2).outcome == "ineligible"
    assert len(trial.last(SlotReleased)) == 1
    assert trial.counts("L1") == (0, 0, 0, 0)


def test_a_held_place_expires_like_a_reservation() -> None:
    trial = on_consent()
    trial.at("03-01 09:00").consent("P1")
    trial.at("03-04 09:00").tick()
    assert len(trial.last(SlotExpired)) == 1
    assert trial.counts("L1") == (0, 0, 0, 0)


def test_a_held_place_cannot_be_dosed() -> None:
    trial = on_consent()
    trial.at("03-01 09:00").consent("P1")
    assert trial.at("03-01 10:00").authorise("P1", "03-02").outcome == "refused"


def test_held_places_never_exceed_the_places() -> None:
    trial = on_consent()
    for i in range(5):
        trial.at("03-01 09:00").consent(f"P{i}")
    assert trial.counts("L1") == (0, 0, 0, 3)
    assert trial.places("L1") == 0


def test_by_default_consent_holds_nothing() -> None:
    trial = opened()
    assert trial.at("02-22 10:00").consent("P1") == recorded()
    assert trial.slot("P1") is None
    assert trial.counts("L1") == (0, 0, 0, 0)


def test_screening_again_needs_a_fresh_consent() -> None:
    trial = opened()
    trial.at("02-22 10:00").form("P1", a=0, m=2, consented="2027-02-21")
    answer = trial.at("02-25 10:00").form("P1", consented="2027-02-21")
    assert answer == refused("rescreen_consent")
    assert trial.at("02-26 10:00").form("P1", consented="2027-02-25") == reserved(
        "L1", "03-01 10:00"
    )


def test_screening_again_is_limited() -> None:
    trial = opened(P0(max_rescreens=1))
    trial.at("02-22 10:00").form("P1", a=0, m=2)
    assert trial.at("02-24 10:00").form("P1", a=0, m=2).outcome == "ineligible"
    assert trial.at("02-26 10:00").form("P1") == refused("rescreen_limit")
    assert trial.slot("P1") is None


def test_a_later_form_of_a_screen_failure_is_a_rescreening_whatever_it_is_sent_as() -> None:
    """What was typed wrong is amended without limit; what was found later is screening again."""
    trial = opened(P0(max_rescreens=1))
    trial.at("02-22 10:00").form("P1", a=0, m=2, consented="2027-02-21")
    answer = trial.at("02-23 10:00").amend("P1", on="02-22", a=0, m=2, consented="2027-02-21")
    assert answer.outcome == "ineligible"
    assert trial.amend("P1", on="02-23", consented="2027-02-21") == refused("rescreen_consent")
    answer = trial.at("02-24 10:00").amend("P1", a=0, m=2, consented="2027-02-23")
    assert answer.outcome == "ineligible"
    assert [event.why for event in trial.last(FormJudged)] == ["rescreened"]
    answer = trial.at("02-26 10:00").amend("P1", consented="2027-02-25")
    assert answer == refused("rescreen_limit")
    assert trial.amend("P1", on="02-24", consented="2027-02-23").outcome == "slot_reserved"


def new_version(trial: Story, **changes: object) -> None:
    """Version 2.0 with something changed, approved everywhere."""
    text = P0(version="2.0", **changes)  # type: ignore[arg-type]
    assert trial.adopt(text).outcome == "recorded"
    for site in ("S1", "S2", "S3"):
        assert trial.activate_site(site, "2.0").outcome == "recorded"


def test_under_a_new_protocol_the_waiting_are_judged_again_and_the_dosed_never() -> None:
    trial = dosed_at_l1()
    trial.at("03-02 09:00").form("P4")
    trial.at("03-02 09:01").form("P5", born="2008-01-01")
    strict = P0().split("# --- Eligibility ---")[-1]
    before = len(trial.all_of(FormJudged))
    trial.at("03-03 09:00")
    new_version(trial, dlt_window_days=28)
    judged = trial.all_of(FormJudged)[before:]
    assert {event.subject_id for event in judged} <= {"P4", "P5"}
    assert trial.slot("P1") == "dosed"
    assert trial.window_ends("P1") == "03-22"
    assert strict


def test_the_site_enrols_under_the_version_that_it_approved_only() -> None:
    trial = reserved_at_l1(1)
    assert trial.at("03-01 10:00").adopt(P0(version="2.0")).outcome == "recorded"
    answer = trial.at("03-01 10:01").form("P2")
    assert (answer.outcome, answer.rule) == ("refused", "site_not_open")
    trial.activate_site("S1", "2.0")
    assert trial.at("03-01 10:02").form("P2").outcome == "slot_reserved"


def test_no_first_dose_has_leave_under_a_version_that_the_site_has_not_approved() -> None:
    """The window and the criteria of a dose given now are those of the version in force."""
    trial = reserved_at_l1(2)
    assert trial.at("03-01 10:00").adopt(P0(version="2.0")).outcome == "recorded"
    assert trial.at("03-01 10:01").authorise("P1", "03-02") == refused("site_not_open")
    assert trial.report_dose("P2", "03-01") == recorded("site_not_open")
    trial.activate_site("S1", "2.0")
    assert trial.at("03-01 10:02").authorise("P1", "03-02") == recorded()


def test_an_approval_of_the_new_version_serves_the_waitlist_again() -> None:
    trial = dosed_at_l1()
    trial.at("03-02 09:00").form("P4")
    trial.at("03-03 09:00").adopt(P0(version="2.0"))
    trial.at("03-03 10:00").not_evaluable("P1")
    assert trial.promoted() == []
    trial.at("03-03 11:00").activate_site("S1", "2.0")
    assert trial.promoted() == [("P4", "L1", "03-06 11:00")]


def test_who_no_longer_fits_the_new_protocol_gets_no_place() -> None:
    trial = dosed_at_l1()
    trial.at("03-02 09:00").form("P4", born="2008-01-01")
    assert trial.waitlist() == ["P4"]
    text = P0(version="2.0")
    older = text.replace("minimum_years = 18", "minimum_years = 21")
    if older == text:
        older = text.replace("= 18\n", "= 21\n", 1)
    assert older != text
    trial.at("03-03 09:00").adopt(older)
    trial.activate_site("S1", "2.0")
    trial.at("03-03 10:00").not_evaluable("P1")
    assert trial.promoted() == []
    assert trial.slot("P4") is None
    told = trial.all_of(PassedOver) + trial.all_of(LeftWaitlist)
    assert {event.subject_id for event in told} == {"P4"}


def test_a_settled_finding_lets_a_subject_into_the_waitlist() -> None:
    trial = dosed_at_l1()
    assert trial.at("03-02 09:00").form("P4", a=0, m=1).outcome == "needs_review"
    trial.at("03-02 09:30").settle("P4", "I5a")
    assert trial.waitlist() == ["P4"]
    assert trial.at("03-02 10:00").form("P5") == waits(2, "held", "03-22")


def test_a_finding_that_passes_needs_no_decision() -> None:
    trial = dosed_at_l1()
    trial.at("03-02 09:00").form("P4", a=0, m=1)
    assert trial.at("03-02 09:30").settle("P4", "I7") == refused("fail_cannot_be_settled")
