"""Everything a person can do about one subject: what it asks for, who may, when it is offered."""

from collections.abc import Callable
from typing import Final, get_args

from cohorts.levels import DrugDose
from enrollment import commands as c
from enrollment.confirming import asked_for, judged_digest
from enrollment.trial import Subject, Trial
from services.pages.acting import Action
from services.pages.asking import Ask, Options
from services.pages.frame import CENTRE, SITE_STAFF

SubjectAction = Action[Callable[[Trial, Subject], bool]]


def _undosed(trial: Trial, subject: Subject) -> bool:
    return subject.slot is not None and subject.slot.undosed


def _ever_slot(trial: Trial, subject: Subject) -> bool:
    return subject.slot is not None


def _no_first_dose(trial: Trial, subject: Subject) -> bool:
    return subject.slot is not None and subject.slot.dosed_on is None


def _treated(trial: Trial, subject: Subject) -> bool:
    return subject.slot is not None and subject.slot.treated


def _in_window(trial: Trial, subject: Subject) -> bool:
    return subject.slot is not None and subject.slot.state == "dosed" and subject.slot.phase == 1


def _releasable(trial: Trial, subject: Subject) -> bool:
    return _undosed(trial, subject) or subject.waiting is not None


def levels_of(trial: Trial) -> Options:
    """Every level with its doses: who names one should not have to know them by heart."""
    return tuple(
        (level.level_id, f"{level.level_id}: {', '.join(_dose(dose) for dose in level.doses)}")
        for level in trial.in_force.phase1.levels
    )


def _dose(dose: DrugDose) -> str:
    return f"{dose.drug} {dose.amount} {dose.unit}"


def _or_assigned(trial: Trial) -> Options:
    return (("", "As assigned"), *levels_of(trial))


ATTRIBUTIONS: tuple[str, ...] = get_args(c.Attribution)
_GRADES: Options = tuple((str(grade), str(grade)) for grade in range(1, 6))
_REPORTED: tuple[Ask, ...] = (
    Ask(
        "ctcae_version",
        "CTCAE version",
        "choice",
        "The version that term and grade are from.",
        (("", "Not known"), ("6.0", "6.0"), ("5.0", "5.0"), ("4.03", "4.03"), ("3.0", "3.0")),
        optional=True,
    ),
    Ask(
        "attribution",
        "Caused by the study drugs",
        "choice",
        options=(("", "Not known"), *((word, word.capitalize()) for word in ATTRIBUTIONS)),
        optional=True,
    ),
    Ask(
        "reported_value",
        "Value as reported",
        "word",
        "As it stands in the source, with its unit, for example ANC 350 /uL.",
        optional=True,
    ),
)
"""How a toxicity was graded and judged; kept for the reviews, never counted by."""
_REASON: Final = Ask("reason", "Reason", "long")


def _to_confirm(trial: Trial, subject: Subject) -> bool:
    return asked_for(trial, subject) and judged_digest(trial, subject) is not None


ACTIONS: tuple[SubjectAction, ...] = (
    Action(
        "confirm",
        "Confirm eligibility",
        c.ConfirmEligibility,
        ("investigator",),
        (),
        _to_confirm,
        "The protocol asks for an investigator's signature on the verdict before the first dose. "
        "It is void once the form is amended or its verdict changes.",
        signs="I have reviewed this subject's screening data and confirm that every inclusion "
        "criterion is met and no exclusion criterion applies.",
    ),
    Action(
        "authorise",
        "Ask leave for the first dose",
        c.AuthoriseFirstDose,
        SITE_STAFF,
        (Ask("planned_on", "First dose planned on"),),
        _undosed,
        "Eligibility, the slot, its flags, the stagger and suspension are checked again for that "
        "date. Do not give the dose before this says yes.",
    ),
    Action(
        "first-dose",
        "Report the first dose",
        c.ReportFirstDose,
        SITE_STAFF,
        (
            Ask("dosed_on", "Given on", hint="The first dose of any study drug: day 1."),
            Ask(
                "level_id",
                "Dose level really given",
                "choice",
                "Only where it was not the assigned one.",
                _or_assigned,
                optional=True,
            ),
        ),
        _no_first_dose,
        "A fact: it is recorded whatever it goes against, and starts the DLT window.",
    ),
    Action(
        "dlt",
        "Report a DLT",
        c.ReportDlt,
        SITE_STAFF,
        (
            Ask("onset_on", "Onset", hint="For a delay: the onset of the toxicity that caused it."),
            Ask("term", "CTCAE term", "word", optional=True),
            Ask("grade", "Grade", "choice", options=_GRADES, optional=True),
            *_REPORTED,
        ),
        _treated,
        "A fact, never refused. It counts if its onset lies in the DLT window, and acts at once.",
    ),
    Action(
        "toxicity",
        "Report a later or other toxicity",
        c.ReportToxicity,
        SITE_STAFF,
        (
            Ask("onset_on", "Onset"),
            Ask("term", "CTCAE term", "word"),
            Ask("grade", "Grade", "choice", options=_GRADES),
            *_REPORTED,
        ),
        _treated,
        "Kept for the reviews; it is not counted as a DLT.",
    ),
    Action(
        "outcome",
        "Confirm the outcome of the DLT window",
        c.ReportWindowOutcome,
        SITE_STAFF,
        (
            Ask(
                "outcome",
                "Outcome",
                "choice",
                options=(
                    ("cleared", "Cleared: no DLT in the whole window"),
                    ("not_evaluable", "Not evaluable: will be replaced"),
                ),
            ),
            Ask("reason", "Reason, if not evaluable", "long", optional=True),
        ),
        _in_window,
        "Cleared is possible once the window has ended; not evaluable as soon as the required "
        "doses can no longer be reached.",
    ),
    Action(
        "death",
        "Report a death",
        c.ReportDeath,
        SITE_STAFF,
        (Ask("died_on", "Died on"),),
        _ever_slot,
        "In the DLT window it is a DLT at once and suspends assignment until the centre decides.",
    ),
    Action(
        "withdrawal",
        "Report withdrawal of consent",
        c.WithdrawSubject,
        SITE_STAFF,
        (Ask("withdrawn_on", "Withdrawn on"),),
        lambda trial, subject: subject.withdrawn_on is None,
        "A fact. In the DLT window the subject becomes not evaluable and its place is free.",
    ),
    Action(
        "release",
        "Give the place back",
        c.ReleaseReservation,
        SITE_STAFF,
        (_REASON,),
        _releasable,
        "The place goes to the next on the waitlist at once. The subject leaves the list.",
    ),
    Action(
        "correction",
        "Correct a fact",
        c.CorrectFact,
        (*SITE_STAFF, *CENTRE),
        (
            Ask(
                "fact",
                "What was wrong",
                "choice",
                options=(
                    ("first_dose_on", "The date of the first dose"),
                    ("dlt_onset_on", "The onset of a DLT (empty date: there was no DLT)"),
                ),
            ),
            Ask("on", "The right date", optional=True),
            _REASON,
        ),
        _treated,
        "The old value stays in the record. Counts, windows and the verdict are taken again.",
    ),
    Action(
        "level-given",
        "Correct the level really given",
        c.CorrectFact,
        CENTRE,
        (Ask("level_id", "Dose level really given", "choice", options=levels_of), _REASON),
        _treated,
        "A signed correction: the subject then counts at the level it was really given.",
        signs="I confirm the dose level that was really given.",
    ),
    Action(
        "extension",
        "Extend the reservation",
        c.ExtendReservation,
        ("coordinator",),
        (
            Ask("expires_at", "Keep the place until", "instant", "In the trial's time zone."),
            _REASON,
        ),
        _undosed,
        "Others may wait longer for it.",
    ),
    Action(
        "adjudication",
        "Adjudicate the death",
        c.AdjudicateDeath,
        CENTRE,
        (
            Ask(
                "finding",
                "The death was",
                "choice",
                options=(("related", "Related to treatment"), ("unrelated", "Unrelated")),
            ),
            _REASON,
        ),
        lambda trial, subject: subject.death_open,
        "Unrelated makes the subject not evaluable. Assignment stays suspended until it is resumed "
        "by signature.",
        signs="I have reviewed the facts of this death and sign this judgement.",
    ),
)
"""In the order in which a page offers them."""

BY_SLUG = {action.slug: action for action in ACTIONS}
