"""Passwords of local accounts: argon2id at the library's own cost, fifteen characters at least."""

import secrets
import string
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

CHARACTERS_MIN: Final = 15
CHARACTERS_MAX: Final = 200
_HASHER = PasswordHasher()
_NOBODY: Final = _HASHER.hash("nobody has this password")
"""Compared where there is no account, so that the time tells nothing."""
_READABLE = "".join(sorted(set(string.ascii_lowercase + string.digits) - set("l1o0")))


def fault(password: str, sign_in: str) -> str | None:
    """What is wrong with a new password, as a sentence; none when it will do."""
    if len(password) < CHARACTERS_MIN:
        return f"Use {CHARACTERS_MIN} characters or more; a few unrelated words are a good password"
    if len(password) > CHARACTERS_MAX:
        return f"Use at most {CHARACTERS_MAX} characters"
    if sign_in in password.lower():
        return "Leave your sign-in name out of it"
    if len(set(password)) < 6:
        return "Use at least six different characters"
    return None


def hashed(password: str) -> str:
    """About 50 ms of CPU by intention: call it in a thread."""
    return _HASHER.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Whether this is the password; as slow where there is none (`kept` is none)."""
    try:
        _HASHER.verify(kept or _NOBODY, password)
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False
    return kept is not None


def fresh() -> str:
    """A random password of 20 characters that can be read out, to be changed at once."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(5))
