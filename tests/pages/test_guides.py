"""The guides show pictures that the browser tests make: each is made, is there, and is shown."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "pictures"
LARGEST_BYTES = 350_000
GUIDES = (ROOT / "docs" / "guide-site.md", ROOT / "docs" / "guide-centre.md")


def made() -> set[str]:
    """The names that a browser test gives to what it keeps."""
    tests = (ROOT / "tests" / "browser").glob("test_*.py")
    return {
        name
        for test in tests
        for name in re.findall(r'\bpicture\(\w+, "([\w-]+)"', test.read_text("utf-8"))
    }


def shown(document: Path) -> list[tuple[str, str]]:
    """What is said of each picture, and its name."""
    return re.findall(r"!\[([^\]]*)\]\(pictures/([\w-]+)\.png\)", document.read_text("utf-8"))


def test_every_picture_of_the_guides_is_made_by_a_test_and_there() -> None:
    named = {name for guide in GUIDES for _, name in shown(guide)}
    assert len(named) >= 10
    assert named == made()
    assert named == {file.stem for file in FOLDER.iterdir()}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_every_picture_is_told_in_words_too(guide: Path) -> None:
    assert [name for words, name in shown(guide) if len(words) < 20] == []


def test_pictures_stay_small() -> None:
    sizes = {file.name: file.stat().st_size for file in FOLDER.iterdir()}
    assert {name: size for name, size in sizes.items() if size > LARGEST_BYTES} == {}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_what_a_guide_calls_by_name_stands_on_a_page(guide: Path) -> None:
    pages = "\n".join(
        file.read_text("utf-8")
        for pattern in ("templates/**/*.html", "**/*.py")
        for file in (ROOT / "services" / "pages").glob(pattern)
    )
    called = re.findall(r"\*\*([A-Z][^*]+?)\*\*", guide.read_text("utf-8"))
    assert len(called) >= 5
    assert [words for words in called if words.lower() not in pages.lower()] == []
