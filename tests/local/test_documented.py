"""What an operator can set, type or meet is in `docs/operations.md`."""

import re
from pathlib import Path

import pytest

from services.cli.accounts import accounts
from services.cli.stack import stack
from services.settings import ApiSettings
from services.signin.settings import SigninSettings
from streams.settings import Settings

ROOT = Path(__file__).parent.parent.parent
OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")
COMPOSE = (ROOT / "docker-compose.yml").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


ALL = (*Settings.model_fields, *ApiSettings.model_fields, *SigninSettings.model_fields)


@pytest.mark.parametrize("field", ALL)
def test_every_setting_is_documented(field: str) -> None:
    assert f"`HOLDFAST_{field.upper()}`" in OPERATIONS


def test_no_setting_is_documented_that_does_not_exist() -> None:
    known = {f"HOLDFAST_{field}".upper() for field in ALL}
    of_the_command_line = {"HOLDFAST_HOME", "HOLDFAST_URL", "HOLDFAST_TOKEN"}
    of_compose = set(re.findall(r"\$\{(HOLDFAST_[A-Z_]+)", COMPOSE))
    assert of_compose <= set(re.findall(r"`(HOLDFAST_[A-Z_]+)`", OPERATIONS))
    named = set(re.findall(r"\bHOLDFAST_[A-Z_]+\b", OPERATIONS))
    assert named - known - of_the_command_line - of_compose == set()


@pytest.mark.parametrize("target", ["setup", "test", "demo", "demo-reset", "up", "down", "check"])
def test_every_word_for_make_exists_and_is_explained(target: str) -> None:
    assert re.search(rf"^{target}:.* ## \w", MAKEFILE, re.MULTILINE)


def test_the_commands_that_the_documents_name_exist() -> None:
    named = set(re.findall(r"holdfast stack ([a-z-]+)", OPERATIONS + MAKEFILE))
    assert {"token"} <= named <= set(stack.commands)
    named = set(re.findall(r"holdfast accounts ([a-z-]+)", OPERATIONS))
    assert {"open", "make-key"} <= named <= set(accounts.commands)
