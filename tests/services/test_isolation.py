"""A site sees and touches its own subjects only, and learns nothing of another site's."""

from typing import Any

import pytest

from services.api.writes import WRITES
from tests.services.conftest import PEOPLE, Caller, form
from tests.services.memory import Memory

ROUTES = [
    ("/v1/trials/T1/board", {"site", "coordinator", "reviewer", "auditor"}),
    ("/v1/trials/T1/subjects", {"site", "coordinator", "reviewer", "auditor"}),
    ("/v1/trials/T1/waitlist", {"site", "coordinator", "reviewer", "auditor"}),
    ("/v1/trials/T1/log", {"site", "coordinator", "reviewer", "auditor"}),
    ("/v1/trials/T1/events", {"site", "coordinator", "reviewer", "auditor", "service"}),
    ("/v1/trials", {"site", "coordinator", "reviewer", "auditor", "service"}),
]
READERS = ("token-s1", "token-centre", "token-reviewer", "token-auditor", "token-service")


@pytest.fixture
async def two_sites(trial: Caller) -> Caller:
    """A is at S1, B at S2, both reserved; C at S1 and D at S2 wait behind a third, E at S1."""
    for subject, site in (("A", "S1"), ("B", "S2"), ("E", "S1"), ("C", "S1"), ("D", "S2")):
        answer = await trial.post("/forms", form(subject, site), f"token-{site.lower()}")
        assert answer.status_code == 200
    return trial


@pytest.mark.parametrize("token", READERS)
@pytest.mark.parametrize(("path", "roles"), ROUTES, ids=[path for path, _ in ROUTES])
async def test_each_read_is_for_its_roles(
    two_sites: Caller, path: str, roles: set[str], token: str
) -> None:
    answer = await two_sites.get(path, token)
    assert answer.status_code == (200 if PEOPLE[token]["role"] in roles else 403)


@pytest.mark.parametrize("token", READERS)
@pytest.mark.parametrize("write", WRITES, ids=[write.name for write in WRITES])
async def test_each_write_is_for_its_roles(
    api: Caller, memory: Memory, write: Any, token: str
) -> None:
    """Who may gets to the next check, that the trial is unknown; who may not gets a 403."""
    path = write.path.replace("{subject_id}", "S1-001")
    answer = await api.post(path, write.example, token)
    if PEOPLE[token]["role"] in write.roles:
        assert answer.status_code in (200, 404)
    else:
        assert answer.status_code == 403
        assert answer.json()["type"] == "/v1/problems/actor.role"
        assert memory.sent == []


async def test_without_a_known_token_nobody_gets_anything(trial: Caller) -> None:
    for token in ("", "wrong"):
        answer = await trial.get("/v1/trials/T1/board", token)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    bare = await trial.http.get("/v1/trials/T1/board")
    assert bare.status_code == 401


async def test_another_sites_subject_is_as_unknown_as_one_that_does_not_exist(
    two_sites: Caller,
) -> None:
    theirs = await two_sites.get("/v1/trials/T1/subjects/B", "token-s1")
    nobody = await two_sites.get("/v1/trials/T1/subjects/X", "token-s1")
    assert theirs.status_code == nobody.status_code == 404
    assert {**theirs.json(), "instance": ""} == {**nobody.json(), "instance": ""}
    assert (await two_sites.get("/v1/trials/T1/subjects/B", "token-s2")).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("first-dose", {"dosed_on": "2027-02-22"}),
        ("dlts", {"onset_on": "2027-02-22"}),
        ("death", {"died_on": "2027-02-22"}),
        ("withdrawal", {"withdrawn_on": "2027-02-22"}),
        ("release", {"reason": "None."}),
        ("authorisation", {"planned_on": "2027-02-22"}),
        ("window-outcome", {"outcome": "cleared"}),
        ("toxicities", {"onset_on": "2027-02-22", "term": "Rash", "grade": 1}),
    ],
)
async def test_what_a_site_says_of_anothers_subject_is_answered_as_if_unknown(
    two_sites: Caller, memory: Memory, path: str, body: dict[str, Any]
) -> None:
    before = memory.trials["T1"].trial.subjects["B"]
    theirs = await two_sites.post(f"/subjects/B/{path}", body, "token-s1")
    nobody = await two_sites.post(f"/subjects/X/{path}", body, "token-s1")
    shown = [
        {key: value for key, value in answer.json().items() if key in ("outcome", "rule")}
        | {"sentence": answer.json()["sentence"].replace(" B", " X")}
        for answer in (theirs, nobody)
    ]
    assert shown[0] == shown[1]
    assert shown[0]["outcome"] == "rejected"
    assert memory.trials["T1"].trial.subjects["B"] == before


async def test_a_form_with_another_sites_subject_id_reveals_no_site_and_no_state(
    two_sites: Caller,
) -> None:
    answer = await two_sites.post("/forms", form("B", "S1"), "token-s1")
    told = answer.json()
    assert (told["outcome"], told["rule"]) == ("rejected", "subject_not_available")
    assert "S2" not in answer.text
    assert "reserved" not in answer.text


async def test_nobody_submits_for_a_site_that_is_not_theirs(
    two_sites: Caller, memory: Memory
) -> None:
    sent = len(memory.sent)
    answer = await two_sites.post("/forms", form("F", "S2"), "token-s1")
    assert answer.status_code == 403
    assert answer.json()["type"] == "/v1/problems/actor.site"
    assert len(memory.sent) == sent


async def test_staff_of_two_sites_say_for_which_they_act(two_sites: Caller, memory: Memory) -> None:
    body = {"dosed_on": "2027-02-22"}
    unsaid = await two_sites.post("/subjects/B/first-dose", body, "token-s12")
    assert unsaid.status_code == 422
    assert unsaid.json()["errors"][0]["parameter"] == "Holdfast-Site"
    for_s2 = {"Holdfast-Site": "S2"}
    said = await two_sites.post("/subjects/B/first-dose", body, "token-s12", headers=for_s2)
    assert said.json()["outcome"] == "recorded"
    assert memory.sent[-1].actor.sites == ("S2",)
    wrong = await two_sites.post("/subjects/B/first-dose", body, "token-s1", headers=for_s2)
    assert wrong.status_code == 403


async def test_lists_board_log_and_events_show_a_site_its_own_subjects_only(
    two_sites: Caller,
) -> None:
    for path in ("board", "subjects", "waitlist", "log", "events"):
        own = (await two_sites.get(f"/v1/trials/T1/{path}", "token-s1", limit=500)).text
        everything = (await two_sites.get(f"/v1/trials/T1/{path}", limit=500)).text
        assert '"subject_id":"D"' not in own, path
        assert '"subject_id":"B"' not in own, path
        assert '"S2"' not in own or path == "events", path
        assert '"subject_id":"C"' in own or path == "board", path
        assert '"subject_id":"D"' in everything or path == "board", path


async def test_a_promotion_caused_by_another_site_is_shown_without_its_cause(
    two_sites: Caller,
) -> None:
    """S2 gives B's place back; C of S1 is promoted by the same decision."""
    await two_sites.post("/subjects/B/release", {"reason": "Moved away."}, "token-s2")
    log = await two_sites.get("/v1/trials/T1/log", "token-s1", limit=500)
    last = log.json()["items"][-1]["record"]
    kinds = [event["type"] for event in last["events"]]
    assert "SlotReserved" in kinds
    assert "SlotReleased" not in kinds
    assert set(last) == {"trial", "sequence", "at", "protocol", "events"}


async def test_a_site_reads_no_submission_of_another_site_or_of_the_centre(
    trial: Caller,
) -> None:
    theirs = await trial.post("/forms", form("B", "S2"), "token-s2", key="k1")
    centres = await trial.post("/suspension", {"reason": "A pause."}, "token-centre", key="k2")
    for answer in (theirs, centres):
        address = f"/v1/submissions/{answer.json()['submission_id']}"
        assert (await trial.get(address, "token-s1")).status_code == 404
        assert (await trial.get(address, "token-auditor")).status_code == 200
        assert (await trial.get(address, "token-service")).status_code == 403
    own = f"/v1/submissions/{theirs.json()['submission_id']}"
    assert (await trial.get(own, "token-s2")).json()["outcome"] == "slot_reserved"
