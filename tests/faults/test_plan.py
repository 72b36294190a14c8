"""Which faults strike when: every kind has its turn, and a seed always deals the same."""

from collections import Counter

from tests.faults.campaign import LOAD_SECONDS, hands_of, named, plan
from tests.faults.faults import KINDS

KINDS_SORTED = sorted(KINDS)


def test_every_kind_comes_once_before_any_comes_again() -> None:
    for short in (False, True):
        hands = hands_of(KINDS_SORTED, short)
        for start in (0, hands):
            rounds = [plan(7, start + number, KINDS_SORTED, hands) for number in range(hands)]
            dealt = Counter(planned.kind for faults in rounds for planned in faults)
            assert dealt == Counter(KINDS_SORTED)


def test_the_short_form_has_four_rounds() -> None:
    assert hands_of(KINDS_SORTED, short=True) == 4


def test_a_seed_deals_the_same_faults_with_the_same_seeds_at_the_same_moments() -> None:
    assert plan(7, 3, KINDS_SORTED, 6) == plan(7, 3, KINDS_SORTED, 6)
    assert plan(7, 3, KINDS_SORTED, 6) != plan(8, 3, KINDS_SORTED, 6)


def test_faults_strike_in_order_while_the_load_runs() -> None:
    moments = [planned.at for planned in plan(1, 0, KINDS_SORTED, 4)]
    assert moments == sorted(moments)
    assert 1.0 <= moments[0] < moments[-1] < LOAD_SECONDS


def test_a_trial_is_named_so_that_it_lives_in_the_partition_asked_for() -> None:
    assert named("F1", 6) == "F1-5"
