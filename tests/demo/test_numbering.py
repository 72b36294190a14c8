"""Each telling of the story is a trial of its own, because a record is for ever."""

from pathlib import Path

from services.demo.numbering import begin_anew, trial_of


def test_the_first_telling_has_the_story_s_own_trial(tmp_path: Path) -> None:
    assert trial_of(tmp_path, "T1") == "T1"


def test_a_new_telling_is_another_trial_and_stays_it(tmp_path: Path) -> None:
    home = tmp_path / "not-there-yet"
    begin_anew(home)
    assert trial_of(home, "T1") == "T1-2"
    assert trial_of(home, "T1") == "T1-2"
    begin_anew(home)
    assert trial_of(home, "T1") == "T1-3"
