"""Who may ask what, confused callers, and commands without any effect."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from enrollment import commands as c
from enrollment.events import Rejected
from tests.enrollment.forms import eligible_form
from tests.enrollment.spec import (
    AUDITOR,
    P0,
    REVIEWER,
    Story,
    adopted,
    opened,
    refused,
    rejected,
    site_staff,
)
from tests.enrollment.worlds import dosed_at_l1, reserved_at_l1


def assert_rejected(trial: Story, before: Any) -> None:
    """One event `Rejected`, and nothing else changed but the time."""
    assert trial.answer is not None
    assert trial.answer.outcome == "rejected"
    assert [type(event) for event in trial.events] == [Rejected]
    assert trial.state.subjects == before.subjects
    assert trial.state.levels == before.levels
    assert trial.state.review == before.review
    assert trial.state.suspended == before.suspended


UNKNOWN: list[c.AnyCommand] = [
    c.ReportDlt(subject_id="X", onset_on=date(2027, 3, 1)),
    c.ReportToxicity(subject_id="X", onset_on=date(2027, 3, 1), term="Rash", grade=2),
    c.ReportFirstDose(subject_id="X", dosed_on=date(2027, 3, 1)),
    c.ReportDeath(subject_id="X", died_on=date(2027, 3, 1)),
    c.WithdrawSubject(subject_id="X", withdrawn_on=date(2027, 3, 1)),
    c.ReportWindowOutcome(subject_id="X", outcome="cleared"),
    c.AuthoriseFirstDose(subject_id="X", planned_on=date(2027, 3, 1)),
    c.ReleaseReservation(subject_id="X", reason="Nothing."),
]


@pytest.mark.parametrize("command", UNKNOWN, ids=lambda command: command.type)
def test_nothing_can_be_said_of_an_unknown_subject(command: c.AnyCommand) -> None:
    trial = reserved_at_l1(1)
    before = trial.state
    trial.at("03-01 12:00").do(command, site_staff("S1"))
    assert_rejected(trial, before)


def test_a_form_of_an_unknown_subject_cannot_be_amended() -> None:
    trial = opened()
    before = trial.state
    form = eligible_form("X", "S1", on=date(2027, 2, 22), planned=date(2027, 2, 22))
    trial.do(c.AmendForm(subject_id="X", site_id="S1", form=form), site_staff("S1"))
    assert_rejected(trial, before)


def test_nothing_is_decided_before_a_protocol_is_in_force() -> None:
    trial = Story().at("02-22 09:00")
    before = trial.state
    assert trial.form("P1") == refused("trial_not_open")
    trial.activate()
    assert_rejected(trial, before)


def test_a_protocol_that_cannot_be_read_is_not_adopted() -> None:
    trial = Story().at("02-22 09:00")
    assert trial.adopt("id = 3") == rejected("protocol.unsound")
    assert trial.state.protocol is None
    assert trial.answer is not None
    assert trial.answer.sentence


@pytest.mark.parametrize(
    "change",
    [{"subject_id": "P2"}, {"site_id": "S2"}, {"surprise": 1}, {"completed_on": "yesterday"}],
    ids=str,
)
def test_a_form_that_is_not_this_subjects_or_unreadable_is_rejected(change: dict[str, Any]) -> None:
    trial = opened()
    before = trial.state
    form = eligible_form("P1", "S1", on=date(2027, 2, 22), planned=date(2027, 2, 22)) | change
    trial.do(c.SubmitForm(subject_id="P1", site_id="S1", form=form), site_staff("S1"))
    assert_rejected(trial, before)


def test_another_site_cannot_take_a_known_subject_id_and_learns_nothing() -> None:
    trial = reserved_at_l1(1)
    before = trial.state
    trial.at("03-01 12:00").form("P1", "S2")
    assert_rejected(trial, before)
    assert "S1" not in str(trial.answer)
    assert "S1" not in str(trial.events)


def test_a_site_cannot_report_on_a_subject_of_another_site() -> None:
    trial = dosed_at_l1()
    before = trial.state
    trial.do(c.ReportDlt(subject_id="P1", onset_on=date(2027, 3, 1)), site_staff("S2"))
    assert_rejected(trial, before)
    assert "S1" not in str(trial.answer)


def test_the_answer_to_a_stranger_is_the_same_for_known_and_unknown_subjects() -> None:
    trial = dosed_at_l1()
    trial.do(c.ReportDlt(subject_id="P1", onset_on=date(2027, 3, 1)), site_staff("S2"))
    known = trial.answer
    trial.do(c.ReportDlt(subject_id="X9", onset_on=date(2027, 3, 1)), site_staff("S2"))
    assert known is not None
    assert trial.answer is not None
    assert str(known).replace("P1", "X9") == str(trial.answer)


CENTRE_ONLY: list[c.AnyCommand] = [
    c.AdoptProtocol(text="x", meaning="m"),
    c.ActivateSite(site_id="S1", protocol_version="1.0", approved_on=date(2027, 1, 1)),
    c.ActivateTrial(meaning="m"),
    c.SuspendAssignment(reason="r"),
    c.ResumeAssignment(reason="r", meaning="m"),
    c.ExtendReservation(subject_id="P1", expires_at=datetime(2027, 3, 9, tzinfo=UTC), reason="r"),
    c.SettleFinding(subject_id="P1", phase=1, criterion_id="I5a", reason="r", meaning="m"),
    c.SignRp2d(level_id="L1", meaning="m"),
]


@pytest.mark.parametrize("command", CENTRE_ONLY, ids=lambda command: command.type)
def test_site_staff_may_not_act_for_the_centre(command: c.AnyCommand) -> None:
    trial = reserved_at_l1(1)
    before = trial.state
    said = trial.at("03-01 12:00").do(command, site_staff("S1"))
    assert said == refused("review.role" if isinstance(command, c.SignRp2d) else "role")
    assert trial.state.subjects == before.subjects
    assert trial.state.levels == before.levels
    assert trial.state.suspended == before.suspended
    assert trial.state.protocol == before.protocol


def about_p1(command: c.AnyCommand) -> c.AnyCommand:
    return c.COMMAND.validate_python(command.model_dump() | about(command))


def about(command: c.AnyCommand) -> dict[str, str]:
    return {} if c.subject_of(command) is None else {"subject_id": "P1"}


def test_an_auditor_may_do_nothing() -> None:
    trial = reserved_at_l1(1)
    before = trial.state
    for command in (*UNKNOWN, *CENTRE_ONLY):
        said = trial.at("03-01 12:00").do(about_p1(command), AUDITOR)
        assert said == rejected("role"), command.type
    assert trial.state.subjects == before.subjects


def test_a_tick_with_nothing_due_writes_nothing() -> None:
    trial = reserved_at_l1(1)
    before = trial.state
    trial.at("03-03 12:00").tick()
    assert trial.events == ()
    assert trial.state == before


def test_a_tick_expires_what_is_due_and_nothing_twice() -> None:
    trial = reserved_at_l1(1)
    trial.at("03-04 08:59").tick()
    assert trial.kinds() == []
    trial.at("03-04 09:00").tick()
    assert trial.kinds() == ["SlotExpired"]
    trial.at("03-04 09:00").tick()
    assert trial.kinds() == []


def test_deadlines_are_applied_before_the_command_whether_or_not_a_tick_came() -> None:
    trial = reserved_at_l1(3)
    answer = trial.at("03-04 09:00").form("P4")
    assert trial.kinds()[:3] == ["SlotExpired"] * 3
    assert answer.outcome == "slot_reserved"
    assert [slot.subject_id for slot in trial.events[:3]] == ["P1", "P2", "P3"]  # type: ignore[union-attr]


def test_a_command_from_the_past_is_decided_at_the_trials_time() -> None:
    trial = reserved_at_l1(1)
    trial.at("03-01 08:30").form("P2")
    slot = trial.state.subjects["P2"].slot
    assert slot is not None
    assert slot.reserved_at == trial.state.time


def test_site_staff_may_not_adjudicate_a_death() -> None:
    trial = dosed_at_l1()
    trial.at("03-05 10:00").death("P1", "03-05")
    command = c.AdjudicateDeath(subject_id="P1", finding="unrelated", reason="r", meaning="m")
    assert trial.at("03-05 11:00").do(command, site_staff("S1")) == refused("role")
    assert trial.state.deaths_open == 1


def test_the_trial_is_activated_once_only() -> None:
    trial = opened()
    assert trial.at("02-22 10:00").activate() == rejected("already_open")
    assert trial.counts("L1") == (0, 0, 0, 0)


def test_only_a_site_with_a_recorded_approval_enrols() -> None:
    trial = Story().at("02-22 09:00")
    trial.adopt(P0())
    trial.activate_site("S1")
    trial.activate()
    assert trial.form("P1", "S1").outcome == "slot_reserved"
    answer = trial.form("P2", "S2")
    assert (answer.outcome, answer.rule) == ("refused", "site_not_open")


def test_an_unknown_site_is_no_site_of_the_trial() -> None:
    trial = adopted()
    assert trial.activate_site("S9") == rejected("unknown_site")
    trial.activate()
    assert trial.form("P1", "S9") == rejected("unknown_site")


def test_a_reviewer_does_not_submit_forms() -> None:
    trial = opened()
    form = eligible_form("P1", "S1", on=date(2027, 2, 22), planned=date(2027, 2, 22))
    command = c.SubmitForm(subject_id="P1", site_id="S1", form=form)
    assert trial.do(command, REVIEWER) == rejected("role")
    assert "P1" not in trial.state.subjects
