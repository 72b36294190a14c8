"""What becomes of a whole waitlist: moved to Phase II, closed, judged again (rules R21)."""

from enrollment import judging
from enrollment.earliest import earliest
from enrollment.events import Waitlisted
from enrollment.places import Phase, barrier
from enrollment.turn import Turn
from enrollment.waitlist import in_order, leave, refuse_the_hopeless


def close_waitlist(turn: Turn, rule: str, sentence: str) -> None:
    """Nobody can be offered a place any more: all are told."""
    for phase in (1, 2):
        for subject_id in list(in_order(turn.trial, phase)):
            leave(turn, subject_id, "closed", rule, sentence)


def move_to_phase2(turn: Turn) -> None:
    """Judges Phase I's list for Phase II: the eligible move over in order, others are told."""
    for subject_id in list(in_order(turn.trial, 1)):
        subject = turn.trial.subjects[subject_id]
        if subject.form is None:  # Held on consent and recalled (R23): nothing to judge.
            leave(turn, subject_id, "closed", "phase_closed", "Phase I is closed.")
            continue
        form = judging.kept_form(subject)
        verdict = judging.judge_on_promotion(
            judging.parsed(form), turn.protocol, turn.today, None, subject.settlements
        )
        turn.record(judging.form_judged(form, verdict, 2, "judged_again"))
        if verdict.outcome(2) != "eligible":
            leave(turn, subject_id, "closed", "phase_closed", "Phase I is closed.")
            continue
        _list_for_phase2(turn, subject_id)
    refuse_the_hopeless(turn)


def _list_for_phase2(turn: Turn, subject_id: str) -> None:
    """Listed in the old order; promotion, which follows, hands out the places."""
    subject = turn.trial.subjects[subject_id]
    assert subject.waiting is not None
    found = barrier(turn.trial, 2, subject.site_id, turn.today)
    turn.record(
        Waitlisted(
            subject_id=subject_id,
            site_id=subject.site_id,
            phase=2,
            order=subject.waiting.order,
            position=turn.trial.waiting[1] + 1,
            rule="moved" if found is None else found.rule,
            sentence="Moved to the waitlist of Phase II.",
            earliest=(
                turn.today
                if found is None
                else earliest(turn.trial, 2, subject_id, subject.site_id, found, turn.now)
            ),
        )
    )


def judge_waitlist_again(turn: Turn) -> None:
    """Under a new protocol: the ineligible leave, the rest keep their places."""
    phases: tuple[Phase, ...] = (1, 2)
    for phase in phases:
        for subject_id in list(in_order(turn.trial, phase)):
            subject = turn.trial.subjects[subject_id]
            if subject.form is None:
                continue
            form = judging.kept_form(subject)
            verdict = judging.judge_on_promotion(
                judging.parsed(form), turn.protocol, turn.today, None, subject.settlements
            )
            turn.record(judging.form_judged(form, verdict, phase, "judged_again"))
            if verdict.outcome(phase) == "ineligible":
                rule = verdict.fails(phase)[0]
                sentence = "Not eligible under the new protocol."
                leave(turn, subject_id, "no_longer_eligible", rule, sentence)
