"""What is asked next in a trial that is led, by its board, until it is over."""

import random
from datetime import date
from typing import Any

import pytest

from tests.faults.conduct import Plan, is_over

Json = dict[str, Any]
TODAY = date(2027, 3, 10)


def board(**more: Any) -> Json:
    """Three levels, the first open with three places."""
    levels: list[Json] = [
        {"level_id": name, "dlts": 0, "subjects": []} for name in ("L1", "L2", "L3")
    ]
    phase2 = {"places": 0, "dosed": 0, "counted_from_phase1": 0, "number": 6, "reservations": []}
    return {
        "suspended": False,
        "review": None,
        "mtd": None,
        "rp2d": None,
        "no_tolerable_dose": False,
        "phase1": {"state": "open", "places": 3, "levels": levels},
        "phase2": phase2,
    } | more


def with_slot(level: int, state: str, ends_on: str | None = None, at: str = "L1") -> Json:
    made = board()
    made["phase1"]["levels"][level]["subjects"].append(
        {
            "subject_id": f"S1-{state}",
            "site_id": "S1",
            "slot": {
                "state": state,
                "level_id": at,
                "dosed_on": "2027-02-17",
                "window_ends_on": ends_on,
            },
        }
    )
    return made


def asked(shown: Json, *, toxic: int = 1, seed: int = 1) -> list[tuple[str, str]]:
    plan = Plan(random.Random(seed), toxic)
    return [(ask.command, ask.actor) for ask in plan.asks(shown, TODAY)]


def test_a_form_is_sent_for_each_free_place_and_now_and_then_one_too_many() -> None:
    assert {command for command, _ in asked(board())} == {"SubmitForm"}
    assert {len(asked(board(), seed=seed)) for seed in range(20)} == {3, 4}


def test_a_reserved_subject_is_dosed_by_its_site_before_more_forms_come() -> None:
    assert asked(with_slot(0, "reserved")) == [("ReportFirstDose", "S1")]


def test_time_passes_until_the_last_window_has_ended_and_then_outcomes_are_told() -> None:
    plan = Plan(random.Random(1), 1)
    (waits,) = plan.asks(with_slot(0, "dosed", "2027-03-12"), TODAY)
    assert (waits.command, waits.on) == ("TimePassed", date(2027, 3, 13))
    (ended,) = plan.asks(with_slot(0, "dosed", "2027-03-09"), TODAY)
    assert ended.command in ("ReportWindowOutcome", "ReportDlt")


def test_most_subjects_at_a_toxic_level_have_a_dlt_and_at_others_one_at_most() -> None:
    def dlts(level: int, name: str, before: int) -> int:
        shown = with_slot(level, "dosed", "2027-03-09", name)
        shown["phase1"]["levels"][level]["dlts"] = before
        return sum(asked(shown, seed=seed)[0][0] == "ReportDlt" for seed in range(200))

    assert dlts(1, "L2", before=1) > 120
    assert 20 < dlts(0, "L1", before=0) < 80
    assert dlts(0, "L1", before=1) == 0


@pytest.mark.parametrize(
    ("required", "signatures", "who"),
    [
        (1, [], ["reviewer"]),
        (2, [], ["reviewer", "reviewer-2"]),
        (2, [{"by": "reviewer"}], ["reviewer-2"]),
    ],
)
def test_a_review_is_signed_as_recommended_by_as_many_as_it_needs(
    required: int, signatures: list[Json], who: list[str]
) -> None:
    review = {
        "recommendation": "escalate",
        "recommended_level_id": "L2",
        "data_hash": "d",
        "signatures": signatures,
        "signatures_required": required,
    }
    plan = Plan(random.Random(1), 1)
    asks = plan.asks(board(review=review), TODAY)
    assert [ask.actor for ask in asks] == who
    assert {(ask.command, ask.body["decision"], ask.body["data_hash"]) for ask in asks} == {
        ("SignReview", "escalate", "d")
    }


def test_the_mtd_becomes_the_rp2d_and_what_is_suspended_is_resumed_first() -> None:
    assert asked(board(mtd="L1")) == [("SignRp2d", "reviewer")]
    assert asked(board(mtd="L1", suspended=True)) == [("ResumeAssignment", "centre")]


def test_a_trial_is_over_with_its_number_dosed_or_without_a_tolerable_dose() -> None:
    full = board(rp2d="L1", mtd="L1")
    assert not is_over(full)
    full["phase2"] |= {"dosed": 4, "counted_from_phase1": 2}
    assert is_over(full)
    assert is_over(board(no_tolerable_dose=True))
