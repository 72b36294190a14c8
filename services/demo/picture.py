"""The picture of a trial: every subject as a mark at its dose level, Phase II, waitlist, review."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from services.demo.words import day_of, plain

MARKS: Mapping[str, tuple[str, str, str]] = {
    "cleared": ("■", "cleared", "green"),
    "dlt": ("✖", "DLT", "bold red"),
    "dosed": ("◔", "window open", "yellow"),
    "overdue": ("◕", "outcome to confirm", "bold yellow"),
    "authorised": ("◉", "may be dosed", "cyan"),
    "reserved": ("◌", "reserved", "cyan"),
    "held": ("◍", "held", "cyan"),
    "flagged": ("⚑", "flagged", "bold magenta"),
    "not_evaluable": ("□", "not evaluable", "dim"),
}
"""State of a slot -> mark, words, colour."""

ILLUSTRATIVE = "illustrative"
BAR_WIDTH = 50


def picture(board: dict[str, Any], waitlist: Sequence[dict[str, Any]]) -> RenderableType:
    """All of a trial on one screen; `board` and `waitlist` are as the API gives them."""
    zone = ZoneInfo(board["time_zone"])
    at = datetime.fromisoformat(board["time"]).astimezone(zone)
    title = f"{board['trial_id']} · {day_of(at)}, {at:%H:%M}"
    return Panel(
        Group(
            _phase1_line(board),
            _levels(board),
            _legend(board),
            Text(),
            *_phase2(board["phase2"], board["rp2d"]),
            *_waiting(waitlist),
            _review(board["review"]),
        ),
        title=Text(title, "bold"),
        title_align="left",
        padding=(1, 2),
    )


def mark_of(subject: dict[str, Any]) -> str:
    """The key into `MARKS` for a subject with a slot."""
    slot = subject["slot"]
    if slot["state"] in ("reserved", "authorised") and slot["flagged"]:
        return "flagged"
    return "overdue" if slot["overdue"] else str(slot["state"])


def _phase1_line(board: dict[str, Any]) -> Text:
    phase = board["phase1"]
    line = Text("Phase I  ", "bold").append(_words(phase["state"]), "default")
    if board["suspended"]:
        line.append(" · assignment suspended", "bold red")
    if phase["open_level"] is not None:
        line.append(f" · {phase['places']} places at {phase['open_level']}", "default")
    if board["mtd"] is not None:
        line.append(f" · MTD {board['mtd']}", "bold green")
    if board["rp2d"] is not None:
        line.append(f" · RP2D {board['rp2d']}", "bold green")
    if board["no_tolerable_dose"]:
        line.append(" · no tolerable dose", "bold red")
    return line


def _levels(board: dict[str, Any]) -> Table:
    """The highest level on top, as on a ladder."""
    phase = board["phase1"]
    doses = f"doses ({ILLUSTRATIVE})" if phase[ILLUSTRATIVE] else "doses"
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    table.add_column("level", style="bold")
    table.add_column(doses, style="dim")
    table.add_column("n", justify="right")
    table.add_column("DLT", justify="right")
    table.add_column("subjects", overflow="fold")
    table.add_column("")
    for level in reversed(phase["levels"]):
        table.add_row(
            level["level_id"],
            "\n".join(f"{d['drug']} {d['amount']} {d['unit']}" for d in level["doses"]),
            str(level["evaluable"]),
            str(level["dlts"]),
            _subjects(level["subjects"]),
            _state_of(level),
        )
    return table


def _subjects(subjects: Iterable[dict[str, Any]]) -> Text:
    line = Text()
    for subject in subjects:
        mark, _, colour = MARKS[mark_of(subject)]
        line.append(f"{mark}{subject['subject_id']}", colour).append("  ")
    return line if line.plain else Text("·", "dim")


def _state_of(level: dict[str, Any]) -> Text:
    if level["exceeded"]:
        return Text("exceeded", "red")
    if level["open"]:
        return Text(f"open, up to {level['target']}", "green")
    return Text("" if level["opened"] else "not opened", "dim")


def _legend(board: dict[str, Any]) -> Text:
    legend = Text()
    for mark, words, colour in MARKS.values():
        legend.append(f"{mark} ", colour).append(f"{words}   ", "dim")
    if board["protocol"][ILLUSTRATIVE]:
        legend.append("\nIllustrative values are made up: no advice on treating anybody.", "yellow")
    return legend


def _phase2(phase: dict[str, Any], level_id: str | None) -> Iterable[Text]:
    line = Text("Phase II ", "bold").append(_words(phase["state"]), "default")
    if phase["state"] == "not_open":
        return (line,)
    used = phase["dosed"] + phase["counted_from_phase1"]
    line.append(f" at {level_id} · {used} used, {phase['reserved']} reserved, ", "default")
    line.append(f"{phase['places']} of {phase['number']} places free", "default")
    if phase[ILLUSTRATIVE]:
        line.append(f" ({ILLUSTRATIVE} number)", "yellow")
    bar = Text()
    filled = [round(BAR_WIDTH * part / phase["number"]) for part in (used, phase["reserved"])]
    bar.append("■" * filled[0], "green").append("◌" * filled[1], "cyan")
    bar.append("·" * max(0, BAR_WIDTH - sum(filled)), "dim")
    return line, bar, _subjects(phase["reservations"])


def _waiting(waitlist: Sequence[dict[str, Any]]) -> Iterable[Text]:
    if not waitlist:
        return (Text("Waitlist ", "bold").append("nobody waits", "default"),)
    lines = [Text("Waitlist ", "bold")]
    for entry in waitlist:
        line = Text(f"  {entry['position']}. {entry['subject_id']} ", "yellow")
        line.append(f"Phase {'I' * entry['phase']}", "default")
        if entry["passed_over"]:
            line.append(" · passed over: results to renew", "magenta")
        lines.append(line)
    return lines


def _review(review: dict[str, Any] | None) -> Text:
    line = Text("Review   ", "bold")
    if review is None:
        return line.append("none is due", "default")
    advice = f"{plain(review['recommendation'])} {review['recommended_level_id'] or ''}".strip()
    signed = f"{len(review['signatures'])} of {review['signatures_required']} signatures"
    return line.append(f"due at {review['level_id']}: {advice} ({signed})", "bold yellow")


def _words(value: str) -> str:
    return value.replace("_", " ")
