"""The whole stack, as `make up` and `make down` do it, in a home folder of its own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from services.cli.adopt import Adoption, send
from services.local.doctor import examine
from services.local.guard import Guard
from services.local.kafka_jars import Progress
from services.local.run_state import NAMES, read_state
from services.local.stack import Addresses, addresses, down, up
from services.local.tokens import token_of

PROTOCOL = Path(__file__).parent.parent.parent / "protocols" / "nct00825734.toml"


class Heard:
    """Remembers what a person would have been told."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def doing(self, sentence: str) -> None: ...

    def done(self, sentence: str) -> None:
        self.sentences.append(sentence)

    @contextmanager
    def fetching(self, total_bytes: int) -> Iterator[Progress]:
        yield lambda _: None


@pytest.mark.timeout(400)
def test_what_was_decided_is_there_after_the_stack_was_stopped_and_started(tmp_path: Path) -> None:
    with Guard() as guard:
        first = up(tmp_path, Heard(), guard)
        assert _adopt(first, tmp_path) == "recorded"
        assert [one.what for one in examine(tmp_path) if not one.fine] == []
        again = Heard()
        assert up(tmp_path, again, guard) == first
        assert again.sentences[0] == f"kafka runs already on {first.kafka}"

        down(tmp_path, Heard())
        assert [name for name in NAMES if read_state(tmp_path).running(name)] == []

        second = up(tmp_path, Heard(), guard)
        assert second == addresses(tmp_path)
        assert _board(second, tmp_path)["protocol"]["version"] == "1.0"
        down(tmp_path, Heard())


def _adopt(reached: Addresses, home: Path) -> str:
    text = PROTOCOL.read_text("utf-8")
    adoption = Adoption("kept", text, "simulated", "Kept over a restart.", "adopt-1")
    answered = send(adoption, reached.web, token_of(home, "centre"))
    return "recorded" if answered.done else answered.sentence


def _board(reached: Addresses, home: Path) -> dict[str, dict[str, str]]:
    asked = Request(
        f"{reached.web}/v1/trials/kept/board",
        headers={"Authorization": f"Bearer {token_of(home, 'auditor')}"},
    )
    with urlopen(asked, timeout=20) as response:
        found: dict[str, dict[str, str]] = json.loads(response.read())
    return found
