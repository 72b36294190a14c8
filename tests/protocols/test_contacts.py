"""The medical monitor's contact in a protocol file: optional, reachable, in plain English."""

import pytest

from protocols.english import in_english
from protocols.errors import ProtocolError
from protocols.model import Contact
from protocols.parse import parse_protocol
from tests.protocols.build import SHIPPED, protocol_text

TABLE = '[contacts.medical_monitor]\nname = "Dr Example"\n'


def with_contact(*lines: str) -> str:
    return protocol_text().replace("[assignment]", TABLE + "\n".join(lines) + "\n\n[assignment]", 1)


def test_a_protocol_may_name_nobody() -> None:
    protocol = parse_protocol(protocol_text())
    assert protocol.medical_monitor is None
    assert "Contacts" not in [section.title for section in in_english(protocol)]


def test_the_contact_is_read_and_told() -> None:
    protocol = parse_protocol(with_contact('phone = "+1 555 0101"', 'text = "weekdays"'))
    assert protocol.medical_monitor == Contact("Dr Example", "+1 555 0101", None, "weekdays")
    [section] = [one for one in in_english(protocol) if one.title == "Contacts"]
    assert section.sentences == (
        "Questions about a refusal go to the medical monitor, Dr Example: +1 555 0101; weekdays.",
    )


def test_a_contact_that_reaches_nobody_is_an_error_with_its_line() -> None:
    with pytest.raises(ProtocolError) as found:
        parse_protocol(with_contact())
    [problem] = found.value.problems
    assert problem.key == "contacts.medical_monitor"
    assert "`phone`, `email` or `text`" in problem.mend
    assert problem.line is not None


def test_a_misspelt_key_is_an_error() -> None:
    with pytest.raises(ProtocolError) as found:
        parse_protocol(with_contact('fone = "1"', 'text = "any"'))
    [problem] = found.value.problems
    assert problem.mend.startswith("write `phone`")


def test_the_shipped_contact_is_marked_as_illustrative() -> None:
    protocol = parse_protocol(SHIPPED.read_text("utf-8"))
    assert protocol.medical_monitor is not None
    assert "contacts.medical_monitor" in protocol.illustrative
    [section] = [one for one in in_english(protocol) if one.title == "Contacts"]
    assert section.illustrative
