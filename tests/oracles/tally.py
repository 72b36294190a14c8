"""How many rows of which file were checked in this run, for the summary at its end."""

from dataclasses import dataclass, field

import pytest


@dataclass
class Tally:
    """Counts by file."""

    rows: dict[str, int] = field(default_factory=dict)
    checked: dict[str, int] = field(default_factory=dict)
    wrong: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def take_in(self, other: "Tally") -> None:
        """Those of another process, which has checked other files."""
        self.rows |= other.rows
        self.checked |= other.checked
        self.wrong |= other.wrong
        self.left_out |= other.left_out

    def lines(self) -> list[str]:
        """One line a file and one for all."""
        width = max(map(len, [*self.rows, *self.left_out, ""]))
        told = [
            f"{name:<{width}}  {self.checked[name]:>4} of {self.rows[name]:>4} rows checked"
            + (f", {self.wrong[name]} wrong" if self.wrong[name] else "")
            for name in sorted(self.rows)
        ]
        told += [
            f"{name:<{width}}  not checked: {why}" for name, why in sorted(self.left_out.items())
        ]
        checked, rows = sum(self.checked.values()), sum(self.rows.values())
        return [*told, f"{checked} of {rows} rows of {len(self.rows)} files checked"]


TALLY = pytest.StashKey[Tally]()
