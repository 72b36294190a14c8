"""Before another version is adopted: whose verdict on the waitlist it would change."""

from enrollment.amending import changed_verdicts
from protocols.parse import parse_protocol
from tests.enrollment.spec import P0, Story
from tests.enrollment.worlds import reserved_at_l1


def waiting() -> Story:
    """P4 and P5, who is 20 years old, wait behind three reservations."""
    trial = reserved_at_l1(3).at("03-01 10:00")
    assert trial.form("P4").outcome == "waitlisted"
    assert trial.form("P5", born="2006-06-01").outcome == "waitlisted"
    return trial


def stricter() -> str:
    text = P0(version="2.0")
    assert "years_min = 18" in text, "the criterion of age is written otherwise now"
    return text.replace("years_min = 18", "years_min = 25", 1)


def test_only_who_is_judged_otherwise_is_named_with_the_criteria() -> None:
    trial = waiting()
    [one] = changed_verdicts(trial.state, parse_protocol(stricter()), trial.now.date())
    assert (one.subject_id, one.phase, one.now, one.then) == ("P5", 1, "eligible", "ineligible")
    assert one.criteria == ("I1",)


def test_it_is_what_the_adoption_then_brings() -> None:
    trial = waiting()
    foretold = changed_verdicts(trial.state, parse_protocol(stricter()), trial.now.date())
    trial.adopt(stricter())
    left = {who for who in ("P4", "P5") if trial.state.subjects[who].waiting is None}
    assert left == {one.subject_id for one in foretold}


def test_a_version_that_judges_alike_changes_nobody() -> None:
    trial = waiting()
    same = parse_protocol(P0(version="2.0"))
    assert changed_verdicts(trial.state, same, trial.now.date()) == ()
