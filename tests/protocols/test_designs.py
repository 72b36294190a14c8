"""Escalation designs in protocol files: what they become, and what is wrong with them."""

from dataclasses import replace
from fractions import Fraction

import pytest

from cohorts.designs.boin import Boin
from cohorts.designs.crm import Crm
from cohorts.designs.decision_table import DecisionTable
from cohorts.designs.design import Design
from cohorts.designs.rolling_six import RollingSix
from cohorts.designs.skeleton import skeleton
from cohorts.designs.three_plus_three import ThreePlusThree
from protocols.checks import doubts
from protocols.english import in_english
from protocols.parse import parse_protocol
from protocols.with_design import with_design
from tests.enrollment.designs import OTHERS, THIRTY, TIMED, design_for
from tests.protocols.build import SHIPPED, protocol_text
from tests.protocols.wrong import changed, wrong

BOIN = Boin(target=THIRTY, max_subjects=30, max_per_level=12)
TABLE = DecisionTable(
    rows=((3, "ESDU"), (6, "EESDUUU")),
    final="highest_tolerated",
    max_subjects=18,
    max_per_level=6,
)
CRM = Crm(skeleton=(0.1, 0.2, 0.3), target=0.25, max_subjects=30, max_per_level=12)


@pytest.mark.parametrize("pick", [0, 10, 20, 30])
@pytest.mark.parametrize("kind", [*OTHERS, *TIMED])
def test_a_design_written_into_a_protocol_is_read_back(kind: str, pick: int) -> None:
    design = design_for(kind, 3, pick)
    protocol = parse_protocol(protocol_text(design=design))
    assert protocol.phase1.design == design
    assert parse_protocol(with_design(protocol.text, design)).text == protocol.text


@pytest.mark.parametrize("variant", ["A", "B", "C"])
def test_and_the_three_plus_three_can_take_its_place_again(variant: str) -> None:
    text = with_design(protocol_text(design=TABLE), ThreePlusThree(variant))  # type: ignore[arg-type]
    assert parse_protocol(text).phase1.design == ThreePlusThree(variant)  # type: ignore[arg-type]


def test_the_shipped_protocol_takes_another_design_and_asks_for_no_more_than_it_promises() -> None:
    protocol = parse_protocol(with_design(SHIPPED.read_text("utf-8"), BOIN))
    assert protocol.phase1.design == BOIN
    assert protocol.phase1.rp2d_min_evaluable == 3


def test_what_is_left_out_has_the_value_of_the_paper() -> None:
    least = '[phase1.boin]\ntarget = "0.30"\nmax_subjects = 30\nmax_per_level = 12\n\n'
    assert parse_protocol(with_table(least, protocol_text(design=BOIN))).phase1.design == BOIN


def test_rolling_six_needs_no_table() -> None:
    text = with_table("", protocol_text(design=RollingSix("three_clear")))
    assert parse_protocol(text).phase1.design == RollingSix("printed")


def with_table(table: str, text: str) -> str:
    """The text with this in place of the design's own table."""
    before, rest = text.split("[phase1.", 1)
    return f"{before}{table}[[phase1.drugs]]{rest.split('[[phase1.drugs]]', 1)[1]}"


def test_a_skeleton_may_be_given_by_its_indifference_interval() -> None:
    text = changed(
        'skeleton = ["0.1", "0.2", "0.3"]',
        'halfwidth = "0.05"\nprior_mtd = "L2"',
        protocol_text(design=CRM),
    )
    expected = skeleton(target=0.25, halfwidth=0.05, prior_mtd=2, levels=3)
    assert parse_protocol(text).phase1.design == replace(CRM, skeleton=expected)


@pytest.mark.parametrize(
    ("design", "old", "new", "key", "rule"),
    [
        (BOIN, 'target = "0.3"', "target = 0.3", "target", "written as a string"),
        (BOIN, 'target = "0.3"', 'target = "1"', "target", "between more than 0 and less than 1"),
        (BOIN, 'target = "0.3"', 'target = "0.8"', "target", "would not be under 1"),
        (BOIN, 'target = "0.3"', 'target = "0.3"\nphi1 = "0.3"', "phi1", "under the target"),
        (BOIN, 'target = "0.3"', 'target = "0.3"\nphi2 = "0.2"', "phi2", "over the target"),
        (BOIN, 'target = "0.3"', 'targett = "0.3"', "targett", "unknown key"),
        (BOIN, "max_subjects = 30", "max_subjects = 10", "max_subjects", "fewer than the 12"),
        (BOIN, "max_per_level = 12", "max_per_level = 2", "max_per_level", "fewer than 3"),
        (BOIN, "cohort_size = 3", "cohort_size = 0", "cohort_size", "out of bounds"),
        (TABLE, '6 = "EESDUUU"', '6 = "EESDUU"', "", "needs 7 letters"),
        (TABLE, '6 = "EESDUUU"', '6 = "EESUDUU"', "", "bolder with more DLTs"),
        (TABLE, '6 = "EESDUUU"', '5 = "EESDUU"', "", "no row for 6"),
        (TABLE, '3 = "ESDU"', '3 = "ESDX"', "rows.3", "pattern"),
        (TABLE, 'final = "highest_tolerated"', 'final = "isotonic"', "", "A target is given"),
        (CRM, '["0.1", "0.2", "0.3"]', '["0.1", "0.2"]', "skeleton", "2 values for 3 levels"),
        (CRM, '["0.1", "0.2", "0.3"]', '["0.1", "0.3", "0.3"]', "skeleton", "does not rise"),
        (CRM, '["0.1", "0.2", "0.3"]', '["0.1", "0.3", "1.3"]', "skeleton[2]", "between more"),
        (CRM, "no_skip = true", "no_skip = false", "no_skip", "never skips a level"),
        (CRM, 'skeleton = ["0.1", "0.2", "0.3"]', 'halfwidth = "0.05"', "prior_mtd", "missing"),
        (CRM, 'target = "0.25"', 'target = "0.25"\nstop_above = "0.2"', "", "stop_above must be"),
    ],
)
def test_what_cannot_be_is_named_with_its_key_and_a_mend(
    design: Design, old: str, new: str, key: str, rule: str
) -> None:
    text = changed(old, new, protocol_text(design=design))
    at = f"phase1.{with_design_key(design)}{'.' if key else ''}{key}"
    problem = next(p for p in wrong(text).problems if p.key == at)
    assert rule in problem.rule
    assert problem.line is not None
    assert problem.mend


def with_design_key(design: Design) -> str:
    return {"BOIN": "boin", "decision table": "decision_table", "CRM": "crm"}[design.name]


def test_the_table_of_another_design_is_an_error_and_so_is_a_missing_one() -> None:
    text = protocol_text(design=BOIN)
    renamed = wrong(changed('design = "boin"', 'design = "crm"', text))
    assert [p.key for p in renamed.problems] == ["phase1.crm", "phase1.boin"]
    (variant,) = wrong(changed('design = "boin"', 'design = "boin"\nvariant = "A"', text)).problems
    assert variant.key == "phase1.variant"
    (missing,) = wrong(changed('variant = "B"\n', "")).problems
    assert (missing.key, missing.rule) == ("phase1.variant", "this key is missing")


def test_a_design_that_may_end_with_fewer_than_the_rp2d_needs_is_an_error() -> None:
    text = changed("rp2d_min_evaluable = 3", "rp2d_min_evaluable = 6", protocol_text(design=BOIN))
    (problem,) = wrong(text).problems
    assert problem.key == "phase1.rp2d_min_evaluable"
    assert "BOIN may end with 3 evaluable subjects" in problem.rule
    assert problem.mend == "set rp2d_min_evaluable to at most 3"


@pytest.mark.parametrize(
    ("design", "first"),
    [
        (
            RollingSix(),
            "Rolling six (Skolnik 2008) by the table that Frankel 2020 prints: escalate on three, "
            "four or five without a DLT once nobody is pending, on six without a DLT with at most "
            "one pending, or on six with one DLT once nobody is pending. Two DLTs stop a level",
        ),
        (BOIN, "BOIN (Liu and Yuan 2015) with target 0.3: escalate where the DLT rate is at or "
         "under 0.2365, de-escalate where it is at or over 0.3585, else stay."),
        (design_for("tite_boin"), "TITE-BOIN (Yuan 2018)"),
        (design_for("mtpi2"), "mTPI-2 (Guo 2017)"),
        (design_for("i3_plus_3"), "i3+3 (Liu 2020): a rate below the interval escalates"),
        (TABLE, "A decision table, a row for each number evaluable"),
        (CRM, "CRM with target 0.25 (empiric model, prior variance 1.34)"),
        (design_for("tite_crm"), "TITE-CRM with target 0.25"),
    ],
)  # fmt: skip
def test_each_is_told_in_plain_english(design: Design, first: str) -> None:
    protocol = parse_protocol(protocol_text(design=design))
    section = next(s for s in in_english(protocol) if s.title == "Phase I: escalation")
    assert section.sentences[0].startswith(first)


def test_a_fraction_of_the_window_is_kept_exactly() -> None:
    design = design_for("tite_crm", 3, 10)
    assert design.escalate_after == Fraction(1, 2)  # type: ignore[attr-defined]
    assert parse_protocol(protocol_text(design=design)).phase1.design == design


@pytest.mark.parametrize(
    ("design", "key", "sentence"),
    [
        (replace(BOIN, target=Fraction(1, 2)), "boin.target", "far from those in use"),
        (replace(BOIN, max_per_level=10), "boin.max_per_level", "no whole number of cohorts of 3"),
        (replace(BOIN, max_subjects=8, max_per_level=6), "boin.max_subjects", "cannot reach"),
        (CRM, "crm.stop_above", "always names a dose"),
    ],
)
def test_what_is_odd_is_a_doubt(design: Design, key: str, sentence: str) -> None:
    found = doubts(parse_protocol(protocol_text(design=design)))
    (doubt,) = [doubt for doubt in found if doubt.key == f"phase1.{key}"]
    assert sentence in doubt.sentence
    assert doubt.mend


def test_a_usual_design_raises_none() -> None:
    found = doubts(parse_protocol(protocol_text(design=BOIN)))
    assert [doubt.key for doubt in found if doubt.key.startswith("phase1")] == []


def test_sites_must_be_able_to_fill_the_first_cohort() -> None:
    text = protocol_text(design=RollingSix(), site_limit=1)
    assert any("a cohort of 6" in doubt.sentence for doubt in doubts(parse_protocol(text)))
