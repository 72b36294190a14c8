"""The text of a protocol on its way in: pasted or uploaded, read strictly, compared, in English."""

from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData, UploadFile

from protocols.english import Section, in_english
from protocols.errors import Problem, ProtocolError
from protocols.model import Protocol
from protocols.parse import MAX_CHARACTERS, parse_protocol
from services.pages.rendering import FieldError

SHOWN = 50
"""No page names more problems at once."""


@dataclass(frozen=True, slots=True)
class ReadText:
    """A text, and the protocol that it is, or what keeps it from being one."""

    text: str
    protocol: Protocol | None
    problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """Each problem at the one field there is."""
        return tuple(FieldError("text", str(problem)) for problem in self.problems[:SHOWN])


async def text_given(form: FormData) -> str:
    """What was uploaded, else what was pasted; lines end as in files, whatever a browser sent.

    Bytes that are no UTF-8 are kept as a mark that no TOML may hold, so that they are refused.
    """
    given = form.get("file")
    if isinstance(given, UploadFile) and given.filename:
        text = (await given.read(4 * MAX_CHARACTERS + 1)).decode("utf-8", "replace")
        text = text.replace("\ufffd", "\x00")
    else:
        pasted = form.get("text")
        text = pasted if isinstance(pasted, str) else ""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_text(text: str) -> ReadText:
    """The protocol that a text is, or all that keeps it from being one."""
    if not text.strip():
        return ReadText(
            text, None, (Problem("", "there is no text", "paste it, or choose a file"),)
        )
    try:
        return ReadText(text, parse_protocol(text))
    except ProtocolError as error:
        return ReadText(text, None, error.problems)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or a row of a table, and whether the protocol in force says it too."""

    said: Any
    new: bool


@dataclass(frozen=True, slots=True)
class ShownSection:
    title: str
    illustrative: bool
    sentences: tuple[Sentence, ...]
    columns: tuple[str, ...]
    rows: tuple[Sentence, ...]
    gone: tuple[str, ...]
    """What the protocol in force says here and this one does not."""


def shown(protocol: Protocol, in_force: Protocol | None = None) -> tuple[ShownSection, ...]:
    """The protocol in plain English; against another, what is new in it and what is gone.

    The first section names the version; sections are matched by their titles.
    """
    old = () if in_force is None else in_english(in_force)
    by_title = {section.title: section for section in old[1:]}
    found = []
    for number, section in enumerate(in_english(protocol)):
        before = old[0] if old and number == 0 else by_title.get(section.title)
        found.append(_section(section, before, compared=in_force is not None))
    return tuple(found)


def _section(section: Section, before: Section | None, *, compared: bool) -> ShownSection:
    was: list[str | tuple[str, ...]] = []
    if before is not None:
        was = [*before.sentences, *before.rows]
    had, has = set(was), {*section.sentences, *section.rows}
    return ShownSection(
        title=section.title,
        illustrative=section.illustrative,
        sentences=tuple(Sentence(s, compared and s not in had) for s in section.sentences),
        columns=section.columns,
        rows=tuple(Sentence(row, compared and row not in had) for row in section.rows),
        gone=tuple(_plain(one) for one in was if one not in has),
    )


def _plain(said: str | tuple[str, ...]) -> str:
    return said if isinstance(said, str) else " · ".join(said)
