"""What findings come to, what a signed decision settles, and properties that hold for any form."""

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eligibility.criteria.counting_rules import CountingRules
from eligibility.criteria.prior_therapy import ChemotherapyCount
from eligibility.finding import Answer, Earliest, Finding
from eligibility.form import ScreeningForm
from eligibility.judge import inputs_digest
from eligibility.verdict import Outcome, Settlement, Verdict
from protocols.declared import DECLARED
from protocols.parse import parse_protocol
from tests.eligibility.base import anchors, finding, form, raw, shipped, verdict
from tests.eligibility.forms import ELIGIBLE, regimen

P, F, R, U = Answer.PASS, Answer.FAIL, Answer.REVIEW, Answer.UNKNOWN


def of(*answers: Answer) -> Verdict:
    findings = (Finding(f"C{n}", (1, 2), answer, "Because.") for n, answer in enumerate(answers))
    return Verdict("0" * 64, anchors(), tuple(findings))


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ((P, P), Outcome.ELIGIBLE),
        ((P, R), Outcome.NEEDS_REVIEW),
        ((R, U), Outcome.INCOMPLETE),
        ((U, F), Outcome.INELIGIBLE),
        ((R, F), Outcome.INELIGIBLE),
        ((), Outcome.INCOMPLETE),
    ],
)
def test_fail_then_unknown_then_review_decide(
    answers: tuple[Answer, ...], outcome: Outcome
) -> None:
    assert of(*answers).outcome(1) is outcome


def test_the_earliest_date_is_the_last_of_all_fails_and_none_if_one_has_none() -> None:
    young = {"demographics.birth_date": "2009-03-25"}
    both = young | {"operations": [{"kind": "major", "happened_on": "2027-03-20"}]}
    assert verdict(young).earliest(1) == Earliest("registration", date(2027, 3, 25))
    assert verdict(both).earliest(1) == Earliest("first_dose", date(2027, 4, 18))
    assert verdict(both | {"life_expectancy_months": 2}).earliest(1) is None
    assert verdict().earliest(1) is None


def second_line(**more: Any) -> dict[str, Any]:
    return {"prior_regimens": [regimen("metastatic", "docetaxel", **more)]}


def signed(found: Verdict, criterion_id: str, phase: int) -> frozenset[Settlement]:
    inputs = finding(found, criterion_id, phase).inputs
    assert inputs is not None
    return frozenset({Settlement(criterion_id, phase, inputs)})


def test_a_signed_decision_settles_a_review_for_its_phase_only() -> None:
    settlements = signed(verdict(second_line()), "I5a", 1)
    found = verdict(second_line(), settlements=settlements)
    assert finding(found, "I5a", 1).answer is P
    assert finding(found, "I5a", 1).because.startswith("Settled by a signed decision: ")
    assert finding(found, "I5a", 2).answer is R
    assert (found.outcome(1), found.outcome(2)) == ("eligible", "needs_review")


def test_a_finding_for_both_phases_is_split_when_one_is_settled() -> None:
    ish = [{"assay": "SISH", "probe": "dual", "ratio": "1.2"}]
    one = {"specimen": "a", "tissue": "primary", "ihc": [{"score": "2+"}], "ish": ish}
    disagree = {"her2_specimens": [one]}
    settlements = signed(verdict(disagree), "I6", 2)
    found = verdict(disagree, settlements=settlements)
    assert finding(found, "I6", 1).answer is R
    assert finding(found, "I6", 2).answer is P
    assert [f.criterion_id for f in found.findings_for(2)] == list(DECLARED)


def test_a_signed_decision_is_void_once_its_inputs_change() -> None:
    settlements = signed(verdict(second_line()), "I5a", 1)
    changed = verdict(second_line(doses_given=5), settlements=settlements)
    assert finding(changed, "I5a", 1).answer is R


def test_a_signed_decision_stands_when_other_facts_change() -> None:
    settlements = signed(verdict(second_line()), "I5a", 1)
    changed = verdict(second_line() | {"life_expectancy_months": 9}, settlements=settlements)
    assert finding(changed, "I5a", 1).answer is P


def test_a_signed_decision_is_void_under_other_parameters() -> None:
    settlements = signed(verdict(second_line()), "I5a", 1)
    text = shipped().text.replace("sequence_gap_days = 120", "sequence_gap_days = 90")
    changed = verdict(second_line(), settlements=settlements, protocol=parse_protocol(text))
    assert finding(changed, "I5a", 1).answer is R


def test_a_fail_cannot_be_settled() -> None:
    taken = {"medicines": [{"name": "ketoconazole", "ongoing": "yes"}]}
    [criterion] = [one for one in shipped().criteria if one.id == "E17"]
    inputs = inputs_digest(criterion, form(taken))
    forged = frozenset(Settlement("E17", phase, inputs) for phase in (1, 2))
    found = verdict(taken, settlements=forged)
    assert (finding(found, "E17").answer, finding(found, "E17").inputs) == (F, None)


# --- properties ---------------------------------------------------------------------------------

PATHS = sorted(
    [key for key in ELIGIBLE if key not in ("subject_id", "site_id", "completed_on",
                                            "planned_first_dose_on")]
    + [f"{k}.{sub}" for k, v in ELIGIBLE.items() if isinstance(v, dict) for sub in v]
)  # fmt: skip
YES_NO = sorted(
    f"{k}.{sub}" for k, v in ELIGIBLE.items() if isinstance(v, dict) for sub in v
    if v[sub] in ("yes", "no")
)  # fmt: skip
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(
    removed=st.lists(st.sampled_from(PATHS), max_size=6),
    flipped=st.dictionaries(st.sampled_from(YES_NO), st.sampled_from(["yes", "no", "unknown"])),
    registration=st.dates(date(2027, 1, 1), date(2027, 12, 31)),
    days=st.integers(0, 60),
)
def test_any_form_gets_exactly_one_finding_a_criterion_and_phase_and_round_trips(
    removed: list[str], flipped: dict[str, str], registration: date, days: int
) -> None:
    dose = date.fromordinal(registration.toordinal() + days)
    changes: dict[str, Any] = {**flipped, **dict.fromkeys(p for p in removed if "." in p)}
    changes |= dict.fromkeys(p for p in removed if "." not in p)
    changes = {k: v for k, v in changes.items() if k.partition(".")[0] not in removed or v is None}
    found = verdict(changes, anchors(registration, dose))
    for phase in (1, 2):
        assert [f.criterion_id for f in found.findings_for(phase)] == list(DECLARED)
    for one in found.findings:
        assert one.because[0].isupper() or not one.because[0].isalpha()
        assert one.because.endswith(".")
        assert bool(one.missing) == (one.answer is U)
        assert (one.inputs is not None) == (one.answer is R)
        assert one.earliest is None or one.answer is F
    assert Verdict.from_json(found.to_json()) == found


NEEDS = {
    "consent": ["I17"],
    "demographics": ["I1", "I14", "I15"],
    "disease": ["I2"],
    "lesions": ["I3"],
    "brain_metastases": ["I4"],
    "her2_specimens": ["I6"],
    "prior_regimens": ["I5a", "I5c", "I5d", "E1", "E2", "E3"],
    "radiotherapy": ["I5b"],
    "labs": ["I8", "I9", "I10", "I12"],
    "lvef": ["I11"],
    "blood_pressure": ["E11"],
    "performance": ["I7"],
    "life_expectancy_months": ["I13"],
    "pregnancy": ["I14", "E4"],
    "contraception": ["I15"],
    "toxicities": ["I16"],
    "neuropathy": ["E5"],
    "illness": ["E6"],
    "viruses": ["E7"],
    "other_malignancies": ["E8"],
    "concurrent": ["E9"],
    "heart": ["E10"],
    "thrombotic_events": ["E12"],
    "bleeding_events": ["E13"],
    "wounds": ["E14"],
    "bleeding_disorder": ["E15"],
    "operations": ["E16"],
    "major_surgery_anticipated": ["E16"],
    "medicines": ["E17", "E18"],
    "absorption": ["E19"],
    "compliance": ["E20"],
    "allergies": ["E21"],
}
NEVER_NEEDED_ALONE = {"warfarin_or_heparin"}
"""Asked only where the INR is too high."""


@pytest.mark.parametrize("section", NEEDS)
def test_no_criterion_passes_without_its_facts(section: str) -> None:
    found = verdict({section: None})
    assert found.outcome(1) == found.outcome(2) == "incomplete"
    assert list(found.unknowns(1)) == sorted(NEEDS[section], key=DECLARED.index)


LEAVES = sorted(f"{k}.{sub}" for k, v in ELIGIBLE.items() if isinstance(v, dict) for sub in v)
ENOUGH_WITHOUT = {
    "consent.study_procedures_begun",  # Their first day is given.
    "demographics.sex",  # Childbearing potential is given.
    "disease.liver_metastases",  # AST and ALT are low.
    "disease.metastasis_biopsied",  # Unequivocal is enough.
    "disease.metastasis_unequivocal",  # Biopsied is enough.
}


@pytest.mark.parametrize("leaf", LEAVES)
def test_leaving_out_one_answer_is_never_read_as_good_news(leaf: str) -> None:
    expected = "eligible" if leaf in ENOUGH_WITHOUT else "incomplete"
    assert verdict({leaf: None}).outcome(1) == expected


def test_every_section_of_the_form_is_needed_by_a_criterion() -> None:
    envelope = {"subject_id", "site_id", "completed_on", "planned_first_dose_on", "late_entry"}
    assert set(ScreeningForm.model_fields) - envelope == NEEDS.keys() | NEVER_NEEDED_ALONE
    read = {name for criterion in shipped().criteria for name in criterion.rule.sections}
    assert set(ScreeningForm.model_fields) - envelope == read


def test_an_empty_form_is_unknown_throughout() -> None:
    bare = {k: None for k in raw() if k in NEEDS or k in NEVER_NEEDED_ALONE}
    found = verdict(bare)
    assert {f.answer for f in found.findings} == {U}


def test_leaving_out_what_is_only_asked_in_need_changes_nothing() -> None:
    assert verdict({"warfarin_or_heparin": None}).outcome(1) == "eligible"


def test_findings_read_back_are_the_ones_written_however_much_they_say() -> None:
    young = {"demographics.birth_date": "2009-03-25", "labs": [], "viruses.hiv": "yes"}
    for changes in ({}, young, second_line()):
        found = verdict(changes)
        again = Verdict.from_json(found.to_json())
        assert again == found
        assert [one.to_json() for one in again.findings] == found.to_json()["findings"]


def test_two_ways_of_counting_on_one_form_do_not_share_a_count() -> None:
    recurrence = regimen("locoregional_recurrence", "docetaxel", recurrence_after="mastectomy")
    text = {"prior_regimens": [recurrence]}
    one, on = form(text), anchors()
    rules = [CountingRules(locoregional=how) for how in ("review", "by_surgery", "review")]
    criteria = [ChemotherapyCount("metastatic_only", counted) for counted in rules]
    shared = [criterion.judge(one, on) for criterion in criteria]
    assert shared == [criterion.judge(form(text), on) for criterion in criteria]
    assert shared[0] != shared[1]
