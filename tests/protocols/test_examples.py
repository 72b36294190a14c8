"""The example protocols are what they say: the shipped one with another design, sound, runnable."""

from pathlib import Path
from shutil import copytree

import pytest
from click.testing import CliRunner

from protocols.checks import doubts
from protocols.parse import parse_protocol
from services.cli.main import main
from tests.protocols.examples import EXAMPLES, FOLDER, Example, text_of

REHEARSAL = FOLDER.parent / "rehearsal.ndjson"


def file_of(example: Example) -> Path:
    return FOLDER / f"{example.name}.toml"


def test_there_is_one_file_for_each_and_no_other() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{e.name}.toml" for e in EXAMPLES}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_each_is_the_shipped_protocol_with_another_design(example: Example) -> None:
    text = file_of(example).read_text("utf-8")
    assert text == text_of(example), "write them anew: python -m tests.protocols.examples"
    protocol = parse_protocol(text)
    assert protocol.phase1.design == example.design
    assert "phase1" in protocol.illustrative
    assert doubts(protocol) == ()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_each_can_be_shown_and_rehearsed(example: Example, tmp_path: Path) -> None:
    shown = CliRunner().invoke(main, ["protocol", "show", str(file_of(example))])
    assert shown.exit_code == 0, shown.output
    commands = REHEARSAL.read_text("utf-8").replace('"protocol_version":"1.0"', _version(example))
    lines = tmp_path / "commands.ndjson"
    lines.write_text(commands, "utf-8")
    copytree(FOLDER.parent / "forms", tmp_path / "forms")
    done = CliRunner().invoke(main, ["rehearse", str(file_of(example)), str(lines)])
    assert done.exit_code == 0, done.output
    assert '"slot_reserved"' in done.output


def _version(example: Example) -> str:
    return f'"protocol_version":"1.0-{example.name}"'
