"""Input that means harm: each gets a problem that names place and mend; nothing is written."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from eligibility.form import ScreeningForm
from enrollment.canonical import WHOLE_MAX
from services.api.app import build_app
from services.api.json_text import plain_json
from services.api.problems import Problem
from services.settings import ApiSettings
from tests.services.conftest import PEOPLE, Caller, form
from tests.services.harmful import BAD, BODIES, FORM, FORMS, SHAPE, SUSPEND, Harm
from tests.services.memory import Memory
from tests.services.told import SECRET, problem


@pytest.fixture(scope="module")
def memory() -> Memory:
    return Memory()


@pytest.fixture(scope="module")
def app(memory: Memory, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """One API for this file: nothing that is sent to it is written."""
    tokens = tmp_path_factory.mktemp("harm") / "tokens.json"
    tokens.write_text(json.dumps(PEOPLE))
    return build_app(memory.ports(), ApiSettings(token_file=tokens, writes_burst=10_000))


@pytest.fixture
async def trial(api: Caller, memory: Memory) -> Caller:
    if not memory.trials:
        await api.open_trial()
    return api


@pytest.mark.parametrize("harm", BODIES, ids=str)
async def test_a_harmful_body_is_refused_by_place_and_nothing_is_written(
    trial: Caller, memory: Memory, harm: Harm
) -> None:
    sent = len(memory.sent)
    by = "token-s1" if harm.path == FORMS else "token-centre"
    answer = await trial.post(harm.path, harm.body, by, headers=harm.headers)
    found = problem(answer, harm.status, harm.problem)
    assert [fault["pointer"] for fault in found["errors"]] == (
        [] if harm.place is None else [harm.place]
    )
    assert all(fault["rule"] and fault["mend"] for fault in found["errors"])
    assert len(answer.content) < 2_000
    assert len(memory.sent) == sent


async def test_a_body_that_is_no_json_is_told_where(trial: Caller) -> None:
    raw = b'{\n "reason": "%s",\n "other": NaN}' % SECRET.encode()
    found = problem(await trial.post(SUSPEND, raw, "token-centre"), 400, BAD)
    assert found["errors"] == [
        {
            "pointer": "",
            "rule": "the body is not JSON (line 3, column 11)",
            "mend": "mend the JSON",
        }
    ]


async def test_every_repeated_key_is_named_and_no_value_of_it(trial: Caller) -> None:
    raw = b'{"reason": "%s", "a": {"b": [{"c~/": 1, "c~/": 2}]}, "reason": "x"}' % SECRET.encode()
    found = problem(await trial.post(SUSPEND, raw, "token-centre"), 422, SHAPE)
    assert found["detail"] == "Nothing was written: 2 keys repeated."
    assert [fault["pointer"] for fault in found["errors"]] == ["/a/b/0/c~0~1", "/reason"]


@pytest.mark.parametrize(
    "text",
    [
        '{"a": ":", "b": {"a": "::"}, ":": ["a:b", "\\u003a", "\\":\\""]}',
        '{"a": {"x": 1}, "b": {"x": 1}, "c": [{"x": 1}, {"x": 1}]}',
        '{"\\u0061": 1, "A": 2, "": 3}',
        "[]",
        '":"',
    ],
)
def test_what_repeats_no_key_is_read_whatever_its_colons(text: str) -> None:
    assert plain_json(text.encode()) == json.loads(text)


@pytest.mark.parametrize("last", ["\\u003a", "\\u003A", "\\u003A:", "\\\\u003a:", "plain"])
def test_no_text_in_a_value_can_hide_a_repeated_key(last: str) -> None:
    with pytest.raises(Problem):
        plain_json(f'{{"a": ":::", "b": 2, "a": "{last}", "c": ["\\u003a"]}}'.encode())


async def test_a_body_that_never_ends_is_read_no_further_than_allowed(
    trial: Caller, memory: Memory
) -> None:
    sent, taken = len(memory.sent), 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b" " * 50_000

    headers = {
        "Authorization": "Bearer token-s1",
        "Content-Type": "application/json",
        "Idempotency-Key": "k",
    }
    answer = await trial.http.post("/v1/trials/T1/forms", content=endless(), headers=headers)
    problem(answer, 413, "body.too_large")
    assert taken <= 22
    assert len(memory.sent) == sent


KEYS = ["", " ", "a b", "a\tb", "kéy", "a/b", "x" * 129, "k\x7f", "k,k", '"k"', "k\n", "ключ"]


@pytest.mark.parametrize("key", KEYS)
async def test_a_key_that_is_none_is_refused(trial: Caller, memory: Memory, key: str) -> None:
    sent = len(memory.sent)
    headers = [
        (b"authorization", b"Bearer token-s1"),
        (b"content-type", b"application/json"),
        (b"idempotency-key", key.encode()),
    ]
    answer = await trial.http.post("/v1/trials/T1/forms", content=FORM, headers=headers)
    problem(answer, 400, "idempotency_key.malformed")
    assert len(memory.sent) == sent


async def test_two_keys_are_none(trial: Caller, memory: Memory) -> None:
    sent = len(memory.sent)
    headers = [
        ("Authorization", "Bearer token-s1"),
        ("Content-Type", "application/json"),
        ("Idempotency-Key", "k1"),
        ("Idempotency-Key", "k2"),
    ]
    answer = await trial.http.post("/v1/trials/T1/forms", content=FORM, headers=headers)
    problem(answer, 400, "idempotency_key.malformed")
    assert len(memory.sent) == sent


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dG9rZW4tczE=",
        "token-s1",
        "Bearer token-s1 token-centre",
        "Bearer \xff\xfe",
        "Bearer " + "x" * 10_000,
        "Bearer *",
        "BEARER\ttoken-s1",
        "Bearer é",
    ],
)
async def test_nobody_gets_in_with_half_a_sign_in(trial: Caller, memory: Memory, said: str) -> None:
    sent = len(memory.sent)
    headers = [
        (b"authorization", said.encode("latin-1")),
        (b"content-type", b"application/json"),
        (b"idempotency-key", b"k"),
    ]
    answer = await trial.http.post("/v1/trials/T1/forms", content=FORM, headers=headers)
    problem(answer, 401, "actor.unknown")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert len(memory.sent) == sent


@pytest.mark.parametrize("value", ["", "-1", "1.5", "x", "²", "9" * 21, "1 ", "0x1", "é"])
async def test_an_id_that_no_stream_gave_is_refused(trial: Caller, value: str) -> None:
    headers = [
        (b"authorization", b"Bearer token-s1"),
        (b"last-event-id", value.encode()),
    ]
    for path in ("/events/stream", "/board/stream"):
        answer = await trial.http.get(f"/v1/trials/T1{path}", headers=headers)
        found = problem(answer, 422, SHAPE)
        assert [fault["parameter"] for fault in found["errors"]] == ["Last-Event-ID"]


@pytest.mark.parametrize(
    ("path", "status", "name"),
    [
        ("/v1/trials/T1%00/board", 422, SHAPE),
        ("/v1/trials/T1%0a/board", 422, SHAPE),
        ("/v1/trials/%C3%A9/board", 422, SHAPE),
        ("/v1/trials/%FF/board", 422, SHAPE),
        ("/v1/trials/%ED%A0%80/board", 422, SHAPE),
        ("/v1/trials/" + "x" * 65 + "/board", 422, SHAPE),
        ("/v1/trials/../board", 404, "route.unknown"),
        ("/v1/trials/%2e%2e/board", 422, SHAPE),
        ("/v1/trials/T1%2F..%2F..%2Flive", 404, "route.unknown"),
        ("/v1/trials/T1/subjects/%2e%2e%2fS1", 404, "route.unknown"),
        ("/v1/trials//board", 404, "route.unknown"),
        ("/v1/trials/T1/board/", 404, "route.unknown"),
        ("/v1/trials/T1/subjects/..%5c..", 422, SHAPE),
        ("/v1/submissions/" + "x" * 401, 422, SHAPE),
        ("/v1/submissions/%00", 404, "submission.unknown"),
        ("/v1/submissions/VDEvUzEva1", 404, "submission.unknown"),
        ("/v1/problems/%00", 404, "route.unknown"),
        ("/", 404, "route.unknown"),
        ("/.env", 404, "route.unknown"),
        ("/docs", 404, "route.unknown"),
    ],
)
async def test_an_address_that_is_none_leads_nowhere(
    trial: Caller, path: str, status: int, name: str
) -> None:
    url = httpx2.URL("http://api").copy_with(raw_path=path.encode())
    answer = await trial.http.get(url, headers={"Authorization": "Bearer token-centre"})
    assert problem(answer, status, name)["status"] == status


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("/subjects?sit=S1", "sit"),
        ("/subjects?Site=S1", "Site"),
        ("/subjects?site=S1&site=S2", "site"),
        ("/subjects?%00=1", "\x00"),
        ("/subjects?" + "x" * 500, "x" * 64 + "..."),
        ("/board?verbose", "verbose"),
        ("/log?since=1700000000", "since"),
        ("/log?since=2027-02-30T00:00:00Z", "since"),
        ("/log?limit=0", "limit"),
        ("/log?limit=1e2", "limit"),
        ("/log?limit=" + "9" * 5_000, "limit"),
        ("/log?limit=%D9%A1", "limit"),
        ("/log?after=MDAx/../", "after"),
        ("/log?after=LTE", "after"),
        ("/log?after=OTk5OTk5OTk5OTk5OTk5OTk5", "after"),
        ("/log?after=%00", "after"),
        ("/subjects?after=" + "A" * 201, "after"),
        ("/subjects?after=_____w", "after"),
        ("/subjects?since=1700000000", "since"),
        ("/subjects?since=12", "since"),
        ("/subjects?site=" + "S" * 65, "site"),
        ("/events?after=%D9%A1", "after"),
        ("/events?after=1e3", "after"),
        ("/events/stream?after=" + "9" * 21, "after"),
    ],
)
async def test_a_query_that_is_none_is_refused_by_name(
    trial: Caller, query: str, parameter: str
) -> None:
    found = problem(await trial.get(f"/v1/trials/T1{query}"), 422, SHAPE)
    assert [fault["parameter"] for fault in found["errors"]] == [parameter]
    assert all(fault["mend"] for fault in found["errors"])


async def test_an_unknown_parameter_of_a_write_is_refused_too(
    trial: Caller, memory: Memory
) -> None:
    sent = len(memory.sent)
    answer = await trial.post("/forms?dry_run=1", form())
    found = problem(answer, 422, SHAPE)
    assert found["errors"] == [
        {
            "parameter": "dry_run",
            "rule": "unknown query parameter",
            "mend": "this address takes none",
        }
    ]
    assert len(memory.sent) == sent


@pytest.mark.parametrize(
    "method", ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "NONSENSE"]
)
@pytest.mark.parametrize("path", ["/forms", "/board", "/events/stream"])
async def test_a_method_that_is_none_is_refused_and_the_right_one_named(
    trial: Caller, memory: Memory, method: str, path: str
) -> None:
    sent = len(memory.sent)
    headers = {"Authorization": "Bearer token-centre"}
    answer = await trial.http.request(method, f"/v1/trials/T1{path}", headers=headers)
    assert answer.status_code == 405
    assert answer.headers["allow"] == ("POST" if path == "/forms" else "GET")
    assert len(memory.sent) == sent


def numbers(schema: Any) -> list[dict[str, Any]]:
    """Every place of a JSON schema where a number may stand, and every place with no limits."""
    if isinstance(schema, list):
        return [found for item in schema for found in numbers(item)]
    if not isinstance(schema, dict):
        return []
    here = [schema] if schema.get("type") in ("integer", "number") else []
    return here + [found for item in schema.values() for found in numbers(item)]


def test_no_number_of_a_form_can_be_too_large_for_the_record() -> None:
    """So a form that parses is exact, and the walk that shows it need not run for each."""
    schema = ScreeningForm.model_json_schema()
    found = numbers(schema)
    assert len(found) > 10
    for number in found:
        assert number["type"] == "integer"
        assert number["minimum"] >= -WHOLE_MAX
        assert number["maximum"] <= WHOLE_MAX
    closed = [one for one in [schema, *schema["$defs"].values()] if one.get("type") == "object"]
    assert all(one["additionalProperties"] is False for one in closed)
