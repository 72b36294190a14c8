"""A trial keeps forms packed once it has many subjects, and nothing that it decides knows of it."""

import json
from pathlib import Path

import pytest

from enrollment import keeping
from enrollment.canonical import canonical
from enrollment.confirming import judged_digest
from enrollment.copying import replace
from enrollment.judging import kept_form
from tests.enrollment.spec import P0, Said, Story, recorded
from tests.enrollment.worlds import reserved_at_l1

FORMS = sorted((Path(__file__).parents[2] / "examples" / "forms").glob("*.json"))
MANY = keeping.PACKED_FROM
ASKED = P0(confirm_eligibility=True)


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
@pytest.mark.parametrize("subjects", [0, MANY - 1, MANY, 100_000])
def test_every_form_comes_back_byte_for_byte(path: Path, subjects: int) -> None:
    form = json.loads(path.read_text("utf-8"))
    stored = keeping.kept(form, subjects)
    assert keeping.plain(stored) == canonical(form)
    if subjects >= MANY:
        assert len(stored) < len(canonical(form)) / 3
    else:
        assert stored == canonical(form)


def test_the_form_is_packed_from_that_many_subjects_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PACKED_FROM", 2)
    subjects = reserved_at_l1(3).state.subjects
    kept = [subjects[name].form or b"" for name in ("P1", "P2", "P3")]
    assert [stored[:1] == b"{" for stored in kept] == [True, True, False]
    assert kept_form(subjects["P3"]) == kept_form(subjects["P1"]) | {"subject_id": "P3"}


def test_a_confirmation_is_bound_to_the_form_however_it_is_kept() -> None:
    state = reserved_at_l1(1, ASKED).at("03-01 10:00").state
    known = state.subjects["P1"]
    packed = replace(known, form=keeping.kept(kept_form(known), MANY))
    assert packed.form != known.form
    assert judged_digest(state, packed) == judged_digest(state, known) is not None


def _told(trial: Story) -> list[Said]:
    """One course in which a form is judged again: when it is amended, and for the first dose."""
    return [trial.amend("P1", anc=[("1700", "2027-03-01")]), trial.authorise("P1", "2027-03-02")]


def test_decisions_are_the_same_over_packed_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = _told(reserved_at_l1(1).at("03-01 10:00"))
    monkeypatch.setattr(keeping, "PACKED_FROM", 0)
    packed = _told(reserved_at_l1(1).at("03-01 10:00"))
    assert packed == plain
    assert plain[-1] == recorded()
