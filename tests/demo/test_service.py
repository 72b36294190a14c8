"""The story over real HTTP: the real API, with ports in memory instead of Kafka and Redis."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
import uvicorn
from rich.console import Console

from protocols.parse import parse_protocol
from services.api.app import build_app
from services.demo.run import run, shipped_story
from services.demo.service import Service, ServiceError
from services.demo.tell import Reply, actor_of, tell
from services.local.places import free_port
from services.local.processes import wait_until
from services.settings import ApiSettings
from tests.services.memory import Memory

ROOT = Path(__file__).parents[2]
NAMES = ("centre", "reviewer", "S1", "S2", "S3", "S4")


@contextmanager
def _serving(memory: Memory, tokens: Path) -> Iterator[str]:
    """The API on a port of its own, in a thread."""
    auditor = {"id": "auditor", "role": "auditor", "sites": ["*"]}
    actors = [actor_of(name).model_dump(mode="json") for name in NAMES]
    tokens.write_text(json.dumps({f"token-{a['id']}": a for a in (*actors, auditor)}))
    app = build_app(memory.ports(), ApiSettings(token_file=tokens))
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", ws="none"))
    thread = Thread(target=server.run)
    thread.start()
    try:
        assert wait_until(lambda: server.started, 20.0)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with _serving(Memory(), tmp_path / "tokens.json") as served:
        yield served


def _service(url: str, trial_id: str = "NCT00825734-demo") -> Service:
    return Service(url, trial_id, lambda actor_id: f"token-{actor_id}")


def test_the_story_goes_as_told_over_http_and_is_known_afterwards(url: str) -> None:
    story, service = shipped_story(), _service(url)
    zone = parse_protocol(story.protocol_text).time_zone
    first = list(tell(story, zone, service))
    again = list(tell(story, zone, _service(url)))
    assert [outcome.differences for outcome in first] == [()] * len(story.steps)
    assert [outcome.reply for outcome in again] == [outcome.reply for outcome in first]
    assert all(outcome.told_before for outcome in again)
    assert service.board()["mtd"] == "L1"
    assert [entry["subject_id"] for entry in service.waitlist()] == ["S2-008"]


def test_a_run_ends_with_the_picture_and_the_last_public_events(url: str) -> None:
    console = Console(file=io.StringIO(), width=100, color_system=None)
    service = _service(url)
    told = run(shipped_story(), service, console)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    events = service.public_events()
    assert (told.as_told, told.new_steps) == (True, 75)
    assert [event["id"] for event in events] == [
        f"NCT00825734-demo/{number}" for number in range(len(events))
    ]
    assert f"{len(events)} public events so far, without clinical values; the last:" in lines
    assert "The story of 75 steps went as told." in lines
    assert any(line.startswith("╭─ NCT00825734-demo · Tue 18 May 2027") for line in lines)


def test_the_chain_can_be_checked_with_the_lines_in_the_documents(url: str) -> None:
    service = _service(url)
    list(tell(shipped_story(), ZoneInfo("America/Chicago"), service))
    items = service.log()
    lines = (ROOT / "docs" / "record.md").read_text("utf-8").split("```python\n")[1]
    check = compile(lines.split("```")[0], "record.md", "exec")
    exec(check, {"items": items})
    items[7]["record"]["actor"]["id"] = "somebody-else"
    with pytest.raises(AssertionError):
        exec(check, {"items": items})


def test_two_tellings_are_two_trials(url: str) -> None:
    story = shipped_story()
    zone = parse_protocol(story.protocol_text).time_zone
    next(tell(story, zone, _service(url)))
    assert not next(tell(story, zone, _service(url, "NCT00825734-demo-2"))).told_before


def test_what_the_service_says_is_what_the_person_reads(url: str) -> None:
    with pytest.raises(ServiceError, match="404 There is no such trial"):
        _service(url).board()


def test_a_command_that_was_not_taken_names_what_is_wrong(url: str) -> None:
    story, service = shipped_story(), _service(url)
    zone = parse_protocol(story.protocol_text).time_zone
    first = next(tell(story, zone, service))
    assert isinstance(first.reply, Reply)
    at = first.step.at.replace(tzinfo=zone)
    command = {"type": "ActivateTrial", "meaning": "I sign", "colour": "red"}
    with pytest.raises(ServiceError, match="/colour"):
        service.send(1, actor_of("reviewer"), at, command)


def test_a_token_that_nobody_has_is_said(url: str) -> None:
    stranger = Service(url, "T1", lambda actor_id: "another")
    with pytest.raises(ServiceError, match="401 Nobody is signed in"):
        stranger.board()


@contextmanager
def _scripted(*answers: tuple[int, dict[str, object]]) -> Iterator[tuple[str, list[str]]]:
    """A server that gives these answers in turn, and notes what it was asked."""
    asked: list[str] = []
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            key = self.headers.get("Idempotency-Key", "")
            asked.append(f"{self.command} {self.path} {key}".strip())
            status, body = left.pop(0)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = answer  # The names that the library calls.

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def test_what_is_late_away_or_forgotten_is_asked_for_until_it_is_decided() -> None:
    decided = {"outcome": "recorded", "sequence": 0}
    record = {"sequence": 0, "events": [{"type": "TrialActivated"}]}
    with _scripted(
        (503, {"title": "away"}),
        (202, {"location": "/v1/submissions/x"}),
        (202, {"location": "/v1/submissions/x"}),
        (404, {"title": "unknown"}),
        (200, decided),
        (200, {"items": [{"record": record}], "next": None}),
    ) as (url, asked):
        at = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
        command = {"type": "ActivateTrial", "meaning": "I sign"}
        reply = _service(url, "T1").send(5, actor_of("reviewer"), at, command)
    assert reply == Reply(decided, ({"type": "TrialActivated"},))
    assert asked == [
        "POST /v1/trials/T1/activation story-5",
        "POST /v1/trials/T1/activation story-5",
        "GET /v1/submissions/x",
        "GET /v1/submissions/x",
        "POST /v1/trials/T1/activation story-5",
        "GET /v1/trials/T1/log?limit=1",
    ]


def test_an_address_where_nobody_answers_is_said() -> None:
    with pytest.raises(ServiceError, match="does not answer"):
        _service(f"http://127.0.0.1:{free_port()}").board()
