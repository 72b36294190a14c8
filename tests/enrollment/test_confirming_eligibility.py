"""An investigator confirms eligibility by signature, where the protocol asks for it."""

import pytest

from enrollment import commands as c
from enrollment.confirming import asked_for, confirmed, judged_digest
from enrollment.due import due
from enrollment.events import EligibilityConfirmed, FirstDoseRecorded
from enrollment.public_events import public
from enrollment.signatures import signed_digest
from tests.enrollment.spec import (
    CENTRE,
    P0,
    REVIEWER,
    Said,
    Story,
    opened,
    recorded,
    refused,
    rejected,
    site_staff,
)
from tests.enrollment.worlds import reserved_at_l1

ASKED = P0(confirm_eligibility=True)
DOCTOR = c.Actor(id="doctor", role="investigator", sites=("S1",))
OTHER_DOCTOR = c.Actor(id="doctor-2", role="investigator", sites=("S2",))


def confirm(
    trial: Story, subject: str = "P1", actor: c.Actor = DOCTOR, judged: str | None = None
) -> Said:
    shown = judged or judged_digest(trial.state, trial.state.subjects[subject]) or "0" * 64
    command = c.ConfirmEligibility(subject_id=subject, judged=shown, meaning="I confirm.")
    return trial.do(command, actor)


def stands(trial: Story, subject: str = "P1") -> bool:
    return confirmed(trial.state, trial.state.subjects[subject])


def test_leave_for_the_first_dose_waits_for_the_signature() -> None:
    trial = reserved_at_l1(1, ASKED).at("03-01 10:00")
    assert trial.authorise("P1", "2027-03-02") == refused("eligibility.unconfirmed")
    assert confirm(trial) == recorded()
    assert trial.authorise("P1", "2027-03-02") == recorded()


def test_the_signature_names_who_signed_and_what() -> None:
    trial = reserved_at_l1(1, ASKED).at("03-01 10:00")
    before = trial.state
    confirm(trial)
    [event] = trial.last(EligibilityConfirmed)
    assert (event.signed.by, event.site_id, event.phase) == ("doctor", "S1", 1)
    assert event.signed.of == judged_digest(trial.state, trial.state.subjects["P1"])
    assert signed_digest(before, event) == event.signed.of
    assert public(event, "T1") is None


@pytest.mark.parametrize("actor", [site_staff("S1"), CENTRE, REVIEWER])
def test_only_an_investigator_signs(actor: c.Actor) -> None:
    trial = reserved_at_l1(1, ASKED).at("03-01 10:00")
    assert confirm(trial, actor=actor) == refused("role")
    assert not stands(trial)


def test_an_investigator_of_another_site_reaches_nobody() -> None:
    trial = reserved_at_l1(1, ASKED).at("03-01 10:00")
    assert confirm(trial, actor=OTHER_DOCTOR) == rejected("unknown_subject")


def test_an_investigator_may_all_that_site_staff_may() -> None:
    trial = opened(ASKED, at="03-01 08:00").at("03-01 09:00")
    form = trial.paper("P1", "S1", {})
    submit = c.SubmitForm(subject_id="P1", site_id="S1", form=form)
    assert trial.do(submit, OTHER_DOCTOR) == rejected("role")
    assert trial.do(submit, DOCTOR).outcome == "slot_reserved"


def test_a_form_that_changed_since_it_was_read_is_not_signed() -> None:
    trial = reserved_at_l1(1, ASKED).at("03-01 10:00")
    read = judged_digest(trial.state, trial.state.subjects["P1"])
    trial.at("03-01 11:00").amend("P1", planned="03-02")
    assert confirm(trial, judged=read) == refused("eligibility.changed")


def test_an_amendment_voids_the_signature_even_if_it_changes_nothing() -> None:
    trial = reserved_at_l1(1, ASKED).at("03-01 10:00")
    confirm(trial)
    assert stands(trial)
    trial.at("03-01 11:00").amend("P1")
    assert not stands(trial)
    assert trial.authorise("P1", "2027-03-02") == refused("eligibility.unconfirmed")
    assert confirm(trial) == recorded()


def test_another_protocol_version_voids_the_signature() -> None:
    trial = reserved_at_l1(1, ASKED).at("03-01 10:00")
    confirm(trial)
    trial.at("03-01 11:00").adopt(P0(confirm_eligibility=True, version="2.0"))
    assert not stands(trial)


def test_who_waits_keeps_the_signature_when_judged_again_as_eligible() -> None:
    trial = reserved_at_l1(3, ASKED).at("03-01 10:00")
    assert trial.form("P4").outcome == "waitlisted"
    assert confirm(trial, "P4") == recorded()
    trial.release("P1")
    assert trial.slot("P4") == "reserved"
    assert stands(trial, "P4")


def test_a_dose_without_the_signature_is_recorded_with_its_deviation() -> None:
    trial = reserved_at_l1(1, ASKED).at("03-01 10:00")
    said = trial.report_dose("P1", "2027-03-01")
    assert said.outcome == "recorded"
    [event] = trial.last(FirstDoseRecorded)
    assert [one.rule for one in event.deviations] == ["eligibility.unconfirmed"]


def test_it_is_signed_once_and_only_while_somebody_eligible_waits_or_holds_a_place() -> None:
    trial = reserved_at_l1(1, ASKED).at("03-01 10:00")
    confirm(trial)
    assert confirm(trial) == refused("eligibility.confirmed")
    trial.release("P1")
    assert not stands(trial)
    assert confirm(trial) == refused("eligibility.not_met")


def test_a_protocol_that_does_not_ask_is_as_it_was() -> None:
    trial = reserved_at_l1(1).at("03-01 10:00")
    assert not asked_for(trial.state, trial.state.subjects["P1"])
    assert confirm(trial) == rejected("eligibility.not_asked")
    assert trial.authorise("P1", "2027-03-02") == recorded()


def test_it_is_due_before_the_first_dose() -> None:
    trial = reserved_at_l1(1, ASKED).at("03-01 10:00")
    [first, *_] = due(trial.state, trial.state.subjects["P1"], trial.now)
    assert first.kind == "to_confirm"
    confirm(trial)
    kinds = [one.kind for one in due(trial.state, trial.state.subjects["P1"], trial.now)]
    assert "to_confirm" not in kinds
