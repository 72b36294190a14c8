"""Tokens: read anew when the file changes, shut while it is broken, strict about what it holds."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from services.api.actor import TokenFile, TokenFileError
from tests.services.conftest import PEOPLE, Caller


def rewrite(path: Path, text: str) -> None:
    """Replaces the file, as an operator's tool would."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    os.replace(fresh, path)


async def test_a_token_that_was_taken_away_opens_nothing_any_more(
    trial: Caller, token_file: Path
) -> None:
    assert (await trial.get("/v1/trials", "token-s1")).status_code == 200
    rewrite(token_file, json.dumps({"new": PEOPLE["token-s1"]}))
    assert (await trial.get("/v1/trials", "token-s1")).status_code == 401
    assert (await trial.get("/v1/trials", "new")).status_code == 200


async def test_nobody_signs_in_while_the_file_is_broken(trial: Caller, token_file: Path) -> None:
    rewrite(token_file, "{")
    assert (await trial.get("/v1/trials", "token-s1")).status_code == 503
    rewrite(token_file, json.dumps(PEOPLE))
    assert (await trial.get("/v1/trials", "token-s1")).status_code == 200


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        '{"t": {"id": "x", "role": "king", "sites": ["S1"]}}',
        '{"t": {"id": "x", "role": "clock", "sites": ["*"]}}',
        '{"t": {"id": "x", "role": "site", "sites": ["*"]}}',
        '{"t": {"id": "x", "role": "site", "sites": []}}',
        '{"t": {"id": "x", "role": "site", "sites": ["S1"], "name": "Jane"}}',
    ],
)
def test_a_file_that_says_anything_else_stops_the_start(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tokens.json"
    path.write_text(content)
    with pytest.raises(TokenFileError, match=r"tokens\.json"):
        TokenFile(path)


def test_a_missing_file_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(TokenFileError, match="No such file"):
        TokenFile(tmp_path / "none.json")


def test_a_token_is_its_own_and_no_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    people: dict[str, Any] = {"abc": PEOPLE["token-s1"]}
    path.write_text(json.dumps(people))
    tokens = TokenFile(path)
    assert tokens.actor("abc") is not None
    assert tokens.actor("ab") is None
    assert tokens.actor("") is None
