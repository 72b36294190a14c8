"""What an operator can set, type or meet is in `docs/operations.md`."""

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic.fields import FieldInfo

from enrollment.commands import Role
from enrollment.version import RULES_VERSION
from services.cli.accounts import accounts
from services.cli.stack import stack
from services.settings import ApiSettings
from services.signin.settings import SigninSettings
from streams.cases import Case
from streams.settings import Settings
from tests.faults.faults import KINDS

ROOT = Path(__file__).parent.parent.parent
OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")
COMPOSE = (ROOT / "docker-compose.yml").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


ALL = (*Settings.model_fields, *ApiSettings.model_fields, *SigninSettings.model_fields)


@pytest.mark.parametrize("field", ALL)
def test_every_setting_is_documented(field: str) -> None:
    assert f"`HOLDFAST_{field.upper()}`" in OPERATIONS


def defaults(text: str) -> dict[str, str]:
    """Setting to default, of every table with both: one cell may name several, in their order."""
    found: dict[str, str] = {}
    for row in re.findall(r"^\| (`HOLDFAST_[^|]+) \| ([^|]+) \| [^|]*\|$", text, re.MULTILINE):
        names = re.findall(r"`HOLDFAST_([A-Z_]+)`", row[0])
        plain = re.sub(r" \(.*\)|: .*|`|(?<=\d),(?=\d)", "", row[1])
        values = re.split(", | and ", plain) if len(names) > 1 else [plain]
        if len(values) == 1:
            values *= len(names)
        found |= dict(zip((name.lower() for name in names), values, strict=True))
    return found


def as_told(field: str, info: FieldInfo) -> str:
    if field == "flush_every_message":
        return "on with one replica"
    if info.is_required():
        return "must be set"
    default = info.default
    if default is None:
        return "none"
    return str(default).lower() if isinstance(default, bool) else f"{default}".removesuffix(".0")


@pytest.mark.parametrize("document", ["operations.md", "api.md"])
def test_every_default_is_told_as_it_is(document: str) -> None:
    """Those of TLS, SASL and users are sentences: what is not set is not used."""
    told = defaults((ROOT / "docs" / document).read_text("utf-8"))
    fields = {**Settings.model_fields, **ApiSettings.model_fields, **SigninSettings.model_fields}
    assert told == {field: as_told(field, fields[field]) for field in told}
    secured = {name for name in Settings.model_fields if re.match("kafka_(?!boot)|redis_.*_", name)}
    secured |= {"redis_username", "redis_password"}
    of_the_api = set(ApiSettings.model_fields) - {"token_file", "api_host", "api_port"}
    assert set(told) == (of_the_api if document == "api.md" else set(fields) - secured)


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


@pytest.mark.parametrize("folder", ["docs", "docs/decisions"])
def test_an_index_names_every_document_once(folder: str) -> None:
    index = ROOT / folder / "README.md"
    first_cells = re.findall(r"^\| \[[^]]*\]\(([^)/]+\.md)\)", index.read_text("utf-8"), re.M)
    assert sorted(first_cells) == sorted(
        path.name for path in (ROOT / folder).glob("*.md") if path != index
    )


def test_every_role_is_in_the_glossary() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    actor = next(row for row in glossary.splitlines() if row.startswith("| **Actor**"))
    assert re.findall(r"`(\w+)`", actor) == list(get_args(Role))


def test_the_version_of_the_rules_is_told() -> None:
    for name in ("docs/record.md", "docs/verifying.md", "CHANGELOG.md"):
        text = " ".join((ROOT / name).read_text("utf-8").split())
        said = re.findall(r"(?:version|decided,|It is) (\d+)(?: of the rules| now)", text)
        assert said == [str(RULES_VERSION)], name


def test_every_kind_of_fault_is_told_and_counted() -> None:
    text = (ROOT / "docs" / "faults.md").read_text("utf-8")
    for kind in KINDS:
        told = "crash_both_..." if kind.startswith("crash_both_") else kind
        assert f"`{told}`" in text, kind
    readme = (ROOT / "README.md").read_text("utf-8")
    assert re.findall(r"\[(\d+) kinds of faults\]", readme) == [str(len(KINDS))]


def test_every_case_of_recovery_has_its_row() -> None:
    text = (ROOT / "docs" / "recovery.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| \w+ \|", text, re.M)
    assert sorted(rows) == sorted(case.value for case in Case)
