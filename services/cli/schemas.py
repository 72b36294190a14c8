"""`holdfast schemas`: writes the generated files, or says which of them are out of date."""

from pathlib import Path

import click
from rich.console import Console

from services.schemas import written_files

GENERATED = ("schemas/commands", "schemas/events")


@click.group()
def schemas() -> None:
    """JSON Schemas and the catalogue of errors, made from the code."""


@schemas.command()
@click.argument("root", type=click.Path(file_okay=False, path_type=Path), default=Path())
def write(root: Path) -> None:
    """Writes `schemas/` and `docs/errors.md` below ROOT (default: here)."""
    found = written_files()
    for path in stale(root, found):
        (root / path).unlink()
    for path, text in found.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    Console().print(f"{len(found)} files written below {root.resolve()}")


@schemas.command()
@click.argument("root", type=click.Path(file_okay=False, path_type=Path), default=Path())
def check(root: Path) -> None:
    """Exits 1 and names the files that differ from the code."""
    found = written_files()
    wrong = stale(root, found)
    wrong += [path for path, text in found.items() if _differs(root, path, text)]
    for path in wrong:
        Console().print(f"out of date: {path}; mend: holdfast schemas write")
    if wrong:
        raise SystemExit(1)


def _differs(root: Path, path: str, text: str) -> bool:
    target = root / path
    return not target.is_file() or target.read_text("utf-8") != text


def stale(root: Path, found: dict[str, str]) -> list[str]:
    """Files of generated folders that the code does not make any more."""
    there = [
        file.relative_to(root).as_posix()
        for folder in GENERATED
        for file in sorted((root / folder).glob("*.json"))
    ]
    return [path for path in there if path not in found]
