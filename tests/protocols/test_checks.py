"""Doubts come in pairs: a file that raises one, and its neighbour just inside that does not."""

import pytest

from protocols.checks import doubts
from protocols.parse import parse_protocol
from tests.protocols.build import SHIPPED, protocol_text


def doubted(text: str) -> dict[str, list[str]]:
    """Sentences of the doubts, by key."""
    found: dict[str, list[str]] = {}
    for doubt in doubts(parse_protocol(text)):
        assert doubt.mend
        found.setdefault(doubt.key, []).append(doubt.sentence)
    return found


def fresh(**changes: object) -> str:
    """A text under which results go stale as in the shipped trial."""
    return protocol_text(results_go_stale=True, **changes)  # type: ignore[arg-type]


def changed(old: str, new: str, text: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


def test_the_shipped_trial_raises_no_doubt() -> None:
    assert doubts(parse_protocol(SHIPPED.read_text("utf-8"))) == ()


def test_a_sound_default_raises_no_doubt() -> None:
    assert doubted(fresh()) == {}


@pytest.mark.parametrize(
    ("key", "doubtful", "sound", "said"),
    [
        (
            "phase1.stagger_days",
            {"stagger_days": 22},
            {"stagger_days": 21},
            "the stagger of 22 days is longer than the DLT window of 21",
        ),
        (
            "phase1.start_level",
            {"start_level": "L3"},
            {"start_level": "L2"},
            "the first level, L3, is the highest: nothing can escalate",
        ),
        (
            "phase2.site_cap",
            {"number": 40, "site_cap": 41},
            {"number": 40, "site_cap": 40},
            "the cap of 41 per site is larger than the 40 of Phase II: it caps nothing",
        ),
        (
            "phase2.site_cap",
            {"number": 40, "site_cap": 13},
            {"number": 40, "site_cap": 14},
            "3 sites with a cap of 13 can take 39 of the 40 subjects of Phase II",
        ),
        (
            "assignment.max_live_reservations_per_site",
            {"site_limit": 1, "sites": ("S1", "S2")},
            {"site_limit": 1, "sites": ("S1", "S2", "S3")},
            "2 sites with at most 1 undosed reservation each can never fill a cohort of 3 at once",
        ),
        (
            "time_zone",
            {"time_zone": "UTC"},
            {"time_zone": "Europe/Berlin"},
            "in UTC windows end at midnight of no site of most trials",
        ),
    ],
)
def test_a_doubtful_setting_is_told_and_its_neighbour_is_not(
    key: str, doubtful: dict[str, object], sound: dict[str, object], said: str
) -> None:
    assert doubted(fresh(**doubtful)).get(key) == [said]
    assert key not in doubted(fresh(**sound))


def test_a_reservation_longer_than_the_dlt_window_is_doubtful() -> None:
    said = "a reservation of 505 hours outlasts the DLT window of 21 days"
    long = doubted(fresh(reservation_hours=505))["assignment.reservation_hours"]
    just = doubted(fresh(reservation_hours=504))["assignment.reservation_hours"]
    assert [one for one in long if one.startswith(said)]
    assert not [one for one in just if "DLT window" in one]


def test_a_level_at_which_a_drug_falls_is_doubtful() -> None:
    text = fresh()
    falling = changed('amount = "24"', 'amount = "19"', text)
    level = changed('amount = "24"', 'amount = "20"', text)
    assert doubted(falling) == {"phase1.levels": ["ixabepilone falls from L1 to L2"]}
    assert doubted(level) == {}


def test_another_schedule_cannot_be_compared() -> None:
    text = fresh()
    assert doubted(text.replace('"every 3 weeks"', '"weekly"')) == {}
    (said,) = doubted(changed('"every 3 weeks"', '"weekly"', text))["phase1.levels"]
    assert "is given weekly at L1 but every 3 weeks at L2" in said


def test_a_window_shorter_than_a_cycle_is_doubtful() -> None:
    longer = changed("stagger_days", "cycle_days = 22\nstagger_days", fresh())
    same = changed("stagger_days", "cycle_days = 21\nstagger_days", fresh())
    assert doubted(longer) == {
        "phase1.dlt_window_days": ["the DLT window of 21 days is shorter than a cycle of 22"]
    }
    assert doubted(same) == {}


def test_a_reservation_longer_than_the_pregnancy_test_is_doubtful() -> None:
    (said,) = doubted(fresh(reservation_hours=169))["assignment.reservation_hours"]
    assert "longer than the 7 days for which results for" in said
    assert "I14" in said
    assert doubted(fresh(reservation_hours=168)) == {}


def test_results_that_outlive_the_screening_period_are_doubtful() -> None:
    found = doubted(fresh(screening_days=41))
    (said,) = [s for sentences in found.values() for s in sentences]
    assert "valid for 42 days, longer than the screening period of 41" in said
    assert "I11" in said
    assert doubted(fresh(screening_days=42)) == {}


def test_a_dlt_window_longer_than_the_screening_period_is_doubtful() -> None:
    """Whoever is screened while a cohort is followed waits for the end of its windows."""
    found = doubted(fresh(screening_days=42, dlt_window_days=43))
    (said,) = found["assignment.screening_days"]
    assert said == (
        "the DLT window of 43 days is longer than the screening period of 42: whoever waits for "
        "the end of a window must be screened again"
    )
    assert doubted(fresh(screening_days=42, dlt_window_days=42)) == {}


def test_a_her2_danger_that_only_warns_is_doubtful() -> None:
    warns = changed('her2_safety = "review"', 'her2_safety = "warn"', fresh())
    (said,) = doubted(warns)["criteria.I6"]
    assert "positive by ASCO/CAP 2018 or 2023 only raises a warning" in said
    assert doubted(fresh()) == {}


def test_limits_that_exclude_each_other_are_doubtful() -> None:
    """Haemoglobin over 9 in I8; a second limit below it, and just above."""

    def with_limit(limit: str) -> str:
        limits = fresh().index("limits = [", fresh().index('id = "I8"'))
        text, at = fresh(), limits + len("limits = [")
        return f'{text[:at]}{{ analyte = "haemoglobin", {limit} }}, {text[at:]}'

    (said,) = doubted(with_limit('under = "9", unit = "g/dL"'))["criteria.I8"]
    assert said == (
        "haemoglobin must be over 9 g/dL (I8) and under 9 g/dL (I8): nobody can meet both"
    )
    assert "criteria.I8" in doubted(with_limit('max = "90", unit = "g/L"'))
    assert "criteria.I8" in doubted(with_limit('under = "8", unit = "g/dL"'))
    assert doubted(with_limit('under = "9.1", unit = "g/dL"')) == {}


@pytest.mark.parametrize(
    ("lower", "upper", "doubtful"),
    [
        ('min = "90", unit = "g/L"', 'max = "9", unit = "g/dL"', False),
        ('min = "90.1", unit = "g/L"', 'max = "9", unit = "g/dL"', True),
        ('min = "90", unit = "g/L"', 'max = "8.9", unit = "g/dL"', True),
        ('min = "90", unit = "g/L"', 'under = "9", unit = "g/dL"', True),
    ],
)
def test_limits_in_two_units_are_held_against_each_other(
    lower: str, upper: str, doubtful: bool
) -> None:
    both = f'{{ analyte = "haemoglobin", {lower} }}, {{ analyte = "haemoglobin", {upper} }}'
    own = '{ analyte = "haemoglobin", over = "9", unit = "g/dL" }'
    assert ("criteria.I8" in doubted(changed(own, both, fresh()))) is doubtful


def with_settings(**settings: str) -> str:
    """The default text with settings of I5a in place of its own."""
    head, tail = fresh().split('\nid = "I5a"\n', 1)
    table, rest = tail.split("[[criteria]]", 1)
    kept = [line for line in table.splitlines() if line.split(" = ")[0] not in settings]
    new = [f"{key} = {value}" for key, value in settings.items()]
    return "\n".join([head, 'id = "I5a"', *new, *kept, f"[[criteria]]{rest}"])


def test_a_reading_of_phase_1_that_exclusion_1_can_never_admit_is_doubtful() -> None:
    (said,) = doubted(with_settings(phase1_max_mbc="2"))["criteria.I5a"]
    assert "exclusion 1 fails more than one in every reading" in said
    assert doubted(with_settings(phase1_max_mbc="1")) == {}


def test_the_literal_reading_of_phase_2_without_a_cap_is_doubtful() -> None:
    literal = with_settings(phase2_mode='"literal"', mbc_cap_when_adjuvant='"none"')
    capped = with_settings(phase2_mode='"literal"', mbc_cap_when_adjuvant="1")
    (said,) = doubted(literal)["criteria.I5a"]
    assert "caps no metastatic regimens after adjuvant ones" in said
    assert doubted(capped) == {}
