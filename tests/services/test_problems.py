"""Errors: each is problem details with a pointer, a rule and a mend, and echoes nothing."""

from typing import Any

import pytest
from fastapi import FastAPI

from services.api.problems import PROBLEMS
from services.settings import ApiSettings
from tests.protocols.build import protocol_text
from tests.services.conftest import Caller, form
from tests.services.memory import Memory
from tests.services.told import SECRET, problem


async def test_a_wrong_value_is_pointed_at_and_not_repeated(trial: Caller) -> None:
    demographics = {"birth_date": SECRET, "sex": "female", "childbearing_potential": SECRET}
    found = problem(
        await trial.post("/forms", form(demographics=demographics)), 422, "request.invalid"
    )
    assert [fault["pointer"] for fault in found["errors"]] == [
        "/demographics/birth_date",
        "/demographics/childbearing_potential",
    ]
    assert all(fault["rule"] and fault["mend"] for fault in found["errors"])


async def test_an_unknown_key_of_a_form_gets_the_nearest_name(trial: Caller) -> None:
    found = problem(await trial.post("/forms", form(demografics={})), 422, "request.invalid")
    assert found["errors"] == [
        {
            "pointer": "/demografics",
            "rule": "unknown field",
            "mend": "write `demographics`, or remove it",
        }
    ]


async def test_a_boolean_is_no_number_and_a_fraction_is_no_measure(trial: Caller) -> None:
    changed = form(
        performance=[{"ecog": False, "assessed_on": "2027-02-21"}], life_expectancy_months=18.5
    )
    found = problem(await trial.post("/forms", changed), 422, "request.invalid")
    assert [fault["pointer"] for fault in found["errors"]] == [
        "/performance/0/ecog",
        "/life_expectancy_months",
    ]


@pytest.mark.parametrize("path", ["/forms", "/suspension", "/verdicts"])
@pytest.mark.parametrize("raw", [b"{", b"nonsense", b'{"a": NaN}', b"\xff\xfe"])
async def test_what_is_not_json_is_said_to_be_so(trial: Caller, path: str, raw: bytes) -> None:
    answer = await trial.post(path, raw, "token-centre")
    assert problem(answer, 400, "json.malformed")["status"] == 400


async def test_no_body_is_no_form_and_a_command_that_says_nothing(trial: Caller) -> None:
    for path in ("/forms", "/verdicts"):
        problem(await trial.post(path, b"", "token-centre"), 400, "json.malformed")
    answer = await trial.post("/suspension", b"", "token-centre")
    found = problem(answer, 422, "request.invalid")
    assert [fault["pointer"] for fault in found["errors"]] == ["/reason"]


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/forms", form(planned_first_dose_on="9999-12-31"), "/planned_first_dose_on"),
        ("/forms", form(completed_on="0001-01-01"), "/completed_on"),
        ("/verdicts", form(completed_on="9999-12-31"), "/completed_on"),
        ("/subjects/A/authorisation", {"planned_on": "9999-12-31"}, "/planned_on"),
        ("/subjects/A/first-dose", {"dosed_on": "0001-01-01"}, "/dosed_on"),
        (
            "/subjects/A/extension",
            {"expires_at": "9999-12-31T23:59:59-12:00", "reason": "A slip."},
            "/expires_at",
        ),
    ],
)
async def test_a_year_that_no_trial_can_mean_never_reaches_the_decider(
    trial: Caller, memory: Memory, path: str, body: dict[str, Any], pointer: str
) -> None:
    sent = len(memory.sent)
    found = problem(await trial.post(path, body, "token-centre"), 422, "request.invalid")
    assert [fault["pointer"] for fault in found["errors"]] == [pointer]
    assert len(memory.sent) == sent


@pytest.mark.parametrize(
    "at",
    ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2027-02-22", "soon", "2027-02-22T10:00"],
)
async def test_a_simulated_time_that_is_none_is_refused(trial: Caller, at: str) -> None:
    answer = await trial.post("/clock", {}, "token-centre", headers={"Holdfast-At": at})
    found = problem(answer, 422, "request.invalid")
    assert found["errors"][0]["parameter"] == "Holdfast-At"


async def test_each_missing_field_of_a_command_is_named(trial: Caller) -> None:
    found = problem(
        await trial.post("/sites", {"site_id": "S3"}, "token-centre"), 422, "request.invalid"
    )
    assert [fault["pointer"] for fault in found["errors"]] == ["/protocol_version", "/approved_on"]


async def test_a_write_without_a_key_or_with_an_unusable_one_is_refused(
    trial: Caller, memory: Memory
) -> None:
    sent = len(memory.sent)
    headers = {"Authorization": "Bearer token-s1", "Content-Type": "application/json"}
    bare = await trial.http.post("/v1/trials/T1/forms", content=b"{}", headers=headers)
    problem(bare, 400, "idempotency_key.missing")
    for key in ("two words", "a/b", "x" * 129):
        answer = await trial.post("/forms", form(), key=key)
        problem(answer, 400, "idempotency_key.malformed")
    assert len(memory.sent) == sent


async def test_a_body_that_is_not_declared_json_is_refused(trial: Caller) -> None:
    answer = await trial.post("/forms", form(), headers={"Content-Type": "text/plain"})
    assert problem(answer, 415, "body.media_type")["status"] == 415


async def test_a_body_that_is_too_large_is_refused_declared_or_not(
    trial: Caller, settings: ApiSettings, memory: Memory
) -> None:
    sent = len(memory.sent)
    raw = b'{"reason": "' + b"x" * settings.max_body_bytes + b'"}'
    problem(await trial.post("/suspension", raw, "token-centre"), 413, "body.too_large")

    async def chunks() -> Any:
        for _ in range(30):
            yield b"x" * 50_000

    headers = {
        "Authorization": "Bearer token-centre",
        "Content-Type": "application/json",
        "Idempotency-Key": "k",
    }
    answer = await trial.http.post("/v1/trials/T1/suspension", content=chunks(), headers=headers)
    problem(answer, 413, "body.too_large")
    assert len(memory.sent) == sent


async def test_unknown_addresses_and_methods_are_problems_too(trial: Caller) -> None:
    problem(await trial.get("/v1/nothing/here"), 404, "route.unknown")
    answer = await trial.http.delete("/v1/trials/T1/board")
    problem(answer, 405, "method.not_allowed")
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/v1/trials/T1/subjects?limit=501", "limit"),
        ("/v1/trials/T1/subjects?limit=x", "limit"),
        ("/v1/trials/T1/subjects?state=asleep", "state"),
        ("/v1/trials/T1/subjects?since=yesterday", "since"),
        ("/v1/trials/T1/subjects?after=%21", "after"),
        ("/v1/trials/T1/log?since=2027-02-22T10:00:00", "since"),
        ("/v1/trials/T1/log?after=QUJD", "after"),
        ("/v1/trials/T1/events?after=-1", "after"),
        ("/v1/trials/a%20b/board", "trial_id"),
    ],
)
async def test_a_wrong_parameter_is_named(trial: Caller, path: str, parameter: str) -> None:
    found = problem(await trial.get(path), 422, "request.invalid")
    assert [fault["parameter"] for fault in found["errors"]] == [parameter]


async def test_a_trial_that_nobody_knows_is_a_404(api: Caller) -> None:
    found = problem(await api.get("/v1/trials/T9/board"), 404, "trial.unknown")
    assert found["status"] == 404


async def test_nothing_is_said_of_a_trial_while_redis_is_built_anew(
    api: Caller, memory: Memory
) -> None:
    memory.redis_wiped = True
    protocol = {"text": protocol_text(), "clock": "real", "meaning": "I adopt it."}
    for answer in (
        await api.get("/v1/trials/T9/board"),
        await api.get("/v1/trials"),
        await api.post("/suspension", {"reason": "x"}, "token-centre"),
        await api.post("/protocol", protocol, "token-centre"),
    ):
        found = problem(answer, 503, "trial.not_shown")
        assert found["detail"] == "Not shown just now: Redis is being built anew from trial.log."
        assert answer.headers["retry-after"] == "2"
    assert memory.sent == []
    memory.redis_wiped = False
    problem(await api.get("/v1/trials/T9/board"), 404, "trial.unknown")


async def test_reads_say_when_the_read_side_is_away(trial: Caller, memory: Memory) -> None:
    memory.redis_away = True
    answer = await trial.get("/v1/trials/T1/log")
    problem(answer, 503, "server.unavailable")
    assert answer.headers["retry-after"] == "2"


async def test_our_own_fault_is_a_500_whose_log_line_names_it_without_the_input(
    trial: Caller, app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise ValueError(SECRET)

    app.state.intake.submit = broken
    answer = await trial.post("/forms", form())
    found = problem(answer, 500, "server.error")
    assert found["instance"] in caplog.text
    assert "ValueError" in caplog.text
    assert SECRET not in caplog.text


async def test_every_kind_of_problem_has_its_address(api: Caller) -> None:
    for kind in PROBLEMS:
        answer = await api.http.get(kind.type)
        assert answer.json()["mend"] == kind.mend
    assert (await api.http.get("/v1/problems/none.such")).status_code == 404


def test_no_two_kinds_share_a_name() -> None:
    assert len({kind.name for kind in PROBLEMS}) == len(PROBLEMS)
