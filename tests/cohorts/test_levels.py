"""Dose levels: what rises and what falls from one to the next."""

from decimal import Decimal

from cohorts.levels import DoseLevel, DrugDose, falls, rises, steps


def level(level_id: str, ordinal: int, **amounts: str) -> DoseLevel:
    doses = tuple(DrugDose(drug, Decimal(a), "mg", "daily") for drug, a in amounts.items())
    return DoseLevel(level_id, ordinal, doses)


LOW = level("L1", 1, sorafenib="200", ixabepilone="32")


def test_each_drug_is_compared_by_itself() -> None:
    higher = level("L2", 2, sorafenib="400", ixabepilone="25.5")
    assert rises(LOW, higher) == ("sorafenib",)
    assert falls(LOW, higher) == ("ixabepilone",)


def test_the_same_doses_neither_rise_nor_fall_however_they_are_written() -> None:
    same = level("L2", 2, sorafenib="200.0", ixabepilone="32.00")
    assert rises(LOW, same) == ()
    assert falls(LOW, same) == ()


def test_a_drug_that_a_level_does_not_give_counts_as_nothing() -> None:
    alone = level("L0", 0, sorafenib="200")
    assert rises(alone, LOW) == ("ixabepilone",)
    assert falls(LOW, alone) == ("ixabepilone",)


def test_neighbours_are_paired_in_order() -> None:
    middle, top = level("L2", 2, sorafenib="300"), level("L3", 3, sorafenib="400")
    assert steps((LOW, middle, top)) == ((LOW, middle), (middle, top))
    assert steps((LOW,)) == ()
