"""The rules of how code looks here that no linter knows."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("services", "streams", "enrollment", "protocols", "cohorts", "eligibility")
PURE = ("enrollment", "protocols", "cohorts", "eligibility")
MOST_LINES_OF_A_FILE = 300
MOST_LINES_OF_A_FUNCTION = 40
# Two closed unions: each a list that is read by searching, and would be harder to find in parts.
LISTS = {"enrollment/commands.py", "enrollment/events.py"}

# What a rule must never touch: clocks, chance, the outside.
BANNED_MODULES = {
    *("time", "random", "secrets", "logging", "os", "socket", "subprocess", "threading"),
    *("asyncio", "pathlib", "io", "tempfile", "shutil", "urllib", "http", "sys"),
}
BANNED_CALLS = {
    *("now", "utcnow", "today", "time_ns", "monotonic", "perf_counter", "fromtimestamp"),
    *("uuid1", "uuid4", "open", "print", "input", "getenv"),
}


def _sources(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    assert found
    return found


def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_point_one_way() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    said = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr


def test_every_file_opens_with_a_sentence_on_what_it_holds() -> None:
    silent = []
    for path in _sources(*PACKAGES, "tests", "benchmarks", "examples"):
        text = path.read_text("utf-8")
        opening = (ast.get_docstring(ast.parse(text)) or "").split("\n\n")[0].strip()
        if text.strip() and not opening.endswith((".", ":")):
            silent.append(_name(path))
    assert silent == []


def test_no_file_of_ours_is_longer_than_300_lines() -> None:
    lengths = {_name(path): _length(path) for path in _sources(*PACKAGES, "benchmarks")}
    assert lengths.keys() >= LISTS
    for name in LISTS:
        del lengths[name]
    assert {name: n for name, n in lengths.items() if n > MOST_LINES_OF_A_FILE} == {}


def test_no_function_of_ours_is_longer_than_40_lines() -> None:
    too_long = {
        f"{_name(path)}:{node.name}": length
        for path in _sources(*PACKAGES)
        for node in ast.walk(_parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := _body_lines(node)) > MOST_LINES_OF_A_FUNCTION
        and not _only_chooses(node)
    }
    assert too_long == {}


@pytest.mark.parametrize("package", PURE)
def test_no_rule_reads_a_clock_draws_lots_or_reaches_outside(package: str) -> None:
    assert [found for path in _sources(package) for found in _impure(path)] == []


def test_only_the_streams_import_faust_and_the_api_never_does() -> None:
    importers = {
        _name(path)
        for path in _sources(*PACKAGES, "benchmarks")
        if {"faust", "mode"} & {name.split(".")[0] for name in _imported(_parse(path))}
    }
    assert {name for name in importers if not name.startswith("streams/")} == set()
    code = "import services.api.app, sys; print(*(m for m in sys.modules if m == 'faust'))"
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == ""


def test_no_design_imports_or_reaches_into_anothers_private_parts() -> None:
    found = []
    for path in _sources("cohorts/designs"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                found += [f"{path}: {name.name}" for name in node.names if _private(name.name)]
            elif isinstance(node, ast.Attribute) and _private(node.attr):
                own = isinstance(node.value, ast.Name) and node.value.id == "self"
                found += [] if own else [f"{path}:{node.lineno}: {node.attr}"]
    assert found == []


def _private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def test_no_test_takes_anything_from_another() -> None:
    """What tests share stands beside them, so that each can be read and changed alone."""
    taken = {
        f"{_name(path)}: {name}"
        for path in _sources("tests", "benchmarks")
        for name in _imported(_parse(path))
        if name.rpartition(".")[2].startswith("test_")
    }
    assert taken == set()


def test_no_unfinished_work_is_marked_in_the_code() -> None:
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
    marked = [
        f"{_name(path)}:{number}"
        for path in _sources(*PACKAGES, "tests", "benchmarks", "examples")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if any(word in line.split() or f"{word}:" in line for word in words)
    ]
    assert marked == []


def test_the_check_of_purity_finds_what_it_looks_for(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text(
        '"""Bad."""\nimport time\nfrom datetime import datetime\nfrom os import path\n'
        "datetime.now()\nopen('x')\n"
    )
    assert [found.rpartition("bad.py")[2] for found in _impure(bad)] == [
        " imports time",
        " imports os",
        ":5 calls now",
        ":6 calls open",
    ]


def _length(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines with code: the contract in a docstring, comments and blank lines are not counted."""
    first = node.body[0]
    described = (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
    whole = (node.end_lineno or node.lineno) - node.lineno + 1
    return whole - ((first.end_lineno or 0) - first.lineno + 1 if described else 0)


def _only_chooses(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """One `match` over a closed union in which every arm is one statement: long as the union."""
    last = node.body[-1]
    return isinstance(last, ast.Match) and all(len(case.body) == 1 for case in last.cases)


def _impure(path: Path) -> list[str]:
    tree = _parse(path)
    where = str(path)
    imported = [
        f"{where} imports {name}"
        for name in _imported(tree)
        if name.split(".")[0] in BANNED_MODULES
    ]
    called = [
        f"{where}:{node.lineno} calls {name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and (name := _called(node)) in BANNED_CALLS
    ]
    return imported + called


def _imported(tree: ast.Module) -> list[str]:
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
    return names


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
