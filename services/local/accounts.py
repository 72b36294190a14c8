"""Accounts of the local demo: made once, with random passwords that only their owner can read."""

import json
import os
from pathlib import Path

from services.local.tokens import SITES
from services.signin.clerk import clerk
from services.signin.desk import Desk
from services.signin.events import AccessRole, PasswordSet
from services.signin.passwords import fresh, hashed
from services.signin.second_factor import make_keys
from streams.settings import Settings

BY = "system"
PEOPLE: tuple[tuple[str, str, AccessRole, tuple[str, ...]], ...] = (
    ("coordinator", "Demo Coordinator", "coordinator", ("*",)),
    ("reviewer", "Demo Reviewer", "reviewer", ("*",)),
    ("auditor", "Demo Auditor", "auditor", ("*",)),
    ("administrator", "Demo Administrator", "administrator", ("*",)),
    *((f"nurse-{s.lower()}", f"Demo Nurse of {s}", "site", (s,)) for s in SITES),
    *((f"doctor-{s.lower()}", f"Demo Doctor of {s}", "investigator", (s,)) for s in SITES),
)
"""Sign-in name, printed name, role, sites."""


def passwords_file(home: Path) -> Path:
    return home / "accounts.json"


def secret_file(home: Path) -> Path:
    """The key that seals second factors, made if it is not there."""
    file = home / "secret.key"
    if not file.exists():
        make_keys(file)
    return file


async def demo_accounts(settings: Settings, home: Path) -> dict[str, str]:
    """Sign-in name -> password of every demo account, made where it is not there yet."""
    file = passwords_file(home)
    known: dict[str, str] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    async with clerk(settings) as desk:
        for sign_in, name, role, sites in PEOPLE:
            account = desk.people.by_sign_in(sign_in)
            if account is None:
                await _open(desk, sign_in, name, role, sites)
            if account is None or sign_in not in known:
                known[sign_in] = await _choose(desk, sign_in)
    if not file.exists() or json.loads(file.read_text("utf-8")) != known:
        file.unlink(missing_ok=True)
        _write(file, json.dumps(known, indent=2) + "\n")
    return known


async def _open(
    desk: Desk, sign_in: str, name: str, role: AccessRole, sites: tuple[str, ...]
) -> None:
    account, _ = await desk.open_account(BY, sign_in, name, "demo")
    await desk.grant(BY, account.account_id, role, "*", sites)


async def _choose(desk: Desk, sign_in: str) -> str:
    """A password that need not be changed: whoever runs the demo is everybody."""
    account = desk.people.by_sign_in(sign_in)
    assert account is not None
    password = fresh()
    facts = {"account_id": account.account_id, "hash": hashed(password), "must_change": False}
    await desk.keep(PasswordSet, BY, **facts)
    return password


def _write(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
