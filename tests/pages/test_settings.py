"""Settings of pages and sign-in: what stops the start, what is documented, where keys are from."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from services.cli.main import main
from services.signin.second_factor import KeyFileError, SecondFactors, read_keys
from services.signin.settings import SigninSettings
from tests.pages.conftest import PROVIDER

DOCS = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"web_address": "holdfast.test"}, "web_address"),
        ({"web_address": "https://holdfast.test/path"}, "web_address"),
        (PROVIDER, "OIDC_CLIENT_SECRET"),
        (PROVIDER | {"oidc_client_secret": "s", "oidc_client_secret_file": "f"}, "one of"),
        (PROVIDER | {"oidc_client_secret": "s", "oidc_issuer": "http://login.test"}, "https"),
        ({"demo": True, "web_address": "https://holdfast.test"}, "this machine alone"),
        ({"local_accounts": False}, "nobody could sign in"),
    ],
)
def test_settings_that_make_no_sense_stop_the_start(told: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        SigninSettings(**told)


def test_the_providers_secret_comes_from_a_file_or_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("of the file\n")
    by_file = SigninSettings(**PROVIDER, oidc_client_secret_file=file)  # type: ignore[arg-type]
    assert by_file.oidc_secret() == "of the file"
    given = SigninSettings(**PROVIDER, oidc_client_secret="given")  # type: ignore[arg-type]
    assert given.oidc_secret() == "given"
    assert "given" not in repr(given)
    file.unlink()
    with pytest.raises(ValueError, match="No such file"):
        by_file.oidc_secret()


def test_cookies_are_kept_to_tls_where_browsers_come_by_it() -> None:
    plain, tls = SigninSettings(), SigninSettings(web_address="https://holdfast.test")
    assert (plain.cookie, tls.cookie) == ("holdfast", "__Host-holdfast")
    assert tls.secure
    assert not plain.secure


def test_every_setting_of_sign_in_is_documented() -> None:
    text = DOCS.read_text("utf-8")
    told = (f"HOLDFAST_{name.upper()}" for name in SigninSettings.model_fields)
    assert [name for name in told if name not in text] == []


def test_a_key_is_made_once_and_opens_what_an_older_one_sealed(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    made = CliRunner().invoke(main, ["accounts", "make-key", str(file)])
    assert made.exit_code == 0, made.output
    assert file.stat().st_mode & 0o777 == 0o600
    again = CliRunner().invoke(main, ["accounts", "make-key", str(file)])
    assert again.exit_code == 1
    sealed = SecondFactors(read_keys(file)).seal("SECRET")
    other = tmp_path / "newer.key"
    CliRunner().invoke(main, ["accounts", "make-key", str(other)])
    other.write_bytes(other.read_bytes() + file.read_bytes())
    assert SecondFactors(read_keys(other)).open(sealed) == "SECRET"
    assert SecondFactors(read_keys(other)[:1]).open(sealed) is None


def test_a_key_file_that_is_none_stops_the_start(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.key"
    wrong.write_text("not a key\n")
    for path in (wrong, tmp_path / "none.key"):
        with pytest.raises(KeyFileError, match="make-key"):
            read_keys(path)
