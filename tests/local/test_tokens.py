"""The local stack's tokens: random, private, and understood by the service."""

import json
import stat
from pathlib import Path

import pytest

from services.api.actor import TokenFile
from services.local.errors import LocalError
from services.local.tokens import make_tokens, token_of


def test_only_the_owner_can_read_the_tokens(tmp_path: Path) -> None:
    assert stat.S_IMODE(make_tokens(tmp_path / "tokens.json").stat().st_mode) == 0o600


def test_tokens_are_made_once_and_differ_between_homes(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    first = make_tokens(tmp_path / "one" / "tokens.json").read_text()
    assert make_tokens(tmp_path / "one" / "tokens.json").read_text() == first
    tokens = json.loads(first)
    others = json.loads(make_tokens(tmp_path / "two" / "tokens.json").read_text())
    assert not tokens.keys() & others.keys()
    assert all(len(token) >= 43 for token in tokens)


def test_the_service_knows_the_actor_of_a_token(tmp_path: Path) -> None:
    file = TokenFile(make_tokens(tmp_path / "tokens.json"))
    site = file.actor(token_of(tmp_path, "S2-staff"))
    assert site is not None
    assert (site.id, site.role, site.sites) == ("S2-staff", "site", ("S2",))
    centre = file.actor(token_of(tmp_path, "centre"))
    assert centre is not None
    assert (centre.id, centre.role, centre.sites) == ("centre", "coordinator", ("*",))


def test_an_unknown_actor_is_answered_with_those_that_are_known(tmp_path: Path) -> None:
    make_tokens(tmp_path / "tokens.json")
    with pytest.raises(LocalError, match=r"no actor S9-staff.*name one of: centre, reviewer"):
        token_of(tmp_path, "S9-staff")


def test_before_the_first_start_there_are_no_tokens(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="run `make up` once"):
        token_of(tmp_path, "centre")
