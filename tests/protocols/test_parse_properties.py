"""Whatever becomes of a text, it is parsed or refused with reasons; nothing else is ever raised."""

from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.checks import doubts
from protocols.english import in_english
from protocols.errors import ProtocolError
from protocols.model import Protocol
from protocols.parse import parse_protocol
from tests.protocols.build import SHIPPED

LINES = SHIPPED.read_text("utf-8").splitlines()
VALUES = st.sampled_from(
    [
        *("0", "-1", "1", "21", "99999999999999999999", "1.5", "nan", "inf", "true", "false"),
        *('""', '"x"', '"0"', '"-1"', '"1e9999"', '"NaN"', '"I1"', '"L1"', '"\\u0000"', "'é'"),
        *("[]", "[[]]", '["x"]', "[1]", "[{}]", "{}", '{ id = "I1" }', '[{ analyte = "inr" }]'),
        *("2027-02-29", "2027-02-28", "07:32:00", "1979-05-27T07:32:00Z", '"""', "[", "]", ""),
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """The shipped text with a few of its lines dropped, doubled, moved or given another value."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["drop", "double", "move", "value", "value", "value"])):
            case "drop":
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case "move":
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(at))
            case _:
                lines[at] = f"{lines[at].split('=')[0]}= {draw(VALUES)}"
    return "\n".join(lines)


def outcome(text: str) -> Protocol | ProtocolError:
    try:
        return parse_protocol(text)
    except ProtocolError as error:
        return error


def accepted_or_explained(text: str) -> None:
    found = outcome(text)
    if isinstance(found, ProtocolError):
        assert found.problems
        assert all(problem.rule and problem.mend for problem in found.problems)
        return
    assert in_english(found)
    assert all(doubt.sentence and doubt.mend for doubt in doubts(found))


@settings(max_examples=300, deadline=None)
@given(mutated())
def test_a_mutated_protocol_is_accepted_or_every_error_is_explained(text: str) -> None:
    accepted_or_explained(text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_at_all_is_refused_with_reasons(text: str) -> None:
    accepted_or_explained(text)
