"""`holdfast protocol` as a person meets it: what it prints, and with which code it leaves."""

import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result

from services.cli.protocol import protocol
from tests.protocols.build import SHIPPED, protocol_text

TEXT = protocol_text(results_go_stale=True)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(protocol, arguments, env={"COLUMNS": "160"})


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    file = tmp_path / "trial.toml"
    file.write_text(TEXT, "utf-8")
    return file


def broken(tmp_path: Path) -> Path:
    file = tmp_path / "broken.toml"
    file.write_text(protocol_text(start_level="L9"), "utf-8")
    return file


# --- check ---------------------------------------------------------------------------------------


def test_check_leaves_with_zero_for_the_shipped_trial_and_names_what_is_illustrative() -> None:
    result = run("check", str(SHIPPED))
    assert result.exit_code == 0
    assert (
        "nct00825734.toml is sound: NCT00825734 version 1.0, 41 criteria, 4 levels" in result.output
    )
    assert "illustrative: not from the public record: phase1, phase2" in result.output
    assert "Doubtful" not in result.output


def test_check_prints_doubts_and_still_leaves_with_zero(tmp_path: Path) -> None:
    file = tmp_path / "trial.toml"
    file.write_text(protocol_text(stagger_days=30), "utf-8")
    result = run("check", str(file))
    assert result.exit_code == 0
    assert "Doubtful: phase1.stagger_days: the stagger of 30 days is longer" in result.output


def test_check_leaves_with_two_and_names_file_line_key_and_mend(tmp_path: Path) -> None:
    result = run("check", str(broken(tmp_path)))
    assert result.exit_code == 2
    assert "broken.toml: 1 error" in result.output
    assert (
        'phase1.start_level: there is no level "L9". Mend: write one of L1, L2, L3.'
        in result.output
    )


def test_check_of_a_file_that_is_not_text_says_so(tmp_path: Path) -> None:
    file = tmp_path / "trial.toml"
    file.write_bytes(b"\xff\xfe")
    result = run("check", str(file))
    assert result.exit_code == 2
    assert "not UTF-8 text. Mend: save it as UTF-8." in result.output


# --- show ----------------------------------------------------------------------------------------


def test_show_says_everything_in_english_with_the_illustrative_mark_where_it_belongs() -> None:
    result = run("show", str(SHIPPED))
    assert result.exit_code == 0
    lines = [line.rstrip() for line in result.output.splitlines()]
    mark = "[illustrative: not from the public record]"
    for title in (
        "Phase I: escalation",
        "Dose levels, lowest first",
        "Phase II",
        "Places",
        "Sites",
    ):
        assert f"{title}  {mark}" in lines
    assert "Outcomes of the record" in lines
    row = ["L1 (start)", "200 mg twice daily", "32 mg/m2 every 3 weeks"]
    assert [line for line in lines if re.split(r"\s{2,}", line.strip()) == row]
    whole = " ".join(result.output.split())
    assert "median 4.8 months (95% confidence interval 3.5 to 6.3)" in whole
    assert "The DLT window covers days 1 to 21" in whole
    assert "others may be dosed from 7 days after that first dose" in whole


def test_show_prints_every_criterion_once() -> None:
    rows = [line.split() for line in run("show", str(SHIPPED)).output.splitlines()]
    first = [row[0] for row in rows if row]
    for criterion_id in ("I1", "I5a", "I5d", "I17", "E1", "E21"):
        assert first.count(criterion_id) == 1


# --- adopt ---------------------------------------------------------------------------------------


class Service:
    """A stand-in for the API: answers one way and keeps what it was sent."""

    def __init__(self, status: int, answer: dict[str, Any]) -> None:
        self.received: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                sent = json.loads(self.rfile.read(size))
                service.received.append((self.path, dict(self.headers), sent))
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    status, answer = getattr(request, "param", (200, {"outcome": "recorded", "sentence": None}))
    running = Service(status, answer)
    yield running
    running.close()


def adopt(file: Path, url: str, *more: str) -> Result:
    return run(
        "adopt", str(file), "--url", url, "--token", "t0ken", "--meaning", "I adopt it", *more
    )


def test_adopt_sends_the_whole_text_signed_and_says_what_to_do_next(
    sound: Path, service: Service
) -> None:
    result = adopt(sound, service.url, "--trial", "T-9", "--clock", "simulated", "--key", "k1")
    assert result.exit_code == 0
    ((path, headers, sent),) = service.received
    assert path == "/v1/trials/T-9/protocol"
    assert headers["Authorization"] == "Bearer t0ken"
    assert headers["Idempotency-Key"] == "k1"
    assert headers["Prefer"].startswith("wait=")
    assert "Holdfast-At" not in headers
    assert sent == {"text": TEXT, "clock": "simulated", "meaning": "I adopt it"}
    assert "T1 version 1.0 is in force for T-9" in result.output
    assert "Next: activate the sites (S1, S2, S3)" in result.output


def test_adopt_of_a_simulated_trial_may_name_the_moment(sound: Path, service: Service) -> None:
    adopt(sound, service.url, "--clock", "simulated", "--at", "2027-02-22T15:00:00Z")
    ((_, headers, _),) = service.received
    assert headers["Holdfast-At"] == "2027-02-22T15:00:00Z"


def test_adopt_takes_the_protocols_own_id_and_a_new_key_each_time(
    sound: Path, service: Service
) -> None:
    adopt(sound, service.url)
    adopt(sound, service.url)
    assert [path for path, _, _ in service.received] == ["/v1/trials/T1/protocol"] * 2
    first, second = (headers["Idempotency-Key"] for _, headers, _ in service.received)
    assert first != second


@pytest.mark.parametrize(
    "service",
    [
        (
            403,
            {
                "title": "Forbidden",
                "detail": "Nothing was written.",
                "errors": [{"rule": "only a coordinator adopts", "mend": "ask one"}],
            },
        )
    ],
    indirect=True,
)
def test_adopt_tells_why_it_was_refused(sound: Path, service: Service) -> None:
    result = adopt(sound, service.url)
    assert result.exit_code == 1
    assert [line.strip() for line in result.output.splitlines()] == [
        "The service refused it (403): Forbidden",
        "Nothing was written.",
        "only a coordinator adopts. Mend: ask one",
    ]
    assert "in force" not in result.output


@pytest.mark.parametrize(
    "service", [(200, {"outcome": "refused", "sentence": "The clock is fixed."})], indirect=True
)
def test_adopt_tells_a_refusal_of_the_trial(sound: Path, service: Service) -> None:
    result = adopt(sound, service.url)
    assert result.exit_code == 1
    assert "The clock is fixed." in result.output
    assert "--key" not in result.output


@pytest.mark.parametrize("service", [(202, {})], indirect=True)
def test_adopt_without_a_decision_in_time_says_how_to_ask_again(
    sound: Path, service: Service
) -> None:
    result = adopt(sound, service.url, "--key", "k7")
    assert result.exit_code == 1
    assert "Received, not decided yet" in result.output
    assert "It is safe to send it again: add --key k7" in result.output


def test_adopt_without_a_service_says_so_and_keeps_the_key(sound: Path) -> None:
    closed = Service(200, {})
    closed.close()
    result = adopt(sound, closed.url, "--key", "k8")
    assert result.exit_code == 1
    assert f"No answer from {closed.url}" in result.output
    assert "add --key k8" in result.output


def test_adopt_sends_nothing_when_the_file_is_wrong(tmp_path: Path, service: Service) -> None:
    result = adopt(broken(tmp_path), service.url)
    assert result.exit_code == 2
    assert service.received == []


def test_adopt_wants_an_address_of_the_web(sound: Path) -> None:
    result = adopt(sound, "file:///etc")
    assert result.exit_code == 1
    assert "must begin with http:// or https://" in result.output
