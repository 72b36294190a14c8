"""What somebody copies from a table, an id of a right or of a parked message, is never cut."""

import pytest
from rich.table import Table

from services.cli.whole_table import print_whole


@pytest.mark.parametrize("columns", ["20", "80", "400"])
def test_nothing_is_cut_or_broken_however_narrow_the_terminal(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    cells = ("3/0", "retried as trial.requests 3/17", "coordinator of all trials  (g-9626b855a7d0)")
    table = Table("id", "state", "rights", box=None)
    table.add_row(*cells)
    print_whole(table)
    _, row = capsys.readouterr().out.splitlines()
    assert [cell for cell in cells if cell in row] == list(cells)
