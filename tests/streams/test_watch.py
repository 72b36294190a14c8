"""What counts as a hang, second by second, without a clock: only what is really stuck."""

import pytest

from streams.watch import Alarm, Lag, Limits, Sample, Watch, grows

LIMITS = Limits(loop=20, stage=60, message=180)
LOG = ("trial.log", 3)


def watched(samples: list[Sample], step: float = 1.0) -> list[Alarm]:
    watch = Watch(LIMITS)
    return [alarm for sample in samples for alarm in watch.look(step, sample)]


def test_a_loop_that_takes_no_sample_any_more_is_blocked_and_only_that_is_said() -> None:
    stuck = Sample(7, beats={"trial.commands": 5}, oldest={LOG: (1, 9)})
    assert watched([stuck] * 21) == []
    assert watched([stuck] * 22) == [Alarm("loop_blocked", "event loop", None, 21.0)]


def test_a_stage_that_does_not_beat_while_the_loop_turns_hangs() -> None:
    still = [Sample(n, beats={"trial.commands": 5, "commit": n}) for n in range(61)]
    assert watched(still) == []
    still.append(Sample(61, beats={"trial.commands": 5, "commit": 61}))
    assert watched(still) == [Alarm("hung_stage", "trial.commands", None, 61.0)]


def test_a_long_recovery_that_gets_on_is_no_hang() -> None:
    samples = [
        Sample(n, beats={"trial.commands": n // 50}, oldest={LOG: (1, 9)}, recovering=True)
        for n in range(10_000)
    ]
    assert watched(samples) == []


def test_waiting_for_a_server_that_is_away_is_no_hang_and_counts_again_after_it() -> None:
    stuck = {"beats": {"trial.log": 5}, "oldest": {LOG: (1, 9)}}
    away = [Sample(n, waits=True, **stuck) for n in range(1000)]  # type: ignore[arg-type]
    assert watched(away) == []
    back = [Sample(1000 + n, **stuck) for n in range(61)]  # type: ignore[arg-type]
    assert [alarm.what for alarm in watched(away + back)] == ["hung_stage"]


def test_a_message_in_flight_too_long_is_said_with_its_partition() -> None:
    beating = [Sample(n, beats={"trial.log": n}, oldest={LOG: (1, 9)}) for n in range(182)]
    assert watched(beating) == [Alarm("message_too_long", "trial.log", 3, 181.0)]
    others = [Sample(n, beats={"trial.log": n}, oldest={LOG: (1, n // 100)}) for n in range(999)]
    assert watched(others) == []
    new_owner = [Sample(n, oldest={LOG: (n // 100, 9)}) for n in range(999)]
    assert watched(new_owner) == []


def test_a_consumer_that_silently_stands_is_seen_by_what_waits_in_kafka() -> None:
    stands = [Sample(n, looks=n // 10, lags={LOG: Lag(9, 1)}) for n in range(182)]
    assert watched(stands) == [Alarm("message_too_long", "trial.log", 3, 181.0, behind=1)]
    nothing_waits = [Sample(n, looks=n // 10, lags={LOG: Lag(9, 0)}) for n in range(999)]
    assert watched(nothing_waits) == []


def test_a_lag_that_grows_is_an_alarm_and_not_the_end_once_a_window() -> None:
    growing = [Sample(n, looks=n // 10, lags={LOG: Lag(n, 1000 + n)}) for n in range(130)]
    alarms = watched(growing)
    assert [(a.what, a.stage, a.partition, a.ends) for a in alarms] == [
        ("lag_grows", "trial.log", 3, False)
    ] * 2


@pytest.mark.parametrize(
    ("behind", "done", "expected"),
    [
        ((10, 20, 30, 40, 50, 60), (1, 2, 3, 4, 5, 6), False),
        ((2000, 2100, 2200, 2300, 2400, 2500), (1, 2, 3, 4, 5, 6), True),
        ((2500, 2100, 2200, 2300, 2400, 2500), (1, 2, 3, 4, 5, 6), False),
        ((1, 1, 2, 2, 3, 3), (7, 7, 7, 7, 7, 7), True),
        ((3, 3, 3, 3, 3, 3), (7, 7, 7, 7, 7, 7), False),
        ((0, 0, 0, 0, 0, 1), (7, 7, 7, 7, 7, 7), False),
    ],
)
def test_a_lag_grows_when_it_is_large_or_nothing_is_done(
    behind: tuple[int, ...], done: tuple[int, ...], expected: bool
) -> None:
    window = tuple(Lag(d, b) for d, b in zip(done, behind, strict=True))
    assert grows(window) is expected


def test_what_the_watchdog_did_not_live_through_does_not_count() -> None:
    """A process that was stopped for an hour gives one step of at most a second."""
    stuck = Sample(7, beats={"trial.commands": 5})
    assert watched([stuck] * 10) == []
