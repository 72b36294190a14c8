"""A protocol is parsed strictly: either it is sound, or each error says where and how to mend it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256

import pytest

from protocols.errors import ProtocolError
from protocols.parse import MAX_CHARACTERS, parse_protocol
from tests.protocols.build import SHIPPED, criteria_text, protocol_text


def wrong(text: str) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(text, "trial.toml")
    return caught.value


def changed(old: str, new: str, text: str | None = None) -> str:
    """The default text with one change that must apply."""
    text = protocol_text() if text is None else text
    assert old in text
    return text.replace(old, new, 1)


def line_with(text: str, part: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)


# --- what is sound -------------------------------------------------------------------------------


def test_the_default_text_is_the_p0_of_the_scenarios() -> None:
    protocol = parse_protocol(protocol_text())
    phase1, assignment = protocol.phase1, protocol.assignment
    assert protocol.time_zone.key == "America/Chicago"
    assert phase1.variant == "B"
    assert [(level.level_id, level.ordinal) for level in phase1.levels] == [
        ("L1", 1),
        ("L2", 2),
        ("L3", 3),
    ]
    assert phase1.start_level == "L1"
    assert (phase1.dlt_window_days, phase1.stagger_days, phase1.rp2d_min_evaluable) == (21, 0, 3)
    assert assignment.reservation_hours == 72
    assert assignment.waitlist_order == "first_come"
    assert assignment.max_live_reservations_per_site is None
    assert protocol.site_ids == ("S1", "S2", "S3")
    assert protocol.phase2.site_cap is None
    assert len(protocol.criteria) == 41
    assert protocol.illustrative == () or all(
        name.startswith("criteria.") for name in protocol.illustrative
    )


def test_the_digest_is_the_sha256_of_the_text() -> None:
    text = protocol_text()
    protocol = parse_protocol(text)
    assert protocol.text == text
    assert protocol.digest == sha256(text.encode()).hexdigest()
    assert parse_protocol(text + "\n").digest != protocol.digest


def test_days_begin_at_midnight_of_the_trials_time_zone() -> None:
    protocol = parse_protocol(protocol_text())
    assert protocol.midnight(date(2027, 3, 16)).astimezone(UTC) == datetime(
        2027, 3, 16, 5, 0, tzinfo=UTC
    )
    assert protocol.local_date(datetime(2027, 3, 16, 4, 59, tzinfo=UTC)) == date(2027, 3, 15)


def test_doses_are_decimals_as_written() -> None:
    text = changed('amount = "100"', 'amount = "12.50"')
    assert str(parse_protocol(text).phase1.levels[0].doses[0].amount) == "12.50"


def test_the_shipped_trial_is_sound_and_complete() -> None:
    protocol = parse_protocol(SHIPPED.read_text("utf-8"), SHIPPED.name)
    assert protocol.protocol_id == "NCT00825734"
    assert len(protocol.criteria) == 41
    assert protocol.phase1.variant == "C"
    assert protocol.registry is not None
    assert protocol.registry.first_received_on == date(2009, 1, 19)
    assert [outcome.kind for outcome in protocol.outcomes] == ["primary"] + ["secondary"] * 4


def test_the_outcome_of_the_record_is_kept_as_measured() -> None:
    measured = parse_protocol(SHIPPED.read_text("utf-8")).outcomes[0].measured
    assert measured is not None
    assert measured.subjects_analysed == 76
    assert (measured.statistic, measured.value, measured.unit) == ("median", Decimal("4.8"), "months")
    assert (measured.confidence_percent, measured.low, measured.high) == (
        95,
        Decimal("3.5"),
        Decimal("6.3"),
    )


def test_everything_outside_the_public_record_is_marked_illustrative() -> None:
    marked = parse_protocol(SHIPPED.read_text("utf-8")).illustrative
    assert {"phase1", "phase2", "assignment", "sites"} <= set(marked)
    assert "registry" not in marked
    assert "outcomes" not in marked


# --- what stops ----------------------------------------------------------------------------------


def test_an_unknown_key_is_named_with_file_line_and_mend() -> None:
    text = changed("dlt_window_days = 21", "dlt_windw_days = 21")
    message = str(wrong(text))
    line = line_with(text, "dlt_windw_days")
    assert message.startswith("trial.toml: 2 errors\n")
    assert (
        f"line {line}, phase1.dlt_windw_days: unknown key. "
        "Mend: write `dlt_window_days`, or remove it." in message
    )
    assert "phase1.dlt_window_days: this key is missing. Mend: add `dlt_window_days = ...`." in message


def test_an_unknown_table_is_named() -> None:
    problem = wrong(protocol_text() + "\n[phase3]\nnumber = 4\n").problems[0]
    assert (problem.key, problem.rule) == ("phase3", "unknown key")
    assert problem.mend.startswith("write `phase")


@pytest.mark.parametrize("criterion_id", ["I1", "I5c", "E21"])
def test_a_missing_criterion_is_named(criterion_id: str) -> None:
    tables = criteria_text().split("[[criteria]]")
    kept = [table for table in tables if f'\nid = "{criterion_id}"\n' not in table]
    assert len(kept) == len(tables) - 1
    error = wrong(protocol_text(criteria="[[criteria]]".join(kept)))
    assert [p.rule for p in error.problems] == [f"criterion {criterion_id} is missing"]


def test_all_missing_criteria_are_named_at_once() -> None:
    error = wrong(protocol_text(criteria=""))
    assert "I5a, I5b, I5c, I5d" in str(error)
    assert "criteria" in {p.key for p in error.problems}


def test_two_criteria_with_one_id_are_named() -> None:
    text = changed('\nid = "E21"', '\nid = "E20"')
    problems = {p.rule: p for p in wrong(text).problems}
    assert "two criteria have the id E20" in problems
    assert problems["two criteria have the id E20"].line is not None
    assert "criterion E21 is missing" in problems


def test_a_criterion_that_the_record_does_not_have_is_named() -> None:
    problems = [p.rule for p in wrong(changed('\nid = "E21"', '\nid = "E22"')).problems]
    assert problems == ["the record has no criterion E22", "criterion E21 is missing"]


def test_an_unknown_criterion_family_is_named_with_its_line() -> None:
    table = next(t for t in criteria_text().split("[[criteria]]") if '\nid = "I1"\n' in t)
    family = next(line for line in table.splitlines() if line.startswith("family = "))
    text = changed(family, 'family = "horoscope"')
    (problem,) = wrong(text).problems
    assert problem.key == "criteria.I1.family"
    assert "horoscope" in problem.rule
    assert problem.line == line_with(text, "horoscope")


def test_an_unknown_key_of_a_criterion_is_named_with_its_line() -> None:
    text = changed('\nid = "I1"\n', '\nid = "I1"\nyears_mni = 18\n')
    problem = wrong(text).problems[0]
    assert (problem.key, problem.rule) == ("criteria.I1.years_mni", "unknown key")
    assert problem.line == line_with(text, "years_mni")


@pytest.mark.parametrize(
    ("change", "key", "rule"),
    [
        ({"sites": ("S1", "S1")}, "sites[1].id", 'two sites have the id "S1"'),
        ({"levels": ("L1", "L2", "L1")}, "phase1.levels[2].id", 'two levels have the id "L1"'),
        ({"start_level": "L9"}, "phase1.start_level", 'there is no level "L9"'),
        ({"sites": ("centre",)}, "sites[0].id", '"centre" is the coordinating centre itself'),
        ({"sites": ("S 1",)}, "sites[0].id", "an id has 1 to 64 letters, digits, dots"),
        ({"time_zone": "America/Springfield"}, "time_zone", "is not an IANA time zone"),
        ({"time_zone": "../etc/passwd"}, "time_zone", "is not an IANA time zone"),
        ({"time_zone": "America"}, "time_zone", "is not an IANA time zone"),
        ({"variant": "D"}, "phase1.variant", "'D' is not known"),
        ({"waitlist_order": "by_lot"}, "assignment.waitlist_order", "'by_lot' is not known"),
        ({"reserve_on": "hope"}, "assignment.reserve_on", "'hope' is not known"),
        ({"dlt_window_days": 0}, "phase1.dlt_window_days", "0 is out of bounds"),
        ({"stagger_days": -1}, "phase1.stagger_days", "-1 is out of bounds"),
        ({"reservation_hours": 0}, "assignment.reservation_hours", "0 is out of bounds"),
        ({"site_limit": 0}, "assignment.max_live_reservations_per_site", "0 is out of bounds"),
        ({"site_cap": 0}, "phase2.site_cap", "0 is out of bounds"),
        ({"number": 0}, "phase2.number", "0 is out of bounds"),
        ({"signatures_required": 0}, "phase1.signatures_required", "0 is out of bounds"),
    ],
)
def test_a_value_that_cannot_be_is_named(change: dict[str, object], key: str, rule: str) -> None:
    error = wrong(protocol_text(**change))  # type: ignore[arg-type]
    problem = next(p for p in error.problems if p.key == key)
    assert rule in problem.rule
    assert problem.line is not None
    assert problem.mend


@pytest.mark.parametrize(
    ("amount", "rule"),
    [
        ("100", "a number that matters is written as a string"),
        ("100.0", "a number that matters is written as a string"),
        ('"0"', "must be greater than zero"),
        ('"-1"', "is not a plain decimal number greater than zero"),
        ('"NaN"', "is not a plain decimal number greater than zero"),
        ('"1e9"', "is not a plain decimal number greater than zero"),
        ('"ten"', "is not a plain decimal number greater than zero"),
    ],
)
def test_a_dose_is_a_positive_decimal_in_quotes(amount: str, rule: str) -> None:
    (problem,) = wrong(changed('amount = "100"', f"amount = {amount}")).problems
    assert problem.key == "phase1.levels[0].doses[0].amount"
    assert rule in problem.rule


def test_a_float_where_a_count_is_due_is_refused() -> None:
    (problem,) = wrong(changed("reservation_hours = 72", "reservation_hours = 72.0")).problems
    assert problem.mend == "write a whole number without quotes"


def test_an_order_in_which_no_drug_rises_is_an_error() -> None:
    text = changed('amount = "200"', 'amount = "100"').replace('amount = "24"', 'amount = "20"')
    (problem,) = wrong(text).problems
    assert problem.rule == "no drug rises from L1 to L2"
    assert problem.key == "phase1.levels[1]"


def test_a_dose_in_another_unit_cannot_be_compared() -> None:
    text = protocol_text()
    second = text.rindex('unit = "mg"')
    (problem,) = wrong(text[:second] + 'unit = "g"' + text[second + len('unit = "mg"') :]).problems
    assert problem.rule == "sorafenib is in g at L3 but in mg before"


def test_a_drug_that_is_not_declared_or_given_twice_is_named() -> None:
    rules = [p.rule for p in wrong(changed('drug = "ixabepilone"', 'drug = "sorafenib"')).problems]
    assert '"sorafenib" has two doses at L1' in rules
    (problem,) = wrong(changed('drug = "ixabepilone"', 'drug = "epothilone"')).problems
    assert problem.rule == '"epothilone" is no drug of [[phase1.drugs]]'


def test_more_required_than_planned_doses_leave_nobody_evaluable() -> None:
    (problem,) = wrong(changed("required_doses = 32", "required_doses = 43")).problems
    assert problem.rule.startswith("sorafenib requires 43 doses of 42 planned")


@pytest.mark.parametrize(
    ("variant", "least", "sound"),
    [
        ("A", 3, True), ("A", 4, False), ("A", 6, False),
        ("B", 3, True), ("B", 4, False), ("B", 6, False),
        ("C", 3, True), ("C", 6, True), ("C", 7, False),
    ],
)  # fmt: skip
def test_a_design_may_not_end_below_what_the_rp2d_needs(
    variant: str, least: int, sound: bool
) -> None:
    text = protocol_text(variant=variant, rp2d_min_evaluable=least)
    if sound:
        assert parse_protocol(text).phase1.rp2d_min_evaluable == least
        return
    (problem,) = wrong(text).problems
    assert problem.key == "phase1.rp2d_min_evaluable"
    assert f"3+3 variant {variant} may end with" in problem.rule


@pytest.mark.parametrize(
    ("broken", "line"),
    [('id = "T1"\nversion = \n', 2), ('a = 1\n\nb = [1,\n', 3), ('id = "T1"\nid = "T2"\n', 2)],
)
def test_broken_syntax_is_named_with_its_line(broken: str, line: int) -> None:
    (problem,) = wrong(broken).problems
    assert problem.rule.startswith("not valid TOML")
    assert problem.line == line


@pytest.mark.parametrize("hostile", ["a = " + "[" * 50_000, "a = " + "9" * 5_000])
def test_hostile_text_is_an_error_and_never_a_crash(hostile: str) -> None:
    assert wrong(hostile).problems[0].rule.startswith("not valid TOML")


def test_a_text_that_is_too_large_is_refused_unread() -> None:
    (problem,) = wrong("#" * (MAX_CHARACTERS + 1)).problems
    assert "more than 400000" in problem.rule


def test_several_errors_come_in_one_message_in_the_files_order() -> None:
    text = changed("stagger_days = 0", "stagger_days = -1")
    text = changed("number = 40", "numbre = 40", text)
    text = changed('\nid = "I1"\n', '\nid = "I1"\nyears_mni = 18\n', text)
    error = wrong(text)
    lines = [p.line for p in error.problems if p.line is not None]
    assert len(error.problems) >= 4
    assert lines == sorted(lines)
    assert str(error).count("Mend:") == len(error.problems)


@pytest.mark.parametrize("text", ["", "id = 1", 'criteria = "none"', "criteria = [1]", "phase1 = 3"])
def test_a_file_of_another_shape_says_what_is_missing(text: str) -> None:
    assert "this key is missing" in str(wrong(text))
