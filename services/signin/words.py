"""Roles, rights and kinds of accounts as people read them."""

from typing import Final

from services.signin.events import AccessRole
from services.signin.people import Grant

ROLES: Final[dict[AccessRole, str]] = {
    "site": "site staff",
    "investigator": "investigator, who signs for the site",
    "coordinator": "coordinator of the centre",
    "reviewer": "reviewer, who signs the cohort review",
    "auditor": "auditor, who reads all and changes nothing",
    "administrator": "administrator of accounts and rights",
    "service": "service that follows public events",
}
KINDS: Final[dict[str, str]] = {
    "local": "signs in with a password",
    "demo": "demo account, on this machine only",
    "provider": "signs in at the organisation's provider",
    "service": "a program, with tokens",
}
HOW: Final[dict[str, str]] = {
    "password": "password",
    "password_and_code": "password and code",
    "provider": "the organisation's provider",
}


def where(trial_id: str, sites: tuple[str, ...]) -> str:
    """Of which trial, at which sites."""
    trial = "all trials" if trial_id == "*" else f"trial {trial_id}"
    if "*" in sites:
        return trial
    return f"{trial}, {'site' if len(sites) == 1 else 'sites'} {', '.join(sites)}"


def right(grant: Grant) -> str:
    """One right in a line."""
    if grant.role == "administrator":
        return ROLES["administrator"]
    return f"{ROLES[grant.role]}: {where(grant.trial_id, grant.sites)}"
