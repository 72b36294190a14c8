"""Values that cannot be, and texts that are no protocol: each error says where and how to mend."""

import pytest

from protocols.parse import MAX_CHARACTERS, parse_protocol
from tests.protocols.build import protocol_text
from tests.protocols.wrong import changed, wrong


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
    [('id = "T1"\nversion = \n', 2), ("a = 1\n\nb = [1,\n", 3), ('id = "T1"\nid = "T2"\n', 2)],
)
def test_broken_syntax_is_named_with_its_line(broken: str, line: int) -> None:
    (problem,) = wrong(broken).problems
    assert problem.rule.startswith("not valid TOML")
    assert problem.line == line


@pytest.mark.parametrize("hostile", ["a = " + "[\n" * 50_000, "a = " + "{a=" * 600])
def test_hostile_text_is_an_error_and_never_a_crash(hostile: str) -> None:
    assert wrong(hostile).problems[0].rule.startswith("not valid TOML")


def test_a_text_that_is_too_large_is_refused_unread() -> None:
    (problem,) = wrong("#" * (MAX_CHARACTERS + 1)).problems
    assert "more than 400000" in problem.rule


@pytest.mark.parametrize("line", ["a." * 150_000 + "a = 1", "[" + "a." * 41 + "a]", "x" * 2001])
def test_a_line_that_would_keep_the_parser_busy_is_refused_unread(line: str) -> None:
    (problem,) = wrong('id = "T1"\n' + line).problems
    assert problem.rule == "a line has more than 2000 characters or 40 dots"
    assert problem.line == 2


def test_a_message_names_fifty_errors_and_counts_the_rest() -> None:
    sites = "\n".join('[[sites]]\nid = "S1"\nname = "again"\n' for _ in range(60))
    lines = str(wrong(protocol_text().replace("[[sites]]", f"{sites}\n[[sites]]", 1))).splitlines()
    assert lines[0] == "trial.toml: 60 errors"
    assert len(lines) == 52
    assert lines[-1] == "  and 10 more"


def test_several_errors_come_in_one_message_in_the_files_order() -> None:
    text = changed("stagger_days = 0", "stagger_days = -1")
    text = changed("number = 40", "numbre = 40", text)
    text = changed('\nid = "I1"\n', '\nid = "I1"\nyears_mni = 18\n', text)
    error = wrong(text)
    lines = [p.line for p in error.problems if p.line is not None]
    assert len(error.problems) >= 4
    assert lines == sorted(lines)
    assert str(error).count("Mend:") == len(error.problems)


@pytest.mark.parametrize(
    "text", ["", "id = 1", 'criteria = "none"', "criteria = [1]", "phase1 = 3"]
)
def test_a_file_of_another_shape_says_what_is_missing(text: str) -> None:
    assert "this key is missing" in str(wrong(text))
