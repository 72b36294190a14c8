"""CRM: published trials, when it waits, how it steps, stops and ends, and what it says."""

from fractions import Fraction
from typing import Any

import pytest

from cohorts.designs.crm import Crm, closest
from cohorts.designs.design import History, LevelHistory, Recommendation
from tests.oracles.paths import treated

CHEUNG = (0.05, 0.12, 0.25, 0.40, 0.55)
PRINTED_BETAS = (
    "0.60 0.93 0.04 0.18 0.28 0.34 0.41 0.47 0.31 0.35 "
    "0.25 0.15 0.18 0.21 0.24 0.26 0.28 0.21 0.22 0.24"
)
TABLE_3_2 = "3N 5N 5T 3N 4N 4N 5N 5N 5T 5N 5T 4T 4N 4N 4N 4N 4N 4T 4N 4N"


def crm(**parameters: Any) -> Crm:
    given: dict[str, Any] = {
        "skeleton": CHEUNG,
        "target": 0.25,
        "max_subjects": 30,
        "max_per_level": 30,
    }
    return Crm(**(given | parameters))


def one_by_one(**parameters: Any) -> Crm:
    """As Cheung 2011 conducts his example: logistic, patient by patient, unrestricted."""
    return crm(model="logistic", cohort_size=1, no_skip=False, coherent=False, **parameters)


CRM = crm()
WAITING = LevelHistory(evaluable=2, pending=(Fraction(1, 2),), target=3)


def done(evaluable: int, dlts: int = 0, before: tuple[int, int] = (0, 0)) -> LevelHistory:
    return LevelHistory(
        evaluable=evaluable,
        dlts=dlts,
        target=evaluable,
        evaluable_before=before[0],
        dlts_before=before[1],
    )


def history(current: int, *levels: LevelHistory) -> History:
    return History((*levels, *[LevelHistory()] * (5 - len(levels))), current)


def test_cheungs_example_after_five_patients() -> None:
    after = treated(5, "3N 5N 5T 3N 4N")
    assert f"{one_by_one().posterior(after.levels).beta_mean:.2f}" == "0.28"
    assert one_by_one().recommend(after) == Recommendation("expand", 3, 2)


def test_all_of_cheungs_table_3_2() -> None:
    """After each patient the printed beta, and the dose that the next patient was given."""
    printed = PRINTED_BETAS.split()
    patients = TABLE_3_2.split()
    design = one_by_one()
    for number in range(1, 21):
        levels = treated(5, " ".join(patients[:number])).levels
        found = design.posterior(levels)
        assert f"{found.beta_mean:.2f}" == printed[number - 1]
        if number < 20:
            assert design.dose(found) + 1 == int(patients[number][0])


def test_the_two_estimates_differ_after_patient_nine() -> None:
    levels = treated(5, " ".join(TABLE_3_2.split()[:9])).levels
    by_mean = one_by_one(estimate="posterior_mean")
    assert one_by_one().dose(one_by_one().posterior(levels)) + 1 == 5
    assert by_mean.dose(by_mean.posterior(levels)) + 1 == 4


def test_the_manual_of_dfcrm() -> None:
    design = crm(skeleton=(0.05, 0.10, 0.20, 0.35, 0.50, 0.70), target=0.2, cohort_size=1)
    found = design.posterior(treated(6, "3N 4N 4T 3N 3N 4T 3T 2N 2N 2N").levels)
    assert f"{found.beta_mean:.8f}" == "-0.21217153"
    assert design.dose(found) + 1 == 2


def test_it_waits_for_the_cohort_and_for_whoever_is_pending_or_reserved_anywhere() -> None:
    assert CRM.recommend(history(0, LevelHistory(target=3))) is None
    assert CRM.recommend(history(0, WAITING)) is None
    assert CRM.recommend(history(0, LevelHistory(evaluable=2, target=3))) is None
    assert CRM.recommend(history(1, WAITING, done(3))) is None
    assert CRM.recommend(history(0, done(3), LevelHistory(reserved=1))) is None
    assert CRM.recommend(history(0, done(3))) == Recommendation("escalate", 1)


def test_no_level_is_skipped_unless_asked_for() -> None:
    assert CRM.dose(CRM.posterior(history(0, done(3)).levels)) == 3
    assert CRM.recommend(history(0, done(3))) == Recommendation("escalate", 1)
    assert crm(no_skip=False).recommend(history(0, done(3))) == Recommendation("escalate", 3)


def test_never_up_straight_after_a_dlt_unless_asked_for() -> None:
    """After one DLT in 24 the model would go up; the newest cohort of three had that DLT."""
    levels = history(0, done(24, 1, before=(21, 0)))
    assert CRM.dose(CRM.posterior(levels.levels)) > 0
    assert CRM.recommend(levels) == Recommendation("expand", 0, 27)
    assert crm(coherent=False).recommend(levels) == Recommendation("escalate", 1)
    earlier = history(0, done(24, 1, before=(21, 1)))
    assert CRM.recommend(earlier) == Recommendation("escalate", 1)


def test_it_goes_down_more_than_one_level_at_once() -> None:
    levels = history(3, done(3), done(3), done(3, 1), done(3, 3))
    assert CRM.recommend(levels) == Recommendation("de_escalate", 1)


def test_a_level_that_can_only_go_down_is_stopped_while_windows_are_open() -> None:
    two = LevelHistory(evaluable=2, dlts=2, pending=(Fraction(0),), target=3)
    levels = history(1, done(3), two)
    assert CRM.stopped(levels.levels, 1)
    assert CRM.places(levels) == 0
    assert CRM.recommend(levels) == Recommendation("de_escalate", 0)
    one = LevelHistory(evaluable=1, dlts=1, pending=(Fraction(0),), target=3)
    hopeful = history(1, done(6), one)
    assert not CRM.stopped(hopeful.levels, 1)
    assert CRM.recommend(hopeful) is None
    assert CRM.places(hopeful) == 1


def test_a_late_dlt_below_stops_the_open_level() -> None:
    open_level = LevelHistory(evaluable=1, pending=(Fraction(1, 3),), target=3)
    before = history(2, done(3), done(3), open_level)
    after = history(2, done(3, 2), done(3, 1), open_level)
    assert not CRM.stopped(before.levels, 2)
    assert CRM.stopped(after.levels, 2)
    assert CRM.recommend(after) == Recommendation("de_escalate", 0)


def test_limits_bound_targets_and_places() -> None:
    small = crm(max_subjects=7, max_per_level=5)
    stay = history(1, done(3), done(3, 1))
    assert small.recommend(stay) == Recommendation("expand", 1, 4)
    assert small.opening_target(stay.levels, 0) == 4
    assert small.opening_target(stay.levels, 2) == 1
    filled = history(1, done(3), LevelHistory(evaluable=3, dlts=1, reserved=1, target=6))
    assert small.places(filled) == 0
    open_ended = history(0, LevelHistory(evaluable=3, reserved=1, target=9))
    assert small.places(open_ended) == 1


def test_a_level_that_is_full_ends_the_trial_where_it_would_be_treated_again() -> None:
    full = crm(max_per_level=6)
    assert full.recommend(history(1, done(3), done(6))) == Recommendation("escalate", 2)
    assert full.recommend(history(1, done(3), done(6, 2))) == Recommendation("mtd", 1)
    down = history(2, done(3), done(6, 1), done(3, 3))
    assert full.recommend(down) == Recommendation("mtd", 1)


def test_those_who_never_came_to_an_open_level_make_no_mtd_below_it() -> None:
    """2 DLTs in 6 at a full level speak for the one below, where nobody was treated yet."""
    skeleton = (0.12, 0.25, 0.4, 0.55)
    small = crm(skeleton=skeleton, max_subjects=15, max_per_level=6)
    full = LevelHistory(evaluable=6, dlts=2, target=6)
    nobody = LevelHistory()
    above = LevelHistory(target=3)
    history = History((nobody, full, above, nobody), 2)
    assert small.dose(small.best_case(history.levels, 2)) == 1
    assert small.dose(small.posterior(history.levels)) == 0
    assert small.recommend(history) == Recommendation("de_escalate", 0)
    somebody = LevelHistory(pending=(Fraction(1, 2),), target=3)
    waits = History((nobody, full, somebody, nobody), 2)
    assert small.recommend(waits) is None


def test_no_trial_ends_with_an_mtd_while_somebody_waits() -> None:
    full = crm(max_per_level=6)
    two = LevelHistory(evaluable=2, dlts=2, pending=(Fraction(0),), target=3)
    levels = history(2, done(3), done(6, 2), two)
    assert full.stopped(levels.levels, 2)
    assert ": stopped, waiting for " in full.explain(levels)
    assert full.recommend(levels) is None
    assert full.recommend(history(2, done(3), done(6, 2), done(3, 2))) == Recommendation("mtd", 1)


def test_at_best_nobody_pending_at_any_level_has_a_dlt() -> None:
    """Level 2 stands at 1 in 3 with three pending: at best 1 in 6, and level 3 may go on."""
    pending = LevelHistory(evaluable=3, dlts=1, pending=(Fraction(0),) * 3, target=6)
    open_level = LevelHistory(evaluable=1, dlts=1, target=3)
    assert not CRM.stopped(history(2, done(3), pending, open_level).levels, 2)
    assert CRM.stopped(history(2, done(3), done(3, 1), open_level).levels, 2)


def test_at_the_end_the_closest_level_with_three_evaluable_is_the_mtd() -> None:
    twelve = crm(max_subjects=12, max_per_level=12)
    end = history(2, done(3), done(6, 1), done(3, 1))
    assert twelve.recommend(end) == Recommendation("mtd", 2)
    few = history(2, done(3), done(7, 1), done(2, 0))
    assert twelve.dose(twelve.posterior(few.levels)) == 2
    assert twelve.recommend(few) == Recommendation("mtd", 1)
    waits = history(2, done(3), done(6, 1), WAITING)
    assert twelve.recommend(waits) is None


def test_nobody_with_three_evaluable_is_no_tolerable_dose() -> None:
    tiny = crm(max_subjects=4, max_per_level=4, cohort_size=2)
    assert tiny.recommend(history(1, done(2), done(2))) == Recommendation("no_tolerable_dose", None)


def test_the_safety_stop_is_off_unless_asked_for() -> None:
    toxic = history(0, done(3, 3))
    assert CRM.recommend(toxic) == Recommendation("expand", 0, 6)
    safe = crm(stop_above=0.9)
    assert safe.posterior(toxic.levels).exceeds[0] > 0.9
    assert safe.recommend(toxic) == Recommendation("no_tolerable_dose", None)
    assert safe.places(toxic) == 0
    assert not safe.allows_above(toxic.levels, 0)
    early = history(0, LevelHistory(evaluable=2, dlts=2, pending=(Fraction(0),), target=3))
    assert safe.recommend(early) is None, "at best 2 in 3 is not yet over 0.9"
    assert "no tolerable dose" in safe.explain(toxic)


def test_what_an_mtd_rests_on() -> None:
    levels = (done(3), done(6, 1), done(6, 2), LevelHistory(), LevelHistory())
    assert CRM.allows_mtd(levels, 2)
    assert CRM.allows_mtd(levels, 1)
    assert not CRM.allows_mtd(levels, 3), "nobody was treated there"
    worse = (done(3), done(6, 1), done(6, 4), LevelHistory(), LevelHistory())
    assert not CRM.allows_mtd(worse, 2)
    assert CRM.allows_mtd(worse, 1)
    assert not CRM.allows_mtd((done(2), *[LevelHistory()] * 4), 0)
    toxic = (done(6, 5), *[LevelHistory()] * 4)
    assert CRM.allows_mtd(toxic, 0)
    assert not crm(stop_above=0.9).allows_mtd(toxic, 0)


@pytest.mark.parametrize(
    ("estimates", "index"),
    [
        ((0.1, 0.2, 0.3), 1),
        ((0.2, 0.3 + 1e-12, 0.5), 0),
        ((0.2, 0.3 - 1e-12, 0.5), 0),
        ((0.2, 0.3 - 1e-6, 0.5), 1),
        ((0.25, 0.5, 0.6), 0),
        ((0.3, 0.5), 0),
        ((0.1, 0.2), 1),
        ((0.0, 1e-12), 1),
    ],
)
def test_of_two_as_close_the_lower_is_taken(estimates: tuple[float, ...], index: int) -> None:
    assert closest(estimates, 0.25) == index


@pytest.mark.parametrize(
    ("situation", "sentence"),
    [
        (
            history(1, done(3), done(6, 2)),
            "estimated DLT probability 0.24 at level 2 and 0.40 at level 3, target 0.25: "
            "stay at level 2",
        ),
        (
            history(0, done(3)),
            "estimated DLT probability 0.01 at level 1 and 0.22 at level 4, target 0.25: "
            "no level is skipped, escalate to level 2",
        ),
        (
            history(0, done(24, 1, before=(21, 0))),
            "estimated DLT probability 0.04 at level 1 and 0.23 at level 3, target 0.25: "
            "no escalation straight after a DLT, stay at level 1",
        ),
        (
            history(1, done(3), WAITING),
            "estimated DLT probability 0.01 at level 2 and 0.29 at level 5, target 0.25: "
            "waiting for 1 open outcome at level 2",
        ),
        (
            history(1, done(3), LevelHistory(evaluable=2, dlts=2, target=3)),
            "at best, without another DLT, estimated DLT probability 0.23 at level 1 and 0.35 "
            "at level 2, target 0.25: go down to level 1",
        ),
        (
            history(2, done(3), done(6, 1), done(21, 5)),
            "estimated DLT probability 0.25 at level 3 and 0.40 at level 4, target 0.25: "
            "the end, MTD is level 3",
        ),
    ],
)
def test_one_sentence_says_why(situation: History, sentence: str) -> None:
    assert CRM.explain(situation) == sentence


def test_a_full_level_is_said_to_be_full() -> None:
    said = crm(max_per_level=6).explain(history(1, done(3), done(6, 2)))
    assert said.endswith("level 2 is full, the end, MTD is level 2")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"target": 0.0}, "the target must lie between 0 and 1"),
        ({"target": 1.0}, "the target must lie between 0 and 1"),
        ({"skeleton": (0.2, 0.1)}, "the skeleton must rise"),
        ({"skeleton": (0.2, 1.1)}, "each value of the skeleton"),
        ({"model": "probit"}, 'write "empiric" or "logistic"'),
        ({"estimate": "median"}, 'write "plug_in" or "posterior_mean"'),
        ({"cohort_size": 0}, "cohort_size must be 1 or more"),
        ({"max_per_level": 2}, "max_per_level must be 3 or more"),
        ({"cohort_size": 6, "max_per_level": 5}, "max_per_level must be 6 or more"),
        ({"max_subjects": 20}, "max_subjects must not be under max_per_level"),
        ({"stop_above": 1.0}, "stop_above must be under 1"),
        ({"stop_above": 0.2}, "else no trial could begin"),
    ],
)
def test_what_cannot_be_is_said(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        crm(**wrong)


def test_designs_are_compared_by_value_and_named() -> None:
    assert crm() == CRM
    assert hash(crm()) == hash(CRM)
    assert crm(cohort_size=1) != CRM
    assert (CRM.name, CRM.fewest_at_mtd, CRM.reads_follow_up) == ("CRM", 3, False)
