"""What the parser says of a wrong text, and small changes to a right one."""

import pytest

from protocols.errors import ProtocolError
from protocols.parse import parse_protocol
from tests.protocols.build import protocol_text


def wrong(text: str) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(text, "trial.toml")
    return caught.value


def changed(old: str, new: str, text: str | None = None) -> str:
    """The default text with one change that must apply."""
    text = protocol_text() if text is None else text
    assert old in text
    return text.replace(old, new, 1)


def line_with(text: str, part: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)
