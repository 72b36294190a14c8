"""Errors name the line on which a person finds the key."""

from protocols.lines import dotted, line_of, lines_of

TEXT = '''id = "X"
note = """
id = "not a key"
"""

[phase1]
variant = "B"

[[phase1.levels]]
id = "L1"

[[phase1.levels]]   # The second.
id = "L2"
doses = [
  { drug = "a" },
]

[[outcomes]]
[outcomes.measured]
value = "1"
'''


def test_keys_and_tables_are_found_on_their_lines() -> None:
    assert lines_of(TEXT) == {
        ("id",): 1,
        ("note",): 2,
        ("phase1",): 6,
        ("phase1", "variant"): 7,
        ("phase1", "levels", 0): 9,
        ("phase1", "levels", 0, "id"): 10,
        ("phase1", "levels", 1): 12,
        ("phase1", "levels", 1, "id"): 13,
        ("phase1", "levels", 1, "doses"): 14,
        ("outcomes", 0): 18,
        ("outcomes", 0, "measured"): 19,
        ("outcomes", 0, "measured", "value"): 20,
    }


def test_what_has_no_line_is_placed_on_the_table_or_key_that_holds_it() -> None:
    lines = lines_of(TEXT)
    assert line_of(lines, ("phase1", "levels", 1, "doses", 0, "amount")) == 14
    assert line_of(lines, ("phase1", "start_level")) == 6
    assert line_of(lines, ("phase2",)) is None


def test_a_path_is_written_as_a_person_would() -> None:
    assert (
        dotted(("phase1", "levels", 1, "doses", 0, "amount")) == "phase1.levels[1].doses[0].amount"
    )
