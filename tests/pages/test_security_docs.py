"""What docs/security.md says is tested is tested, by the name that it gives."""

import re
from pathlib import Path

from services.signin.words import ROLES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text("utf-8")


def test_every_test_that_the_list_names_is_there() -> None:
    named = re.findall(r"`(tests/\S+\.py)::(test_\w+)`", TEXT)
    assert len(named) > 20
    missing = [
        f"{path}::{name}"
        for path, name in named
        if f"def {name}(" not in (ROOT / path).read_text("utf-8")
    ]
    assert missing == []


def test_every_role_is_told_of() -> None:
    assert [role for role in ROLES if f"| {role} |" not in TEXT] == []
