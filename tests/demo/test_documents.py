"""What the documents promise exists: files behind links, commands, event types, decisions."""

import re
import typing
from pathlib import Path

import pytest

from enrollment.commands import AnyCommand
from enrollment.events import AnyEvent
from enrollment.public_events import NAMES, PRIVATE, PublicType
from services.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CODE = re.compile(r"```.*?```", re.DOTALL)


def _anchor(heading: str) -> str:
    """The anchor that a Markdown heading gets: lower case, no punctuation, hyphens for spaces."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _links(document: Path) -> list[str]:
    return LINK.findall(CODE.sub("", document.read_text("utf-8")))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_resolves(document: Path) -> None:
    broken = []
    for link in _links(document):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path) if path else document
        if not target.exists():
            broken.append(link)
        elif anchor and target.suffix == ".md":
            anchors = {_anchor(found) for found in HEADING.findall(target.read_text("utf-8"))}
            if anchor not in anchors:
                broken.append(link)
    assert broken == []


def test_the_documents_are_found() -> None:
    names = {str(path.relative_to(ROOT)) for path in DOCUMENTS}
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/architecture.md"} <= names


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_make_target_that_is_named_exists(document: str) -> None:
    named = set(re.findall(r"(?m)(?:^|`)make ([a-z][a-z-]*)", (ROOT / document).read_text("utf-8")))
    targets = set(re.findall(r"(?m)^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8")))
    assert named <= targets


def test_every_file_in_the_readme_s_commands_exists() -> None:
    blocks = "\n".join(CODE.findall((ROOT / "README.md").read_text("utf-8")))
    files = re.findall(r"\b(?:examples|protocols)/\S+\.\w+", blocks)
    assert len(files) >= 3
    assert [name for name in files if not (ROOT / name).is_file()] == []


def test_every_holdfast_command_in_the_readme_exists() -> None:
    named = set(re.findall(r"\bholdfast ([a-z]+)", (ROOT / "README.md").read_text("utf-8")))
    assert {"judge", "rehearse"} <= named
    assert named <= set(COMMANDS)


def test_every_event_of_the_record_is_documented_with_what_the_public_is_told() -> None:
    text = (ROOT / "docs" / "record.md").read_text("utf-8")
    rows = dict(
        re.findall(r"(?m)^\| `(\w+)` \| .+ \| (.+) \|$", text.partition("## Its events")[2])
    )
    told = {event.__name__: f"`{name}`" for event, name in NAMES.items()}
    told |= {event.__name__: "not public" for event in PRIVATE}
    told["FormJudged"] = "`subject.not_eligible`, if it is not"
    assert rows == told
    assert len(rows) == len(typing.get_args(AnyEvent)) == 46


def test_every_public_event_is_documented() -> None:
    text = (ROOT / "docs" / "events.md").read_text("utf-8")
    types = typing.get_args(PublicType)
    assert len(types) >= 38
    assert [name for name in types if f"`{name}`" not in text] == []


def test_every_command_is_documented() -> None:
    text = (ROOT / "docs" / "commands.md").read_text("utf-8")
    types = [command.__name__ for command in typing.get_args(AnyCommand)]
    assert [name for name in types if not re.search(rf"\b{name}\b", text)] == []


def test_every_decision_is_indexed_and_has_its_five_parts() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text("utf-8")
    decisions = sorted(folder.glob("[0-9]*.md"))
    assert len(decisions) >= 12
    for path in decisions:
        text = path.read_text("utf-8")
        assert f"({path.name})" in index
        assert text.startswith(f"# {int(path.name[:4])}. "), path.name
        assert "\nStatus: " in text
        for part in ("Context", "Decision", "Consequences", "Rejected"):
            assert f"\n## {part}\n" in text, f"{path.name} has no {part}"
