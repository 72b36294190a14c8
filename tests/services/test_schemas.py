"""What the code generates is under version control, and what is published fits it."""

import json
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest

from enrollment import events as e
from enrollment.commands import COMMAND
from enrollment.public_events import NAMES, PublicType, public
from services.api.examples import EXAMPLES, FORM
from services.catalogue import catalogue
from services.cli.schemas import stale
from services.schemas import event_schema, written_files
from tests.services.conftest import MEANING, Caller, form

ROOT = Path(__file__).parents[2]
FILES = written_files()


@pytest.mark.parametrize("path", sorted(FILES))
def test_a_generated_file_is_as_the_code_has_it(path: str) -> None:
    """Mend: `holdfast schemas write`."""
    assert (ROOT / path).read_text("utf-8") == FILES[path]


def test_no_generated_file_is_left_over() -> None:
    assert stale(ROOT, FILES) == []


@pytest.mark.parametrize("path", sorted(path for path in FILES if path.endswith(".json")))
def test_a_schema_is_a_schema(path: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(FILES[path]))


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_of_a_command_fits_its_schema(name: str) -> None:
    body = EXAMPLES[name]
    if name in ("SubmitForm", "AmendForm"):
        command = {"subject_id": FORM["subject_id"], "site_id": FORM["site_id"], "form": body}
    else:
        command = dict(body)
    schema = json.loads(FILES[f"schemas/commands/{name}.json"])
    if "subject_id" in schema["properties"]:
        command["subject_id"] = FORM["subject_id"]
    jsonschema.validate({"type": name, **command}, schema)
    COMMAND.validate_json(json.dumps({"type": name, **command}))


def fits(cloud_event: dict[str, Any]) -> str:
    """The name of the event after it was held against its own schema."""
    name: str = cloud_event["type"].removeprefix("org.holdfast.").removesuffix(".v1")
    assert name in get_args(PublicType)
    jsonschema.Draft202012Validator(
        json.loads(FILES[f"schemas/events/{name}.json"]),
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    ).validate(cloud_event)
    return name


async def test_every_event_of_a_trials_life_fits_its_schema(trial: Caller) -> None:
    seen: set[str] = set()
    for subject, site in (("A", "S1"), ("B", "S1"), ("C", "S2"), ("D", "S2"), ("E", "S1")):
        await trial.post("/forms", form(subject, site), f"token-{site.lower()}")
    pregnant = form("F", pregnancy={"pregnant": "yes", "breast_feeding": "no", "tests": []})
    for path, body, by in [
        ("/forms", pregnant, "token-s1"),
        ("/subjects/E/release", {"reason": "Moved away."}, "token-s1"),
        ("/subjects/A/authorisation", {"planned_on": "2027-02-23"}, "token-s1"),
        ("/subjects/A/first-dose", {"dosed_on": "2027-02-22"}, "token-s1"),
        ("/subjects/B/release", {"reason": "Another treatment."}, "token-s1"),
        ("/subjects/C/first-dose", {"dosed_on": "2027-02-22"}, "token-s2"),
        ("/suspension", {"reason": "A pause."}, "token-centre"),
        ("/resumption", {"reason": "Over.", **MEANING}, "token-centre"),
        ("/subjects/A/dlts", {"onset_on": "2027-02-22"}, "token-s1"),
        ("/subjects/C/dlts", {"onset_on": "2027-02-22"}, "token-s2"),
        ("/subjects/C/withdrawal", {"withdrawn_on": "2027-02-22"}, "token-s2"),
    ]:
        answer = await trial.post(path, body, by)
        assert answer.json()["outcome"] not in ("rejected",), answer.text
    events = (await trial.get("/v1/trials/T1/events", "token-service", limit=500)).json()["items"]
    seen = {fits(event) for event in events}
    assert seen >= {
        "protocol.adopted",
        "site.activated",
        "trial.opened",
        "level.opened",
        "level.stopped",
        "review.due",
        "assignment.suspended",
        "assignment.resumed",
        "subject.not_eligible",
        "subject.waitlisted",
        "subject.left_waitlist",
        "slot.reserved",
        "slot.authorised",
        "slot.dosed",
        "slot.released",
        "slot.dlt",
        "slot.recalled",
    }


@pytest.mark.parametrize("name", get_args(PublicType))
def test_no_schema_of_a_public_event_has_room_for_a_clinical_value(name: PublicType) -> None:
    allowed = {
        "trial_id",
        "subject_id",
        "site_id",
        "phase",
        "level_id",
        "slot_id",
        "state",
        "rule",
        "earliest_on",
        "position",
        "expires_at",
        "dose_not_before_on",
        "version",
        "corrects",
    }
    data = event_schema(name)["properties"]["data"]
    assert set(data["properties"]) <= allowed
    assert data["additionalProperties"] is False


def test_a_recorded_dlt_tells_the_public_neither_term_nor_grade() -> None:
    event = e.DltRecorded.model_validate_json(
        '{"subject_id":"A","site_id":"S1","slot_id":"T1-1","phase":1,"level_id":"L1",'
        '"onset_on":"2027-02-22",'
        '"term":"Febrile neutropenia","grade":4}'
    )
    told = public(event, "T1")
    assert told is not None
    assert told.model_dump(exclude_none=True) == {
        "type": "slot.dlt",
        "trial_id": "T1",
        "subject_id": "A",
        "site_id": "S1",
        "phase": 1,
        "level_id": "L1",
        "slot_id": "T1-1",
        "state": "dlt",
    }


def test_the_catalogue_lists_every_event_of_the_log_and_every_public_one() -> None:
    found = catalogue()
    assert [entry["type"] for entry in found["events"]] == [
        event.__name__ for event in get_args(e.AnyEvent)
    ]
    assert len(found["public_events"]) == len(get_args(PublicType)) == len(NAMES) + 1


async def test_the_catalogue_is_served_without_sign_in(api: Caller) -> None:
    served = (await api.http.get("/v1/catalogue")).json()
    assert served == json.loads(json.dumps(catalogue()))
