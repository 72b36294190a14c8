"""Results that the protocol asks for stand on the form from the start, as rows to write into."""

import re
from typing import Any

from eligibility.asked import asked_for
from eligibility.parse import parse_form
from protocols.parse import parse_protocol
from services.pages.screening.asked import with_asked
from services.pages.screening.filled import form_json, taken_in
from services.pages.screening.problems import problems_of
from services.pages.screening.steps import BY_SLUG, STEPS
from tests.pages.conftest import Browser
from tests.pages.filling import begin, dated, fill_in, posted, rows_of
from tests.pages.world import ROOT, STORY

SHIPPED = parse_protocol(STORY.protocol_text)

TESTS = ("Neutrophils", "Platelets", "Haemoglobin", "Bilirubin, total", "AST", "ALT", "Creatinine")
CLOTTING = ("INR", "PT", "PTT")
START = {
    "subject_id": "S1-070",
    "completed_on": "2027-04-07",
    "planned_first_dose_on": "2027-04-10",
}


def test_what_is_asked_for_is_told_by_the_criteria_themselves() -> None:
    asked = asked_for(SHIPPED.criteria)
    labs = {name: [one.id for one in ones] for name, ones in asked.items() if "labs." in name}
    assert labs == {
        "labs.neutrophils": ["I8"],
        "labs.platelets": ["I8"],
        "labs.haemoglobin": ["I8"],
        "labs.bilirubin": ["I9"],
        "labs.ast": ["I9"],
        "labs.alt": ["I9"],
        "labs.creatinine": ["I10"],
        "labs.inr": ["I12"],
        "labs.pt": ["I12"],
        "labs.ptt": ["I12"],
    }
    assert [one.id for one in asked["prior_regimens"]] == ["I5a", "I5c", "I5d", "E1", "E2", "E3"]
    without = tuple(one for one in SHIPPED.criteria if one.id != "I12")
    assert "labs.inr" not in asked_for(without)
    rows = with_asked({}, without)["labs"]["items"]
    assert [row["analyte"] for row in rows][-1] == "creatinine"


async def test_the_tests_stand_there_with_the_criteria_that_ask_for_them(nurse: Browser) -> None:
    draft = await begin(nurse)
    shown = (await nurse.get(f"{draft}/labs")).text
    assert tuple(rows_of(shown)) == (*TESTS, *CLOTTING)
    assert "<strong>I12</strong> INR less than 1.5, or PT and PTT within normal limits" in shown
    for slug, label in (("condition", "ECOG"), ("heart", "LVEF"), ("heart", "Systolic")):
        assert f"{label}</" in (await nurse.get(f"{draft}/{slug}")).text


def as_posted(page: str) -> dict[str, str]:
    """All that a browser without JavaScript sends of a page on which nobody typed."""
    fields = re.findall(r'<input type="(?:hidden|text)"[^>]*? name="(.*?)" value="(.*?)"', page)
    return dict(fields) | dict(re.findall(r'name="(csrf)" value="(.*?)"', page))


async def test_rows_left_empty_are_no_part_of_the_form_and_no_error(nurse: Browser) -> None:
    draft = await begin(nurse)
    await nurse.post(f"{draft}/start", {"csrf": await nurse.csrf(), **START})
    shown = (await nurse.get(f"{draft}/labs")).text
    assert as_posted(shown)["labs.9.filled.unit"] == "s"
    sent = await nurse.post(f"{draft}/labs", as_posted(shown) | {"go": "next"})
    assert sent.status_code == 303
    for slug in ("condition", "heart"):
        page = (await nurse.get(f"{draft}/{slug}")).text
        assert (await nurse.post(f"{draft}/{slug}", as_posted(page))).status_code == 303
    check = (await nurse.get(f"{draft}/check")).text
    assert "There is a problem" not in check
    assert '<dt>Results</dt><dd><span class="soft">none given' in check


async def test_only_rows_with_a_result_are_sent_and_what_is_wrong_leads_to_its_row(
    nurse: Browser,
) -> None:
    draft = await begin(nurse)
    await nurse.post(f"{draft}/start", {"csrf": await nurse.csrf(), **START})
    sent = as_posted((await nurse.get(f"{draft}/labs")).text)
    sent |= {"labs.6.value": "0.9", "labs.8.value": "12x", "labs.all": "2027-04-05"}
    answer = await nurse.post(f"{draft}/labs", sent)
    assert answer.status_code == 422
    assert '<a href="#labs.6.unit">Creatinine, Unit: fill it in.' in answer.text
    assert '<a href="#labs.8.value">PT, Value: write a number' in answer.text
    rows = rows_of(answer.text)
    assert (rows["Creatinine"]["value"], rows["Creatinine"]["taken_on"]) == ("0.9", "2027-04-05")
    assert rows["ALT"]["taken_on"] == ""


def test_a_day_written_once_counts_for_each_result_without_its_own() -> None:
    typed = {"labs.all": "2027-04-05"}
    for index, own in enumerate(("", "2027-04-01")):
        typed |= {f"labs.{index}.here": "1", f"labs.{index}.value": "1"}
        typed |= {f"labs.{index}.taken_on": own}
    items = taken_in({}, BY_SLUG["labs"], typed)["labs"]["items"]
    assert [item["taken_on"] for item in items] == ["2027-04-05", "2027-04-01"]


def test_rows_between_those_with_results_change_no_number_of_an_error() -> None:
    draft: dict[str, Any] = with_asked({**START}, SHIPPED.criteria)
    draft["labs"]["items"][5] |= {"value": "x"}
    form = form_json(draft, STEPS, "S1")
    assert form["labs"] == [{"analyte": "alt", "value": "x"}]
    wrong = problems_of(draft, STEPS, "S1")
    assert {error.field for error in wrong} == {
        "labs.5.value",
        "labs.5.unit",
        "labs.5.taken_on",
    }
    assert all(error.sentence.startswith("ALT, ") for error in wrong)


async def test_a_form_of_before_goes_into_the_rows_and_more_of_a_test_stay_behind_them(
    nurse: Browser,
) -> None:
    form = dated("S1-071")
    again = {**form["labs"][0], "value": "1900"}
    form["labs"] = [again, *form["labs"]]
    draft = await begin(nurse)
    await fill_in(nurse, draft, form)
    rows = rows_of((await nurse.get(f"{draft}/labs")).text)
    assert tuple(rows)[: len(TESTS)] == TESTS
    assert rows["Neutrophils"]["value"] == "1900"
    assert len(rows) == len(TESTS + CLOTTING) + 1
    typed = with_asked({"labs": {"any": "some", "items": posted_items(form)}}, SHIPPED.criteria)
    made = form_json(typed, STEPS, "S1")["labs"]
    assert sorted(map(str, made)) == sorted(map(str, form["labs"]))
    assert parse_form(form | {"labs": made})


def posted_items(form: dict[str, Any]) -> list[dict[str, str]]:
    """The results of a form as they stand in a draft."""
    typed = posted(
        {str(i): {k: str(v) for k, v in lab.items()} for i, lab in enumerate(form["labs"])}
    )
    items: list[dict[str, str]] = [{} for _ in form["labs"]]
    for name, value in typed.items():
        index, key = name.split(".")
        items[int(index)][key] = value
    return items


async def test_the_sheet_for_paper_has_the_rows_too(nurse: Browser) -> None:
    shown = (await nurse.get(f"{ROOT}/paper")).text
    for test in (*TESTS, *CLOTTING):
        assert f'<th scope="row">{test}</th>' in shown
    assert "<strong>I12</strong> INR less than 1.5" in shown
    assert '<th scope="col">Systolic (mmHg)</th>' in shown
