"""What the pages say of a review after which something that was stopped may go on (R10)."""

from datetime import date

from enrollment.board import board
from services.pages.needs import needs
from services.pages.review_view import choices, reason_of_design
from services.pages.words import recommendation_words
from tests.enrollment.spec import Story
from tests.enrollment.worlds import phase_two_in_doubt, stopped_at_l1


def today(trial: Story) -> date:
    return trial.state.in_force.local_date(trial.now)


def test_a_stopped_level_is_shown_as_stopped_until_it_is_signed() -> None:
    trial = stopped_at_l1()
    shown = board(trial.state, trial.now)["phase1"]
    assert (shown["barrier"], shown["places"]) == ("level_stopped", 0)
    assert [level["stopped"] for level in shown["levels"]] == [True, False, False]
    assert not needs(trial.state, today(trial)), "windows are open: nobody can decide yet"


def test_the_review_asks_whether_to_open_the_level_again() -> None:
    trial = stopped_at_l1()
    trial.at("03-22 09:00").clear("P2")
    trial.at("03-22 10:00").clear("P3")
    [need] = needs(trial.state, today(trial))
    assert need.sentence.startswith("L1 was stopped; its counts would let it go on. Re-open it?")
    assert recommendation_words(*(trial.review() or ("", None))) == "re-open L1"
    said = reason_of_design(trial.state, today(trial))
    assert said.endswith(". It was stopped, and only a signature opens it again.")
    assert trial.state.review is not None
    offered = choices(trial.state, trial.state.review, trial.now)
    assert [(one.words, one.recommended, one.needs_reason) for one in offered] == [
        ("Re-open L1", True, False),
        ("Declare the MTD: L1", False, True),
        ("Declare that no dose is tolerable", False, True),
    ]


def test_a_doubt_that_is_gone_asks_for_the_mtd_again() -> None:
    trial = phase_two_in_doubt()
    for subject in ("P4", "P5"):
        trial.at("05-09 09:00").clear(subject)
    [need] = needs(trial.state, today(trial))
    assert "Phase II was stopped" in need.sentence
    assert "Sign again: MTD L2?" in need.sentence
