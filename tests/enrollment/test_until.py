"""Why nobody gets a place now, and until when."""

from datetime import date

from enrollment.until import Until, held_until
from tests.enrollment.spec import P0, Story, instant, opened
from tests.enrollment.worlds import cleared_at_l1, dosed_at_l1, reserved_at_l1


def found(trial: Story) -> Until | None:
    return held_until(trial.state, trial.now)


def test_a_free_place_is_held_by_nothing() -> None:
    assert found(opened(at="03-01 08:00").at("03-01 09:00")) is None
    assert found(reserved_at_l1(2)) is None


def test_full_lasts_until_the_next_reservation_expires() -> None:
    trial = reserved_at_l1(2).at("03-01 15:00")
    trial.form("P3")
    until = found(trial)
    assert until is not None
    assert (until.rule, until.what, until.at) == ("full", "expiry", instant("03-04 09:00"))
    assert until.earliest_on == date(2027, 3, 4)


def test_held_lasts_until_the_next_window_ends() -> None:
    until = found(dosed_at_l1().at("03-05 09:00"))
    assert until is not None
    assert (until.rule, until.what, until.at) == ("held", "window", date(2027, 3, 22))


def test_what_people_must_do_has_no_date() -> None:
    overdue = found(dosed_at_l1().at("03-22 09:00"))
    assert overdue is not None
    assert (overdue.rule, overdue.what, overdue.at) == ("outcome_to_confirm", "people", None)
    review = found(cleared_at_l1())
    assert review is not None
    assert (review.rule, review.what, review.at) == ("review_due", "people", None)


def test_a_staggered_level_waits_for_its_first_subject() -> None:
    trial = reserved_at_l1(1, P0(stagger_days=7))
    until = found(trial)
    assert until is not None
    assert (until.rule, until.what, until.at) == ("stagger", "expiry", instant("03-04 09:00"))
