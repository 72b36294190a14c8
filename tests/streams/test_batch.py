"""Group commit without I/O: what a batch of commands comes to on a ledger."""

from datetime import timedelta

import pytest

from streams.batch import Known, NoEffect, Parked, Result, Written, decide_all
from streams.ledger import Ledger, fold
from streams.record import parse
from tests.streams.counting import AT, COUNTING, command, request, tick


def written(result: Result) -> Written:
    assert isinstance(result, Written)
    return result


def test_each_command_is_decided_on_what_the_ones_before_it_in_the_batch_left() -> None:
    results = decide_all(Ledger(0), [command(request("A", n)) for n in range(3)], COUNTING)
    records = [written(result).record for result in results]
    assert [record.sequence for record in records] == [0, 1, 2]
    assert [record.content.public_from for record in records] == [0, 1, 2]
    assert [record.content.previous for record in records] == ["", *[r.hash for r in records[:2]]]
    assert [record.content.answer.sentence for record in records] == [
        "command 0, number 0",
        "command 1, number 1",
        "command 2, number 2",
    ]


def test_trials_in_one_batch_do_not_touch_each_other() -> None:
    commands = [command(request(trial, n)) for n in range(2) for trial in ("A", "B")]
    results = decide_all(Ledger(0), commands, COUNTING)
    assert [(written(r).record.trial_id, written(r).record.sequence) for r in results] == [
        ("A", 0),
        ("B", 0),
        ("A", 1),
        ("B", 1),
    ]


def test_deciding_leaves_the_ledger_as_it_was() -> None:
    ledger = Ledger(0)
    decide_all(ledger, [command(request("A", 0))], COUNTING)
    assert ledger.trials["A"].tip.sequence == -1
    assert ledger.trials["A"].trial.slots == 0
    assert ledger.trials["A"].decided == {}


def test_the_same_id_with_the_same_digest_writes_nothing_more() -> None:
    results = decide_all(Ledger(0), [command(request("A", 7)), command(request("A", 7))], COUNTING)
    assert isinstance(results[0], Written)
    assert results[1] == Known(0)


def test_a_command_in_the_log_is_known_after_a_replay() -> None:
    ledger = Ledger(0)
    results = decide_all(ledger, [command(request("A", n)) for n in range(2)], COUNTING)
    for offset, result in enumerate(results):
        stored = written(result).record.stored
        fold(ledger.trials["A"], parse(stored), offset, COUNTING)
    assert decide_all(ledger, [command(request("A", 1))], COUNTING) == [Known(1)]
    following = written(decide_all(ledger, [command(request("A", 2))], COUNTING)[0]).record
    assert (following.sequence, following.content.public_from) == (2, 2)


def test_the_same_id_with_another_digest_is_parked_as_a_conflict() -> None:
    commands = [command(request("A", 7)), command(request("A", 7, "something else"))]
    results = decide_all(Ledger(0), commands, COUNTING)
    assert results[1] == Parked("conflict", "command id was used at sequence 0")


def test_what_has_no_effect_writes_nothing_and_may_be_decided_again() -> None:
    results = decide_all(Ledger(0), [command(tick("A", 1)), command(tick("A", 1))], COUNTING)
    assert results == [NoEffect(), NoEffect()]


def test_a_decider_that_raises_halts_its_own_trial_only_and_parks_the_rest_in_order(
    caplog: pytest.LogCaptureFixture,
) -> None:
    commands = [
        command(request("A", 0)),
        command(request("A", 1, "boom")),
        command(request("B", 0)),
        command(request("A", 2)),
    ]
    ledger = Ledger(0)
    results = decide_all(ledger, commands, COUNTING)
    assert isinstance(results[0], Written)
    assert results[1] == Parked("raised", "the decider raised BoomError")
    assert isinstance(results[2], Written)
    assert results[3] == Parked("halted", "the trial is halted")
    assert ledger.trials["A"].halted
    assert not ledger.trials["B"].halted
    assert "must not be logged" not in caplog.text


def test_a_halted_trial_still_knows_what_it_decided() -> None:
    ledger = Ledger(0)
    first = written(decide_all(ledger, [command(request("A", 0))], COUNTING)[0])
    fold(ledger.trials["A"], first.record, 0, COUNTING)
    ledger.trials["A"].halted = True
    assert decide_all(ledger, [command(request("A", 0))], COUNTING) == [Known(0)]


@pytest.mark.parametrize(
    ("ahead", "is_parked"), [(timedelta(minutes=2), False), (timedelta(minutes=2, seconds=1), True)]
)
def test_a_real_clock_request_more_than_two_minutes_ahead_of_its_arrival_is_parked(
    ahead: timedelta, is_parked: bool
) -> None:
    early = command(request("A", 0, at=AT + ahead), received_at=AT)
    result = decide_all(Ledger(0), [early], COUNTING)[0]
    assert isinstance(result, Parked) is is_parked
    if isinstance(result, Parked):
        assert result.reason == "ahead_of_time"


def test_the_same_decision_on_the_same_chain_gives_the_same_bytes() -> None:
    one, other = (decide_all(Ledger(0), [command(request("A", 0))], COUNTING)[0] for _ in range(2))
    assert written(one).record.stored == written(other).record.stored
