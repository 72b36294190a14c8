"""Which telling of the story is current: a record is for ever, so each is a trial of its own."""

import json
import os
from pathlib import Path


def trial_of(home: Path, trial_id: str) -> str:
    """The trial of the current telling: the story's own id, then `-2`, `-3` and so on."""
    number = _read(home)
    return trial_id if number == 1 else f"{trial_id}-{number}"


def begin_anew(home: Path) -> None:
    """The next telling is a trial of its own; the old one stays in the record."""
    number = _read(home) + 1
    home.mkdir(parents=True, exist_ok=True)
    written = home / "demo.json.new"
    written.write_text(json.dumps({"telling": number}) + "\n", "utf-8")
    os.replace(written, home / "demo.json")


def _read(home: Path) -> int:
    try:
        return int(json.loads((home / "demo.json").read_text("utf-8"))["telling"])
    except FileNotFoundError:
        return 1
