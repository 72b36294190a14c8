"""Every rule that a refusal, a wait, a rejection or a deviation may name, and how to go on from it.

Criteria of the protocol (`I8`, `E12`...) may be named too, where eligibility stands in the way.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rule:
    """`source` is the rule of `docs/rules.md`; `mend` says what the caller can do."""

    says: str
    mend: str
    source: str


WAITS: Final = {
    "trial_not_open": Rule(
        "The trial has no protocol in force or is not activated.",
        "Wait until the centre activates the trial.",
        "R16",
    ),
    "site_not_open": Rule(
        "The site's approval of the protocol version in force is not recorded.",
        "Have the centre activate the site for this version.",
        "R16",
    ),
    "already_treated": Rule(
        "The subject has had a first dose in this trial.", "None: once treated, never again.", "R16"
    ),
    "phase_closed": Rule("The phase takes nobody any more.", "None in this phase.", "R16"),
    "phase_full": Rule("Dosed subjects have used every place.", "None in this trial.", "R21"),
    "suspended": Rule("Assignment is suspended.", "Wait for the signed resumption.", "R14"),
    "level_stopped": Rule(
        "The open level, or Phase II, was stopped.", "Wait for the signed review.", "R10"
    ),
    "review_due": Rule("A cohort review is due.", "Wait for its signature.", "R6"),
    "full": Rule("Reservations and dosed subjects take all places.", "Wait for one.", "R4"),
    "held": Rule("DLT windows are open.", "Wait until they end.", "R4"),
    "outcome_to_confirm": Rule(
        "Windows have ended, but the sites have not confirmed the outcomes.",
        "The sites confirm them.",
        "R16",
    ),
    "stagger": Rule("The first subject comes first, alone.", "Wait for the date given.", "R12"),
    "site_limit": Rule(
        "The site holds its limit of undosed reservations.", "Dose or release.", "R15"
    ),
    "site_cap": Rule("The site has its cap of Phase II subjects.", "Wait for an expiry.", "R21"),
}
"""In the order in which the first that applies is named (R16)."""

PERMISSIONS: Final = {
    "role": Rule("The actor's role may not do this.", "Ask the coordinating centre.", "R6"),
    "signature": Rule("This needs a signature of the centre.", "Have it signed.", "R11"),
    "review.role": Rule("Only a reviewer signs this.", "Ask a reviewer.", "R7"),
    "review.not_due": Rule("No review is due.", "Wait until one is.", "R7"),
    "review.data_changed": Rule(
        "The data changed since the review was read.", "Read it again and sign anew.", "R7"
    ),
    "review.bolder": Rule("Bolder than the recommendation.", "Sign it, or less.", "R7"),
    "review.reason": Rule("A more cautious decision needs a reason.", "Give a reason.", "R7"),
    "review.impossible": Rule("Nothing could follow from it.", "Choose another decision.", "R5"),
    "review.signed_already": Rule("One person signs once.", "Ask another reviewer.", "R7"),
    "rp2d.no_mtd": Rule("No MTD has been signed.", "Sign the MTD first.", "R22"),
    "rp2d.signed_already": Rule("The RP2D has been signed.", "None.", "R22"),
    "rp2d.above_mtd": Rule("Above the MTD.", "Choose the MTD or a lower level.", "R22"),
    "rp2d.min_evaluable": Rule(
        "Too few evaluable subjects at that level.", "Choose a level with enough.", "R22"
    ),
    "rescreen_limit": Rule("Screened again too often.", "None in this protocol.", "Eligibility"),
    "rescreen_consent": Rule(
        "Screening again needs a fresh consent.", "Have a new consent signed.", "Eligibility"
    ),
    "fail_cannot_be_settled": Rule(
        "Only a finding in review can be settled, never a fail.", "Amend the form.", "R18"
    ),
    "death_not_adjudicated": Rule("A death waits for its adjudication.", "Adjudicate it.", "R14"),
    "window_open": Rule("The DLT window is open.", "Clear on the date given.", "R1"),
    "doses_reached": Rule(
        "No drug's required doses are out of reach.", "Name what was missed, and why.", "R13"
    ),
    "expires_before": Rule("The reservation expires before that date.", "Extend it.", "R2"),
    "no_live_slot": Rule("The subject holds no reservation.", "Submit a form.", "R11"),
    "eligibility.unconfirmed": Rule(
        "No investigator has confirmed eligibility.", "Have an investigator sign it.", "R11"
    ),
    "eligibility.not_met": Rule(
        "No eligible verdict stands to be confirmed.", "Submit or amend the form.", "R18"
    ),
    "eligibility.changed": Rule(
        "Form or verdict changed since they were read.", "Read them again and sign anew.", "R18"
    ),
    "eligibility.confirmed": Rule("Eligibility is confirmed already.", "None.", "R18"),
    "eligibility": Rule("No form of the subject is at hand.", "Submit or amend the form.", "R18"),
}

CONFUSIONS: Final = {
    "actor.role": Rule("This is not for that role to send.", "Ask who may.", "R6"),
    "unknown_subject": Rule("No such subject.", "Check the subject id.", "R11"),
    "unknown_site": Rule("The protocol names no such site.", "Check the site id.", "R16"),
    "unknown_level": Rule("The protocol has no such level.", "Check the level id.", "R5"),
    "unknown_drug": Rule("The protocol has no such drug.", "Check the drug's name.", "R13"),
    "subject_not_available": Rule(
        "This subject id cannot be used at this site.", "Choose another id.", "R18"
    ),
    "subject_died": Rule("The subject's death is recorded.", "None.", "R14"),
    "form.identity": Rule("The form names another subject or site.", "Correct the form.", "R18"),
    "form.unreadable": Rule("The form cannot be read.", "Correct it as the pointers say.", "R18"),
    "never_held_a_slot": Rule("The subject never held a slot.", "Check the subject id.", "R11"),
    "already_dosed": Rule("The first dose is recorded.", "Correct it if it is wrong.", "R11"),
    "in_the_future": Rule("A fact cannot lie in the future.", "Check the date.", "R1"),
    "no_open_window": Rule("The subject has no DLT window.", "Report the first dose.", "R1"),
    "has_dlt": Rule("A DLT is recorded.", "Correct the DLT if it is wrong.", "R13"),
    "outcome_known": Rule("The outcome is recorded.", "Correct a fact if it is wrong.", "R13"),
    "already_withdrawn": Rule("The withdrawal is recorded.", "None.", "R11"),
    "already_dead": Rule("The death is recorded.", "None.", "R14"),
    "no_open_death": Rule("No death waits to be adjudicated.", "Check the subject id.", "R14"),
    "nothing_to_correct": Rule("No such fact is recorded.", "Check what is recorded.", "R10"),
    "no_protocol": Rule("No protocol is in force.", "Adopt one first.", "R16"),
    "protocol.unsound": Rule("The protocol cannot be read.", "Mend what it names.", "R22"),
    "eligibility.not_asked": Rule(
        "The protocol asks for no such signature.", "Ask leave for the first dose.", "R18"
    ),
    "protocol.same": Rule("This text is in force already.", "None.", "R18"),
    "protocol.version": Rule("An amendment needs its own version.", "Raise it.", "R18"),
    "protocol.clock": Rule("A trial's clock never changes.", "Use another trial.", "R2"),
    "protocol.other": Rule("Another trial's protocol.", "Adopt it for a trial of its own.", "R18"),
    "protocol.design": Rule(
        "An opened trial keeps its escalation design.",
        "Keep it; its parameters may change.",
        "R5",
    ),
    "protocol.levels": Rule(
        "Levels opened or given must stay, with their doses.",
        "Keep them; add levels of another id.",
        "R10",
    ),
    "protocol.sites": Rule(
        "Activated sites must stay.", "Keep it; without a new approval it takes nobody.", "R16"
    ),
    "protocol.rp2d": Rule(
        "Phase I ended with fewer evaluable subjects than the version asks for.",
        "Lower rp2d_min_evaluable.",
        "R22",
    ),
    "site.version": Rule("Not the version in force.", "Name the one in force.", "R16"),
    "already_open": Rule("The trial is open.", "None.", "R6"),
    "suspended_already": Rule("Assignment is suspended.", "None.", "R9"),
    "not_suspended": Rule("Assignment is not suspended.", "None.", "R9"),
    "not_later": Rule("The reservation lives longer already.", "Name a later time.", "R24"),
    "command_id_reused": Rule("The command id was used before.", "Use a fresh one.", "R2"),
}

DEVIATIONS: Final = {
    "no_first_dose": Rule("No first dose had been reported.", "Report it.", "R11"),
    "before_first_dose": Rule("The onset lies before the first dose.", "Check both dates.", "R8"),
    "other_level": Rule("Another level than the assigned one was given.", "Sign the level.", "R11"),
}

ENDINGS: Final = {
    "moved": Rule("Moved from the waitlist of Phase I to Phase II.", "None.", "R21"),
    "dosed": Rule("The subject was dosed.", "None.", "R11"),
    "released": Rule("The site gave the place back.", "None.", "R15"),
    "withdrawn": Rule("Consent was withdrawn.", "None.", "R13"),
    "died": Rule("The subject died.", "None.", "R14"),
    "no_tolerable_dose": Rule("No tolerable dose was found.", "None.", "R21"),
}
"""Why a subject left the waitlist or moved on it."""

RULES: Final[dict[str, Rule]] = WAITS | PERMISSIONS | CONFUSIONS | DEVIATIONS | ENDINGS
