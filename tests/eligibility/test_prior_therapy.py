"""Prior chemotherapy: the grid of scenario S1 and every edge case of counting (decision 0003)."""

from typing import Any

import pytest

from eligibility.finding import Answer
from tests.eligibility.base import finding, verdict
from tests.eligibility.forms import regimen
from tests.eligibility.therapy import adjuvant, counted, judged, metastatic, said

P, F, R, U = Answer.PASS, Answer.FAIL, Answer.REVIEW, Answer.UNKNOWN

GRID = [
    # a, m, Phase I: I5a, E1, verdict; Phase II: I5a, E1, verdict
    (0, 0, R, P, "needs_review", F, P, "ineligible"),
    (0, 1, R, P, "needs_review", R, P, "needs_review"),
    (0, 2, F, F, "ineligible", F, F, "ineligible"),
    (1, 0, P, P, "eligible", P, P, "eligible"),
    (1, 1, R, R, "needs_review", F, R, "ineligible"),
    (1, 2, F, F, "ineligible", F, F, "ineligible"),
    (2, 0, P, R, "needs_review", P, R, "needs_review"),
    (2, 1, R, R, "needs_review", F, R, "ineligible"),
    (2, 2, F, F, "ineligible", F, F, "ineligible"),
]


def history(a: int, m: int) -> list[dict[str, Any]]:
    first = [adjuvant(f"early-{n}", 2012 + 3 * n) for n in range(a)]
    return first + [metastatic(f"late-{n}", 2023 + n) for n in range(m)]


@pytest.mark.parametrize(("a", "m", "i1", "e1", "v1", "i2", "e2", "v2"), GRID)
def test_the_grid(
    a: int, m: int, i1: Answer, e1: Answer, v1: str, i2: Answer, e2: Answer, v2: str
) -> None:
    found = verdict({"prior_regimens": history(a, m)})
    assert (finding(found, "I5a", 1).answer, finding(found, "E1", 1).answer) == (i1, e1)
    assert (finding(found, "I5a", 2).answer, finding(found, "E1", 2).answer) == (i2, e2)
    assert (found.outcome(1), found.outcome(2)) == (v1, v2)


LITERAL = [(0, 0, F), (0, 1, R), (0, 2, F), (1, 0, P), (1, 1, R), (1, 2, R), (2, 1, R), (2, 2, R)]


@pytest.mark.parametrize(("a", "m", "answer"), LITERAL)
def test_the_literal_phase_2_sentence_caps_nothing_after_adjuvant(
    a: int, m: int, answer: Answer
) -> None:
    protocol = counted(phase2_mode="literal")
    assert judged(history(a, m), 2, protocol)[0].answer is answer


@pytest.mark.parametrize(("m", "answer"), [(1, R), (2, F)])
def test_the_literal_sentence_can_be_capped(m: int, answer: Answer) -> None:
    protocol = counted(phase2_mode="literal", mbc_cap_when_adjuvant=1)
    assert judged(history(1, m), 2, protocol)[0].answer is answer


SCOPES = [
    # a, m, all settings, metastatic only
    (0, 1, P, P),
    (0, 2, F, F),
    (1, 1, F, P),
    (2, 0, F, P),
    (1, 2, F, F),
]


@pytest.mark.parametrize(("a", "m", "everywhere", "late"), SCOPES)
def test_exclusion_1_in_its_other_readings(
    a: int, m: int, everywhere: Answer, late: Answer
) -> None:
    protocol = counted(exclusion1_scope="all_settings")
    assert judged(history(a, m), 1, protocol)[1].answer is everywhere
    protocol = counted(exclusion1_scope="metastatic_only")
    assert judged(history(a, m), 1, protocol)[1].answer is late


@pytest.mark.parametrize(("m", "answer"), [(2, R), (3, F)])
def test_phase_1_takes_as_many_metastatic_lines_as_the_protocol_says(
    m: int, answer: Answer
) -> None:
    assert judged(history(0, m), 1, counted(phase1_max_mbc=2))[0].answer is answer


def test_never_asked_is_unknown_in_both_phases() -> None:
    found = verdict({"prior_regimens": None})
    assert finding(found, "I5a", 1).missing == ("prior_regimens",)
    assert finding(found, "E1", 2).answer is U


# --- one regimen or two -----------------------------------------------------------------------


def test_ac_then_t_planned_as_one_sequence_is_one_regimen() -> None:
    first = adjuvant("doxorubicin", planned_sequence="AC-T")
    then = adjuvant("paclitaxel", started_on="2015-06-15", planned_sequence="AC-T")
    assert said([first, then]) == "1 (neo)adjuvant and 0 metastatic"


def test_ac_then_t_with_no_word_of_a_sequence_asks_the_site() -> None:
    first = adjuvant("doxorubicin")
    then = adjuvant("paclitaxel", started_on="2015-06-15", stopped_on="2015-09-01")
    assert said([first, then]) == "1 to 2 (neo)adjuvant and 0 metastatic"
    included, excluded = judged([first, then])
    assert included.answer is P  # One or two, inclusion 5a is met.
    assert excluded.answer is U
    assert excluded.missing == ("prior_regimens.planned_sequence",)


@pytest.mark.parametrize(("starts", "count"), [("2015-09-29", "1 to 2"), ("2015-09-30", "2")])
def test_120_days_part_two_adjuvant_courses(starts: str, count: str) -> None:
    then = adjuvant("paclitaxel", started_on=starts, stopped_on="2015-12-01")
    assert said([adjuvant(), then]) == f"{count} (neo)adjuvant and 0 metastatic"


@pytest.mark.parametrize(("as_one", "count"), [(True, 1), (False, 2)])
def test_neoadjuvant_ac_then_adjuvant_capecitabine(as_one: bool, count: int) -> None:
    before = regimen("neoadjuvant", "doxorubicin", surgery="done")
    after = regimen("adjuvant", "capecitabine", started_on="2019-08-01", stopped_on="2020-01-10")
    protocol = counted(neoadjuvant_and_adjuvant_as_one=as_one)
    assert said([before, after], protocol) == f"{count} (neo)adjuvant and 0 metastatic"


def test_progression_under_the_neoadjuvant_regimen_makes_the_next_one_new() -> None:
    before = regimen("neoadjuvant", "doxorubicin", stop_reason="progression")
    after = regimen("adjuvant", "capecitabine", started_on="2019-08-01", stopped_on="2020-01-10")
    assert said([before, after]) == "2 (neo)adjuvant and 0 metastatic"


def test_one_cycle_stopped_for_toxicity_counts() -> None:
    assert said([adjuvant(stop_reason="toxicity", doses_given=1)]) == (
        "1 (neo)adjuvant and 0 metastatic"
    )


def test_a_new_agent_in_the_metastatic_setting_is_a_new_line() -> None:
    two = [metastatic("docetaxel", stop_reason="completed"), metastatic("gemcitabine", 2025)]
    assert said(two) == "0 (neo)adjuvant and 2 metastatic"


SWAP = "paclitaxel", "nab-paclitaxel"


@pytest.mark.parametrize(
    ("reason", "count"), [("allergy", 1), ("toxicity", 1), ("choice", 2), ("progression", 2)]
)
def test_a_taxane_swap_for_allergy_is_one_line(reason: str, count: int) -> None:
    first = metastatic(SWAP[0], stop_reason=reason)
    then = metastatic(SWAP[1], started_on="2024-06-10", stopped_on="2024-12-01")
    assert said([first, then]) == f"0 (neo)adjuvant and {count} metastatic"


def test_a_taxane_swap_for_allergy_meets_exclusion_21_as_well() -> None:
    first = metastatic("paclitaxel", stop_reason="allergy")
    found = verdict({"prior_regimens": [first]})
    assert finding(found, "E21").answer is F


def test_an_allergy_to_one_drug_of_several_needs_a_person() -> None:
    several = regimen("metastatic", "paclitaxel", "carboplatin", stop_reason="allergy")
    assert finding(verdict({"prior_regimens": [several]}), "E21").answer is R
    agents = [
        {"name": "paclitaxel", "drug_class": "cytotoxic", "stop_reason": "allergy"},
        {"name": "carboplatin", "drug_class": "cytotoxic", "stop_reason": "completed"},
    ]
    assert finding(verdict({"prior_regimens": [several | {"agents": agents}]}), "E21").answer is F


@pytest.mark.parametrize(("as_same", "count"), [(True, 1), (False, 2)])
def test_capecitabine_again_after_a_break_without_progression(as_same: bool, count: int) -> None:
    first = metastatic("capecitabine", stop_reason="choice")
    again = metastatic("capecitabine", 2025)
    protocol = counted(rechallenge_as_same=as_same)
    assert said([first, again], protocol) == f"0 (neo)adjuvant and {count} metastatic"


def test_capecitabine_again_after_progression_is_a_new_line() -> None:
    two = [metastatic("capecitabine"), metastatic("capecitabine", 2025)]
    assert said(two) == "0 (neo)adjuvant and 2 metastatic"


def test_capecitabine_again_after_a_break_for_unknown_reason_asks_the_site() -> None:
    two = [metastatic("capecitabine", stop_reason="unknown"), metastatic("capecitabine", 2025)]
    included, excluded = judged(two)
    assert (included.answer, excluded.answer) == (U, U)
    assert included.missing == ("prior_regimens.stop_reason",)


def test_dropping_one_drug_goes_on_with_the_line() -> None:
    both = regimen("metastatic", "docetaxel", "capecitabine", stop_reason="toxicity")
    alone = regimen("metastatic", "capecitabine", started_on="2019-07-01", stopped_on="2020-01-01")
    assert said([both, alone]) == "0 (neo)adjuvant and 1 metastatic"


def test_bevacizumab_maintenance_is_no_chemotherapy() -> None:
    agents = [
        {"name": "paclitaxel", "drug_class": "cytotoxic", "stopped_on": "2024-06-01"},
        {"name": "bevacizumab", "drug_class": "biologic"},
    ]
    first = metastatic(agents=agents, stop_reason="completed")
    alone = {**metastatic(year=2025), "agents": agents[1:], "intent": "maintenance"}
    assert said([first, alone]) == "0 (neo)adjuvant and 1 metastatic"


@pytest.mark.parametrize(("as_same", "count"), [(True, 1), (False, 2)])
def test_chemotherapy_as_maintenance(as_same: bool, count: int) -> None:
    first = metastatic("docetaxel", stop_reason="completed")
    then = {**metastatic("capecitabine"), "started_on": "2024-06-20", "intent": "maintenance"}
    protocol = counted(maintenance_as_same=as_same)
    assert said([first, then], protocol) == f"0 (neo)adjuvant and {count} metastatic"


def test_endocrine_maintenance_never_counts() -> None:
    agents = [{"name": "letrozole", "drug_class": "endocrine"}]
    then = {**metastatic(year=2025), "agents": agents, "intent": "maintenance"}
    assert said([metastatic(), then]) == "0 (neo)adjuvant and 1 metastatic"


def test_targeted_agents_alone_do_not_count() -> None:
    agents = [
        {"name": "olaparib", "drug_class": "targeted"},
        {"name": "palbociclib", "drug_class": "targeted"},
    ]
    assert said([metastatic(agents=agents)]) == "0 (neo)adjuvant and 0 metastatic"


def test_overlapping_regimens_ask_the_site() -> None:
    first = metastatic("docetaxel", stop_reason="completed")
    over = metastatic("gemcitabine", started_on="2024-05-01", stopped_on="2024-09-01")
    included, _ = judged([first, over])
    assert included.answer is U
    assert "overlap in time" in included.because


def test_one_regimen_recorded_by_two_sites_is_one() -> None:
    assert said([metastatic(), metastatic()]) == "0 (neo)adjuvant and 1 metastatic"


def test_the_same_drugs_at_overlapping_times_may_be_one_regimen() -> None:
    twice = [metastatic(), metastatic(started_on="2024-02-10", stopped_on="2024-06-10")]
    included, _ = judged(twice)
    assert included.answer is U
    assert "recorded twice" in included.because


def test_an_unknown_stop_date_counts_all_the_same() -> None:
    assert said([metastatic(stopped_on=None)]) == "0 (neo)adjuvant and 1 metastatic"


# --- which setting -----------------------------------------------------------------------------


def test_unknown_intent_asks_the_site() -> None:
    included, excluded = judged([regimen("unknown", "docetaxel")])
    assert included.answer is U
    assert included.missing == ("prior_regimens.intent",)
    assert excluded.answer is P  # One regimen, wherever it belongs.


def test_de_novo_disease_with_surgery_of_the_primary_stays_metastatic() -> None:
    assert said([metastatic(surgery="done")]) == "0 (neo)adjuvant and 1 metastatic"


SILENT = {
    "oligometastatic_curative": {"intent": "oligometastatic_curative"},
    "inoperable_neoadjuvant": {"intent": "neoadjuvant", "surgery": "never_possible"},
}


@pytest.mark.parametrize("key", SILENT)
def test_where_the_record_is_silent_a_person_decides(key: str) -> None:
    one = {**regimen("adjuvant", "docetaxel"), **SILENT[key]}
    assert judged([one])[0].answer is R
    assert "the protocol is silent" in judged([one])[0].because
    assert said([one], counted(**{key: "adjuvant"})) == "1 (neo)adjuvant and 0 metastatic"
    assert said([one], counted(**{key: "metastatic"})) == "0 (neo)adjuvant and 1 metastatic"


@pytest.mark.parametrize(
    ("after", "count"),
    [
        ("breast_conservation", "1 (neo)adjuvant and 0 metastatic"),
        ("mastectomy", "0 (neo)adjuvant and 1 metastatic"),
    ],
)
def test_locoregional_recurrence_in_both_surgical_contexts(after: str, count: str) -> None:
    one = regimen("locoregional_recurrence", "docetaxel", recurrence_after=after)
    assert judged([one])[0].answer is R
    assert said([one], counted(locoregional="by_surgery")) == count


def test_locoregional_recurrence_after_unknown_surgery_asks_the_site() -> None:
    one = regimen("locoregional_recurrence", "docetaxel")
    found = judged([one], protocol=counted(locoregional="by_surgery"))[0]
    assert (found.answer, found.missing) == (U, ("prior_regimens.recurrence_after",))


def test_a_second_breast_cancer_with_its_own_adjuvant_chemotherapy() -> None:
    second = adjuvant("docetaxel", 2020, disease="second_breast_primary")
    included, excluded = judged([adjuvant(), second])
    assert (included.answer, excluded.answer) == (P, R)
    ignored = counted(second_breast_primary="ignore")
    assert judged([adjuvant(), second], protocol=ignored)[1].answer is P
    both = counted(second_breast_primary="count")
    assert said([adjuvant(), second], both) == "2 (neo)adjuvant and 0 metastatic"


def test_paclitaxel_for_ovarian_cancer_goes_to_a_person_for_exclusion_1() -> None:
    ovary = adjuvant("paclitaxel", 2010, disease="other_cancer")
    included, excluded = judged([ovary, adjuvant()])
    assert (included.answer, excluded.answer) == (P, R)
    assert "another cancer" in excluded.because
    protocol = counted(other_cancer="ignore")
    assert judged([ovary, adjuvant()], protocol=protocol)[1].answer is P
    protocol = counted(other_cancer="count", exclusion1_scope="all_settings")
    assert judged([ovary, adjuvant()], protocol=protocol)[1].answer is F


def test_methotrexate_for_arthritis_is_no_regimen() -> None:
    arthritis = regimen("unknown", "methotrexate", disease="non_malignant")
    assert said([adjuvant(), arthritis]) == "1 (neo)adjuvant and 0 metastatic"


# --- what counts as given ----------------------------------------------------------------------


def test_an_investigational_agent_of_unknown_class_asks_the_site() -> None:
    agents = [{"name": "study drug X", "drug_class": "investigational"}]
    included, excluded = judged([adjuvant(), metastatic(agents=agents)])
    assert included.answer is U
    assert included.missing == ("prior_regimens.agents.drug_class",)
    assert excluded.answer is U


def test_a_regimen_without_its_agents_asks_the_site() -> None:
    assert judged([adjuvant(), metastatic(agents=[])])[0].answer is U


def test_zero_doses_with_a_start_ask_the_site() -> None:
    included, _ = judged([adjuvant(), metastatic(doses_given=0)])
    assert (included.answer, included.missing) == (U, ("prior_regimens.doses_given",))


def test_zero_doses_without_a_start_were_never_given() -> None:
    planned = metastatic(doses_given=0, started_on=None, stopped_on=None)
    assert said([adjuvant(), planned]) == "1 (neo)adjuvant and 0 metastatic"


# --- the edges of one line ----------------------------------------------------------------------


@pytest.mark.parametrize(("relapse", "count"), [("2024-07-01", 2), ("2024-07-02", 1)])
def test_a_relapse_parts_two_courses_up_to_the_day_the_second_begins(
    relapse: str, count: int
) -> None:
    first = metastatic("capecitabine", stop_reason="choice", progressed_on=relapse)
    again = metastatic("capecitabine", started_on="2024-07-01", stopped_on="2024-12-01")
    assert said([first, again]) == f"0 (neo)adjuvant and {count} metastatic"


@pytest.mark.parametrize(("starts", "count"), [("2024-05-31", "1 to 2"), ("2024-06-01", "2")])
def test_a_regimen_that_begins_when_the_other_stops_does_not_overlap(
    starts: str, count: str
) -> None:
    first = metastatic("docetaxel", stop_reason="completed")
    then = metastatic("gemcitabine", started_on=starts, stopped_on="2024-12-01")
    assert said([first, then]) == f"0 (neo)adjuvant and {count} metastatic"


@pytest.mark.parametrize(
    ("neoadjuvant", "after"),
    [
        ({}, {"started_on": "2019-08-01", "stopped_on": "2020-01-10"}),
        ({"started_on": None}, {"started_on": None, "stopped_on": "2020-01-10"}),
        ({}, {"started_on": None, "stopped_on": None}),
    ],
)
def test_courses_are_read_in_the_order_of_their_dates(
    neoadjuvant: dict[str, Any], after: dict[str, Any]
) -> None:
    """By start, else by stop; one without any date goes last. The form's order is no matter."""
    before = regimen("neoadjuvant", "doxorubicin", **neoadjuvant)
    then = regimen("adjuvant", "capecitabine", **after)
    assert said([then, before]) == said([before, then]) == "1 (neo)adjuvant and 0 metastatic"


def test_two_sequences_by_name_are_two_regimens() -> None:
    first = adjuvant("doxorubicin", planned_sequence="AC-T")
    then = adjuvant("paclitaxel", started_on="2015-06-15", planned_sequence="TC")
    assert said([first, then]) == "2 (neo)adjuvant and 0 metastatic"


@pytest.mark.parametrize("named", [0, 1])
def test_a_sequence_that_only_one_course_names_asks_the_site(named: int) -> None:
    courses = [
        adjuvant("doxorubicin"),
        adjuvant("paclitaxel", started_on="2015-06-15", stopped_on="2015-09-01"),
    ]
    courses[named]["planned_sequence"] = "AC-T"
    assert said(courses) == "1 to 2 (neo)adjuvant and 0 metastatic"


@pytest.mark.parametrize(
    ("of_regimen", "of_agents", "count"),
    [
        (None, (0, 0), "0 to 1"),
        (None, (0, 3), "1"),
        (None, (0, None), "1"),
        (0, (3, 3), "0 to 1"),
        (3, (0, 0), "1"),
    ],
)
def test_a_regimen_counts_by_the_doses_of_any_agent(
    of_regimen: int | None, of_agents: tuple[int | None, int | None], count: str
) -> None:
    names = zip(("docetaxel", "gemcitabine"), of_agents, strict=True)
    agents = [{"name": n, "drug_class": "cytotoxic", "doses_given": given} for n, given in names]
    given = metastatic(agents=agents, doses_given=of_regimen)
    assert said([given]) == f"0 (neo)adjuvant and {count} metastatic"


def test_one_regimen_recorded_twice_beside_another_of_the_same_day_is_one() -> None:
    """Whatever stands between the two records."""
    twice = [metastatic("docetaxel"), metastatic("gemcitabine"), metastatic("docetaxel")]
    assert said(twice) == "0 (neo)adjuvant and 2 metastatic"


def test_a_third_course_is_held_against_the_second_not_the_first() -> None:
    """Stopped by choice, taken up again, progressed under it: the next one is a new line."""
    first = metastatic("capecitabine", 2022, stop_reason="choice")
    again = metastatic("capecitabine", 2023, stop_reason="progression")
    third = metastatic("capecitabine", 2024, stop_reason="choice")
    assert said([first, again, third]) == "0 (neo)adjuvant and 2 metastatic"
