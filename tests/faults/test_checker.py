"""The checker can fail: each doctored history or record is found, by the name of what is wrong."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.checker import check, milestones
from tests.faults.doctored import (
    CLOSED,
    MTD,
    PHASE2,
    REVIEW,
    RP2D,
    Json,
    Story,
    heard,
    led_to_phase2,
    opened,
    public_event,
    redis_of,
    seen,
    signed,
    slot,
    stored,
)
from tests.faults.found import Found, sha256


def names(found: Found) -> set[str]:
    return {violation.name for violation in check(found)}


def whole() -> Found:
    story = opened().reserved("S1-1", 1).reserved("S1-2", 2)
    return story.then("ReleaseReservation", "recorded", slot("SlotReleased", "S1-2", 2)).found()


def test_a_trial_where_all_is_well_has_no_violation() -> None:
    assert check(whole()) == []


def test_a_decision_left_out_of_the_record_is_found() -> None:
    found = whole()
    del found.log[2]
    assert "sequence.gap" in names(found)


def test_a_decision_left_out_of_what_the_api_exports_is_found() -> None:
    found = whole()
    del found.api_log[2]
    assert "sequence.gap" in names(found)


def test_the_last_decision_left_out_everywhere_is_missed_by_whoever_heard_of_it() -> None:
    found = whole()
    found.log.pop(), found.api_log.pop()
    assert "acknowledged.missing" in names(replace_redis(found))


def test_an_acknowledged_command_that_no_record_holds_is_found() -> None:
    found = whole()
    line = heard("command-99", "ReportDlt", 0, "recorded")[1]
    found.history += [line | {"what": "asks"}, line | {"status": 202, "body": {}}]
    assert names(found) == {"acknowledged.missing"}


def test_a_tick_with_nothing_due_is_not_missed() -> None:
    found = whole()
    line = heard("command-99", "TimePassed", 0, "recorded")[1]
    found.history.append(line | {"status": 202, "body": {}})
    assert check(found) == []


def test_an_unknown_outcome_may_be_in_the_record_or_not() -> None:
    found = whole()
    for line in found.history:
        if line["command_id"] == "command-3" and line["what"] == "yes":
            line |= {"what": "unknown", "status": 0}
    line = heard("command-99", "ReportDlt", 0, "recorded")[1]
    found.history.append(line | {"what": "unknown", "status": 503})
    assert check(found) == []


def test_an_answer_that_names_a_bug_of_the_service_is_found_and_one_that_it_is_away_is_not() -> (
    None
):
    found = whole()
    line = heard("command-99", "ReportDlt", 0, "recorded")[1]
    found.history.append(line | {"what": "unknown", "status": 503})
    assert check(found) == []
    found.history.append(line | {"what": "unknown", "status": 500})
    assert names(found) == {"server.error"}


def test_a_second_slot_of_a_subject_who_has_one_is_found() -> None:
    assert names(opened().reserved("S1-1", 1).reserved("S1-1", 2).found()) >= {"slot.second"}


def test_a_reservation_without_a_free_place_is_found_at_its_prefix_even_if_one_is_free_later() -> (
    None
):
    story = opened()
    for number in range(4):
        story.reserved(f"S1-{number}", number)
    story.then("ReleaseReservation", "recorded", slot("SlotReleased", "S1-0", 0))
    assert names(story.found()) == {"place.not_free"}


@pytest.mark.parametrize(
    "event",
    [{"type": "AssignmentSuspended"}, {"type": "ReviewDue"}, {"type": "PhaseClosed", "phase": 1}],
)
def test_a_reservation_while_nothing_may_be_given_is_found(event: dict[str, Any]) -> None:
    found = opened().then("SuspendAssignment", "recorded", event).reserved("S1-1", 1).found()
    assert "place.not_free" in names(found)


def test_a_second_reservation_before_the_first_dose_of_a_staggered_level_is_found() -> None:
    story = opened(stagger=True).reserved("S1-1", 1).reserved("S1-2", 2)
    assert names(story.found()) == {"place.not_free"}


def test_a_broken_chain_is_found() -> None:
    found = whole()
    plain = json.loads(found.log[2])
    plain["answer"]["sentence"] = "It was otherwise."
    found.log[2] = stored(plain)
    assert "sequence.gap" in names(found)
    found.api_log[2] = {"hash": sha256(found.log[2]), "record": plain}
    assert "chain.broken" in names(found)


def test_one_changed_byte_of_a_record_of_the_api_is_found() -> None:
    found = whole()
    found.api_log[2]["record"]["answer"]["outcome"] = "waitlisted"
    assert names(found) == {"chain.broken"}


def test_a_record_of_another_owner_that_came_too_late_is_no_violation() -> None:
    found = whole()
    late = json.loads(found.log[3])
    late["answer"]["sentence"] = "Decided by a stale owner."
    found.log.append(stored(late))
    assert check(found) == []


def test_a_command_decided_twice_is_found() -> None:
    found = whole()
    plain = json.loads(found.log[-1])
    plain |= {"sequence": 5, "previous": sha256(found.log[-1]), "events": [], "public_from": 6}
    found.log.append(stored(plain))
    assert "decided.twice" in names(found)


def test_a_decision_that_nobody_asked_for_is_found() -> None:
    found = whole()
    found.history = [line for line in found.history if line["command_id"] != "command-2"]
    assert names(found) == {"decided.unasked"}


def test_a_decision_from_the_future_is_found() -> None:
    found = whole()
    found.never.add("command-2")
    assert names(found) == {"decided.from_the_future"}


def test_an_answer_that_differs_from_the_record_is_found() -> None:
    found = whole()
    found.history[5]["body"] = {
        "sequence": 2,
        "outcome": "waitlisted",
        "rule": "r",
        "sentence": "s",
    }
    assert names(found) == {"answer.differs"}


def test_a_refusal_without_a_reason_is_found() -> None:
    found = opened().then("ReleaseReservation", "refused").found()
    assert names(found) == {"refused.without_reason"}


def test_a_no_whose_command_was_decided_all_the_same_is_found() -> None:
    found = whole()
    found.history[5] |= {"what": "no", "status": 422, "body": {"type": "t", "detail": "d"}}
    assert names(found) == {"refused.decided"}


@pytest.mark.parametrize(("index", "name"), [(3, "public.gap"), (-1, "public.missing")])
def test_a_public_event_that_is_missing_is_found(index: int, name: str) -> None:
    found = whole()
    del found.public[index]
    assert name in names(found)


def test_a_public_event_delivered_twice_is_no_violation_but_another_under_its_number_is() -> None:
    found = whole()
    found.public.append(found.public[2])
    assert check(found) == []
    found.public.append(found.public[2] | {"type": "org.holdfast.slot.expired.v1"})
    assert names(found) == {"public.contradicts"}


def test_a_public_event_that_no_decision_explains_is_found() -> None:
    found = whole()
    made = public_event({"type": "SlotExpired", "subject_id": "S1-1"}, len(found.public))
    found.public.append(made)
    found.api_events.append(made)
    assert names(found) == {"public.unexplained"}


def test_a_redis_that_is_not_the_replay_of_the_record_is_found() -> None:
    found = whole()
    found.redis = redis_of(found.log[:-1])
    assert names(found) == {"redis.differs", "redis.answers_differ", "redis.head_differs"}


def test_a_redis_that_forgot_which_protocol_is_in_force_is_found() -> None:
    found = whole()
    found.redis = replace(found.redis, protocol=None)
    assert names(found) == {"redis.protocol_differs"}


def test_a_dlt_that_was_told_before_its_dose_counts_as_the_board_says() -> None:
    story = opened().reserved("S1-1", 1)
    story.then("ReportDlt", "recorded", slot("DltRecorded", "S1-1", 1, onset_on="2027-03-02"))
    days = {"dosed_on": "2027-03-01", "window_ends_on": "2027-03-22"}
    story.then("ReportFirstDose", "recorded", slot("FirstDoseRecorded", "S1-1", 1, **days))
    found = story.found()
    found.board["phase1"]["levels"][0] |= {"evaluable": 1, "dlts": 1, "reserved": 0}
    assert check(found) == []


def test_a_board_that_counts_otherwise_is_found() -> None:
    found = whole()
    found.board["phase1"]["levels"][0]["reserved"] = 2
    assert names(found) == {"board.differs"}


def replace_redis(found: Found) -> Found:
    return replace(found, redis=redis_of(found.log))


def test_a_story_without_any_event_has_nothing_to_say() -> None:
    assert check(Story().then("TimePassed", "recorded").found()) == []


def in_phase2(story: Story, subject: str, number: int, level: str = "L1") -> Story:
    kind, more = "SlotReserved", {"phase": 2, "level_id": level}
    return story.then("SubmitForm", "slot_reserved", slot(kind, subject, number, **more))


def test_a_trial_led_to_phase_two_has_no_violation_and_says_what_it_reached() -> None:
    found = led_to_phase2().found()
    assert check(found) == []
    assert milestones(found.log) == {
        "a level opened": 1,
        "a review signed": 1,
        "an MTD": 1,
        "an RP2D": 1,
    }


def test_phase_two_is_full_when_its_number_is_dosed() -> None:
    story = led_to_phase2()
    for number, subject in enumerate(("S1-8", "S1-9"), 8):
        assert "Phase II with its number dosed" not in milestones(story.found().log)
        in_phase2(story, subject, number)
        days = {"phase": 2, "dosed_on": "2027-04-01", "window_ends_on": None}
        dosed = slot("FirstDoseRecorded", subject, number, **days)
        story.then("ReportFirstDose", "recorded", dosed)
    found = story.found()
    found.board["phase2"]["dosed"] = 2
    assert check(found) == []
    assert milestones(found.log)["Phase II with its number dosed"] == 1


def test_a_place_of_phase_two_beyond_its_number_or_at_another_dose_is_found() -> None:
    over = led_to_phase2()
    for number in (7, 8, 9):
        in_phase2(over, f"S1-{number}", number)
    assert "place.not_free" in names(over.found())
    assert "place.not_free" in names(in_phase2(led_to_phase2(), "S1-9", 9, "L2").found())


def test_places_that_phase_one_has_used_are_not_given_again() -> None:
    story = seen(opened(), 3).then("TimePassed", "recorded", REVIEW)
    story.then("SignReview", "recorded", signed("mtd"), MTD, CLOSED)
    story.then("SignRp2d", "recorded", RP2D, PHASE2 | {"counted": 2})
    assert "place.not_free" in names(in_phase2(story, "S1-9", 9).found())


LEVEL2: Json = {"type": "LevelOpened", "level_id": "L2", "target": 3, "stagger": False}


@pytest.mark.parametrize(
    ("events", "name"),
    [
        ((LEVEL2,), "review.not_signed"),
        ((REVIEW, signed("escalate", complete=False), LEVEL2), "review.not_signed"),
        ((signed("escalate"), LEVEL2), "review.not_due"),
        ((MTD, CLOSED), "review.not_signed"),
        ((REVIEW, signed("mtd"), MTD, RP2D | {"level_id": "L2"}), "rp2d.above_mtd"),
        ((RP2D,), "rp2d.above_mtd"),
        ((PHASE2,), "phase2.not_signed"),
        ((REVIEW, signed("mtd"), MTD, RP2D, PHASE2 | {"level_id": "L2"}), "phase2.not_signed"),
    ],
)
def test_a_step_that_nobody_signed_for_is_found(events: tuple[Json, ...], name: str) -> None:
    story = seen(opened(), 3)
    assert names(story.found()) == {"board.differs"}, "only that its board was not told of them"
    assert name in names(story.then("SignReview", "recorded", *events).found())


def test_a_dose_at_which_too_few_were_seen_or_too_many_had_a_dlt_is_found() -> None:
    assert names(led_to_phase2(2).found()) == {"dose.too_few"}
    toxic = seen(opened(), 3, "DltRecorded").then("TimePassed", "recorded", REVIEW)
    toxic.then("SignReview", "recorded", signed("mtd"), MTD, CLOSED)
    assert "dose.too_toxic" in names(toxic.found())


@pytest.mark.parametrize("doctored", [{"mtd": "L2"}, {"rp2d": None}])
def test_a_board_with_another_mtd_or_rp2d_is_found(doctored: Json) -> None:
    found = led_to_phase2().found()
    found.board |= doctored
    assert names(found) == {"board.differs"}


def test_a_board_that_counts_otherwise_in_phase_two_is_found() -> None:
    found = in_phase2(led_to_phase2(), "S1-9", 9).found()
    assert names(found) == {"board.differs"}
    found.board["phase2"]["reserved"] = 1
    found.board["phase1"]["levels"][0]["reserved"] = 0
    assert names(found) == set()
