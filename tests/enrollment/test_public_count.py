"""How many public events a decision gives is counted without making them: shown to be the same."""

from enrollment.public_events import public, public_count
from tests.enrollment.worlds import mtd_is_l1


def test_every_decision_of_a_whole_phase_one_counts_as_many_as_are_made() -> None:
    trial = mtd_is_l1()
    trial.at("05-21 09:00").form("N1", born="2008-01-01")
    trial.at("05-21 09:01").sign_rp2d("L1")
    trial.at("05-21 09:02").form("N2")
    trial.at("05-21 09:03").consent("N3")
    counted = [public_count(events, "T1") for _, events in trial.log]
    made = [sum(public(event, "T1") is not None for event in events) for _, events in trial.log]
    assert counted == made
    assert {0, 1, 2} <= set(made)
