"""Passwords as they are kept for real: argon2id at the library's own cost, long, of one's own."""

import pytest
from argon2 import PasswordHasher

from services.signin import passwords


def test_what_is_kept_is_argon2id_at_the_cost_that_the_library_advises() -> None:
    kept = passwords.hashed("correct horse battery staple")
    assert kept.startswith("$argon2id$")
    assert not PasswordHasher().check_needs_rehash(kept)
    assert passwords.matches(kept, "correct horse battery staple")
    assert not passwords.matches(kept, "correct horse battery stable")
    assert not passwords.matches(None, "nobody has this password")
    assert not passwords.matches("no hash at all", "correct horse battery staple")


@pytest.mark.parametrize(
    ("password", "wrong"),
    [
        ("short", "15 characters"),
        ("x" * 201, "at most 200"),
        ("i am nurse.one of site one", "sign-in name"),
        ("aaaaaaaaaaaaaaaaaaaa", "six different"),
        ("correct horse battery staple", None),
    ],
)
def test_what_is_wrong_with_a_password_is_said(password: str, wrong: str | None) -> None:
    found = passwords.fault(password, "nurse.one")
    assert found is None if wrong is None else wrong in (found or "")


def test_a_fresh_password_will_do_and_is_never_the_same() -> None:
    made = {passwords.fresh() for _ in range(50)}
    assert len(made) == 50
    assert all(passwords.fault(one, "nurse.one") is None for one in made)
