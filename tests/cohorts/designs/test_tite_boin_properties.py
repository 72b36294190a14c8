"""What must hold of TITE-BOIN in any situation."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from cohorts.designs.boin import Boin
from cohorts.designs.design import History, LevelHistory
from cohorts.designs.tite_boin import TiteBoin

DESIGNS = [
    TiteBoin(Boin(target=Fraction(percent, 100), max_subjects=36, max_per_level=12))
    for percent in (20, 25, 30)
]
BOLDNESS = "DSE"
parts = st.sampled_from([Fraction(n, 28) for n in (0, 1, 7, 14, 21, 27, 28)])


@st.composite
def levels(draw: st.DrawFn, reserved: int = 0) -> LevelHistory:
    evaluable = draw(st.sampled_from([0, 2, 3, 4, 6, 8]))
    dlts = min(evaluable, draw(st.sampled_from([0, 0, 1, 1, 2, 3])))
    pending = tuple(draw(st.lists(parts, max_size=4)))
    treated = evaluable + len(pending)
    before = draw(st.integers(0, evaluable))
    return LevelHistory(
        evaluable,
        dlts,
        pending,
        reserved,
        target=treated + draw(st.sampled_from([0, 0, 0, 1])),
        evaluable_before=before,
        dlts_before=draw(st.integers(max(0, dlts - (evaluable - before)), min(before, dlts))),
    )


@st.composite
def histories(draw: st.DrawFn) -> History:
    size = draw(st.integers(1, 4))
    current = draw(st.integers(0, size - 1))
    reserved = draw(st.sampled_from([0, 0, 0, 1]))
    each = [draw(levels(reserved if index == current else 0)) for index in range(size)]
    return History(tuple(each), current)


designs = st.sampled_from(DESIGNS)


@given(designs, histories())
def test_no_eliminated_dose_is_recommended_nor_a_place_too_many(
    design: TiteBoin, history: History
) -> None:
    places, advice = design.places(history), design.recommend(history)
    assert places >= 0
    assert design.explain(history)
    if design.stopped(history.levels, history.current):
        assert places == 0
    if advice is None or advice.level is None:
        return
    assert not design.boin.eliminated(history.levels, advice.level)
    if advice.kind == "escalate":
        assert advice.level == history.current + 1
        assert not history.here.reserved
        assert 2 * len(history.here.pending) <= history.here.enrolled
        assert design.allows_above(history.levels, history.current) or (
            history.here.enrolled < design.boin.cohort_size
        )
    if advice.kind == "mtd":
        assert not any(level.waits for level in history.levels)
        assert design.allows_mtd(history.levels, advice.level)


@given(designs, levels(), st.data())
def test_time_without_a_dlt_never_makes_it_more_cautious(
    design: TiteBoin, before: LevelHistory, data: st.DataObject
) -> None:
    longer = tuple(max(part, data.draw(parts)) for part in before.pending)
    after = replace(before, pending=longer)
    found, later = design.letter(before), design.letter(after)
    if found is None or later is None:
        assert found == later
        return
    assert BOLDNESS.index(later) >= BOLDNESS.index(found)


@given(designs, levels())
def test_windows_that_have_all_ended_count_as_clear(design: TiteBoin, here: LevelHistory) -> None:
    """Nothing is imputed then: the rate is x / n, as BOIN would have it."""
    ended = replace(here, pending=(Fraction(1),) * len(here.pending))
    found, treated = design.letter(ended), here.evaluable + len(here.pending)
    if found is not None:
        boin = design.boin.decision(treated, here.dlts)
        assert found == ("D" if boin == "U" else boin)


@given(designs, histories())
def test_one_more_dlt_among_the_pending_never_makes_it_bolder(
    design: TiteBoin, history: History
) -> None:
    here = history.here
    before = design.letter(here)
    if not here.pending or before is None:
        return
    worse = replace(
        here, evaluable=here.evaluable + 1, dlts=here.dlts + 1, pending=here.pending[1:]
    )
    after = design.letter(worse)
    assert after is None or BOLDNESS.index(after) <= BOLDNESS.index(before)
