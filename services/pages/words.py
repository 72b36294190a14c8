"""The words of the trial's own terms for people who read pages."""

from typing import Final

BARRIERS: Final[dict[str, str]] = {
    "trial_not_open": "the trial is not open yet",
    "phase_closed": "this phase is closed",
    "phase_full": "all places of the phase are used",
    "suspended": "assignment is suspended until a signed resumption",
    "level_stopped": "the dose level is stopped",
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
