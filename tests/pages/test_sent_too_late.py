"""A session that ends while somebody types: nothing is done, and nothing that was typed is lost."""

import re

import pytest

from tests.pages.conftest import Browser, Clock
from tests.pages.filling import begin
from tests.pages.world import ROOT

TYPED = {"subject_id": "S1-095", "completed_on": '24.3.2027 "morning"'}


def kept_in(page: str) -> dict[str, str]:
    """What the page would send on."""
    return dict(re.findall(r'<input type="hidden" name="(.*?)" value="(.*?)"', page))


@pytest.mark.parametrize("path", ["forms/{draft}/start", "subjects/S1-001/do/withdrawal"])
async def test_what_was_typed_comes_back_and_goes_on_after_signing_in(
    nurse: Browser, clock: Clock, path: str
) -> None:
    draft = (await begin(nurse)).rsplit("/", 1)[1]
    address = f"{ROOT}/{path.format(draft=draft)}"
    old = await nurse.csrf()
    clock.pass_on(minutes=31)
    given_back = await nurse.post(address, {"csrf": old, "password": "secret!", **TYPED})
    assert given_back.status_code == 401
    assert "Nothing was sent or saved yet" in given_back.text
    assert "secret!" not in given_back.text
    assert old not in given_back.text
    fields = kept_in(given_back.text)
    assert fields == {"subject_id": "S1-095", "completed_on": "24.3.2027 &#34;morning&#34;"}

    await nurse.sign_in("nurse")
    again = await nurse.post(address, TYPED)
    assert again.status_code == 403
    assert "Go on with what was typed, as Nurse (Printed)" in again.text
    fresh = kept_in(again.text)
    assert fresh["csrf"] == await nurse.csrf()
    assert fresh["subject_id"] == "S1-095"
    assert "S1-095" not in (await nurse.get(f"{ROOT}/forms")).text


async def test_a_page_of_the_form_is_saved_once_its_typist_has_signed_in_again(
    nurse: Browser, clock: Clock
) -> None:
    draft = await begin(nurse)
    clock.pass_on(minutes=31)
    sent = {**TYPED, "go": "later"}
    assert (await nurse.post(f"{draft}/start", sent)).status_code == 401
    await nurse.sign_in("nurse")
    again = await nurse.post(f"{draft}/start", sent)
    saved = await nurse.post(f"{draft}/start", sent | {"csrf": kept_in(again.text)["csrf"]})
    assert saved.status_code == 303
    assert "S1-095" in (await nurse.get(f"{ROOT}/forms")).text


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": ""}])
async def test_a_form_from_elsewhere_is_put_before_nobody(
    nurse: Browser, clock: Clock, headers: dict[str, str]
) -> None:
    draft = await begin(nurse)
    for signed_in in (True, False):
        if not signed_in:
            clock.pass_on(minutes=31)
        answer = await nurse.http.post(f"{draft}/start", data=TYPED, headers=headers)
        assert "S1-095" not in answer.text
        assert answer.status_code == (403 if signed_in else 303)


@pytest.mark.parametrize("files", [1, 3])
async def test_a_file_is_to_be_chosen_anew_and_no_body_is_an_error(
    nurse: Browser, clock: Clock, files: int
) -> None:
    clock.pass_on(minutes=31)
    sent = [("file", (f"{n}.toml", b"x", "text/plain")) for n in range(files)]
    headers = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    path = f"{ROOT}/protocol/adopt"
    answer = await nurse.http.post(path, data=TYPED, files=sent, headers=headers)
    assert answer.status_code == (401 if files == 1 else 303)
    assert ("S1-095" in answer.text) == (files == 1)


async def test_pieces_of_a_page_say_that_the_session_is_over(nurse: Browser, clock: Clock) -> None:
    """Instead of leaving the page with all that was typed on it, or of looking alive."""
    draft = await begin(nurse)
    clock.pass_on(minutes=31)
    asked = {"HX-Request": "true", "Sec-Fetch-Site": "same-origin"}
    answer = await nurse.http.post(f"{draft}/preview", data=TYPED, headers=asked)
    assert (answer.status_code, "HX-Redirect" in answer.headers) == (401, False)
    assert "Your session is over" in answer.text
    stream = {"Accept": "text/html, text/event-stream"}
    for headers in (stream, stream | asked):
        live = await nurse.http.get(f"{ROOT}/board/live", headers=headers)
        assert live.status_code == 401
