"""Who brought a decision about, as its reader may know it: no site learns who acts at another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from enrollment.commands import Actor, Role
from services.signin.people import Account

ROLES: Final[dict[Role, str]] = {
    "site": "site staff",
    "investigator": "investigator",
    "coordinator": "coordinator",
    "reviewer": "reviewer",
    "auditor": "auditor",
    "service": "a program",
    "clock": "a deadline passed",
}
"""The role in which somebody acted, in words."""


@dataclass(frozen=True, slots=True)
class Who:
    """`id` is empty where the reader may not know it, `name` where nobody has given one."""

    id: str
    name: str
    role: Role

    @property
    def shown(self) -> str:
        return self.name or self.id

    @property
    def as_what(self) -> str:
        return ROLES[self.role]


def who(actor: Actor, reader: Actor, people: Mapping[str, Account]) -> Who:
    """A deed at one site may move a subject of another on; the other is not told whose it was."""
    known = "*" in reader.sites or any(reader.may_touch(site) for site in actor.sites)
    if actor.of_site and not known:
        return Who("", "another site", actor.role)
    if actor.role == "clock":
        return Who(actor.id, "Holdfast", actor.role)
    account = people.get(actor.id)
    return Who(actor.id, "" if account is None else account.name, actor.role)
