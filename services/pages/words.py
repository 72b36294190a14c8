"""The words of the trial's own terms for people who read pages."""

from typing import Final

from enrollment.rules import RULES

BARRIERS: Final[dict[str, str]] = {
    "trial_not_open": "the trial is not open yet",
    "phase_closed": "this phase is closed",
    "phase_full": "all places of the phase are used",
    "suspended": "assignment is suspended until a signed resumption",
    "level_stopped": "stopped until a signed review opens it again",
    "review_due": "the cohort review is due",
    "full": "all places are taken; one may expire or be given back",
    "held": "DLT windows are open",
    "outcome_to_confirm": "windows have ended and their outcomes wait to be confirmed",
    "stagger": "the first subject of the level must be dosed first",
    "site_limit": "the site holds as many undosed places as it may",
    "site_cap": "the site has all its places of Phase II",
    "site_not_open": "the site's approval of this protocol version is not recorded",
    "already_treated": "the subject has been treated in this trial",
}


def barrier_words(rule: str) -> str:
    """Why nobody gets a place now; a rule without words of its own is shown by its name."""
    return BARRIERS.get(rule, rule.replace("_", " "))


def rule_words(rule: str) -> str:
    """A rule in a sentence; a criterion of the protocol is shown by its number."""
    known = RULES.get(rule)
    return f"{rule}." if known is None else known.says


RECOMMENDATIONS: Final = {
    "escalate": "escalate to",
    "stay": "re-open",
    "de_escalate": "de-escalate to",
    "mtd": "MTD",
    "no_tolerable_dose": "no tolerable dose",
}


def recommendation_words(recommendation: str, level_id: str | None) -> str:
    """What a design recommends, such as "de-escalate to L1"."""
    said = RECOMMENDATIONS.get(recommendation, recommendation.replace("_", " "))
    return f"{said} {level_id}" if level_id is not None else said


STATES: Final[dict[str, tuple[str, str]]] = {
    "consented": ("consented", "info"),
    "eligible_without_slot": ("eligible, without a place", ""),
    "ineligible": ("not eligible", "bad"),
    "incomplete": ("incomplete", "warn"),
    "needs_review": ("a person must decide", "info"),
    "waitlisted": ("on the waitlist", "warn"),
    "withdrawn": ("withdrew consent", ""),
    "held": ("place held", "info"),
    "reserved": ("place reserved", "good"),
    "authorised": ("first dose authorised", "good"),
    "dosed": ("dosed", "info"),
    "cleared": ("cleared, no DLT", "good"),
    "dlt": ("DLT", "bad"),
    "not_evaluable": ("not evaluable", ""),
    "released": ("gave its place back", ""),
    "expired": ("place expired", "warn"),
    "recalled": ("place taken back", "warn"),
}
"""Every state of a subject: words, and the kind of tag they are shown in."""
