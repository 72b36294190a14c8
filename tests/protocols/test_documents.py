"""What `docs/protocol-files.md` says of a protocol file is what the parser knows."""

import re
from pathlib import Path

from pydantic import BaseModel

from eligibility.criteria import FAMILIES
from protocols.design_tables import DESIGN_TABLES
from protocols.shape import (
    AssignmentTable,
    BackfillTable,
    PhaseOneTable,
    PhaseTwoTable,
    ProtocolFile,
)

TEXT = (Path(__file__).parents[2] / "docs" / "protocol-files.md").read_text("utf-8")
NAMED = set(re.findall(r"`\[*([\w.]+)\]*`", TEXT))


def test_every_family_of_criteria_is_described_in_a_row_of_its_own() -> None:
    assert [name for name in FAMILIES if f"\n| `{name}` |" not in TEXT] == []


def test_every_key_of_the_file_is_named() -> None:
    tables: tuple[type[BaseModel], ...] = (
        ProtocolFile,
        PhaseOneTable,
        PhaseTwoTable,
        AssignmentTable,
        BackfillTable,
        *DESIGN_TABLES.values(),
    )
    keys = {key for table in tables for key in table.model_fields}
    nested = {key: f"phase1.{key}" for key in ("drugs", "levels", "backfill", *DESIGN_TABLES)}
    assert {key for key in keys if nested.get(key, key) not in NAMED} == set()


def test_every_key_of_the_shipped_criteria_is_named() -> None:
    shipped = (Path(__file__).parents[2] / "protocols" / "nct00825734.toml").read_text("utf-8")
    criteria = shipped.split("# --- Eligibility ---", 1)[1]
    keys = set(re.findall(r"(?m)^(\w+) = ", criteria))
    gaps = {"angina_months_over", "angina_anchor", "infarction_months_over", "infarction_anchor"}
    assert keys - gaps - NAMED == set()
