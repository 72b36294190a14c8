"""`holdfast simulate` as a statistician meets it: tables, files, the report, errors with a mend."""

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from enrollment.simulate_conditions import Conditions
from services.cli.main import main
from services.cli.simulate_run import chance_of, run
from streams.verify import verify
from tests.protocols.build import protocol_text

LEVELS = ("L1", "L2", "L3")
TRUTH = "0.05,0.2,0.45"
COLUMNS = {"COLUMNS": "200"}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def protocol(tmp_path: Path) -> Path:
    file = tmp_path / "trial.toml"
    file.write_text(protocol_text(levels=LEVELS), "utf-8")
    return file


def called(protocol: Path, *more: str, truth: str = TRUTH) -> Result:
    given = ["simulate", str(protocol), "--truth", truth, "--processes", "1", *more]
    return CliRunner().invoke(main, given, env=COLUMNS)


def done(protocol: Path, *more: str, trials: int = 12, truth: str = TRUTH) -> str:
    result = called(protocol, "--trials", str(trials), *more, truth=truth)
    assert result.exit_code == 0, result.output + result.stderr
    return result.output


def test_designs_stand_side_by_side_with_exact_values_beside(protocol: Path) -> None:
    said = done(protocol, "--design", "own", "--design", "boin", "--design", "rolling_six")
    assert re.search(r"3\+3 B \(own\).*BOIN.*rolling six", said, re.I)
    none = next(line for line in said.splitlines() if "none" in line)
    assert none.count("(") == 2, "rolling six has no exact values"
    assert "12 trials of 3 designs on T1 version 1.0, seed 1" in said
    assert "Next:" in said


@pytest.mark.parametrize("width", [60, 80, 132, 400])
def test_no_number_and_no_name_is_cut_however_many_designs_there_are(
    protocol: Path, tmp_path: Path, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told.json"
    named = ["3+3:variant=C", "rolling_six", "boin", "mtpi", "keyboard", "i3_plus_3", "tite_crm"]
    asked = [part for name in named for part in ("--design", name)]
    monkeypatch.setitem(COLUMNS, "COLUMNS", str(width))
    said = done(protocol, *asked, "--json", str(told), trials=2)
    assert "…" not in said
    drawn = [line for line in said.splitlines() if line[:1] in tuple("┏┡│└┃")]
    assert max(map(len, drawn)) <= width
    cells = [cell.strip() for line in drawn for cell in line.split("│")]
    for design in json.loads(told.read_text())["designs"]:
        for at, share in enumerate(design["simulated"]["select"]):
            exact = (
                "" if design["exact"] is None else f" ({100 * design['exact']['select'][at]:.1f})"
            )
            assert f"{100 * share:.1f}{exact}" in cells


def test_with_backfill_there_are_no_exact_values_to_compare_with(tmp_path: Path) -> None:
    file = tmp_path / "backfill.toml"
    file.write_text(protocol_text(levels=LEVELS, backfill=(9, True)), "utf-8")
    report = tmp_path / "report.html"
    assert "In brackets" not in done(file, "--report", str(report), trials=2)
    assert "diamonds" not in report.read_text()


def test_files_hold_the_same_numbers(protocol: Path, tmp_path: Path) -> None:
    names = ["out.json", "out.csv", "out.html", "out.svg"]
    files = [tmp_path / name for name in names]
    options = ["--json", "--csv", "--report"]
    asked = [part for pair in zip(options, map(str, files), strict=False) for part in pair]
    said = done(protocol, "--design", "own", "--design", "crm", *asked)
    assert all(f"Wrote {file}." in said for file in files[:3])
    told = json.loads(files[0].read_text())
    assert told["levels"] == list(LEVELS)
    first = told["designs"][0]
    assert sum(first["simulated"]["select"]) == pytest.approx(1)
    rows = list(csv.DictReader(files[1].open()))
    selected = [row for row in rows if row["design"] == first["label"]]
    selected = [row for row in selected if row["quantity"] == "selected"]
    assert [float(row["simulated"]) for row in selected] == first["simulated"]["select"]
    assert [float(row["exact"]) for row in selected] == first["exact"]["select"]
    for share in first["simulated"]["select"]:
        assert f"{100 * share:.1f}" in files[2].read_text()


class Tags(HTMLParser):
    """Start tags with their attributes, to see that nothing is fetched from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_report_needs_nothing_else_and_says_in_words_what_it_draws(
    protocol: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.html"
    done(protocol, "--design", "own", "--design", "boin", "--report", str(report))
    text = report.read_text()
    tags = Tags()
    tags.feed(text)
    assert not [tag for tag, _ in tags.found if tag in ("script", "link", "img", "iframe")]
    assert not [a for _, a in tags.found if "href" in a or "src" in a]
    pictures = re.findall(r"<svg.*?</svg>", text, re.S)
    assert len(pictures) == 3
    # Each picture's title stands once: above it, not in it again.
    titles = re.findall(r"<h2>([^<]*)</h2>\s*<figure", text)
    assert len(titles) == 3
    assert not [title for title in titles if f">{title}</text>" in text]
    assert ["diamonds" in picture for picture in pictures] == [True, True, False]
    for picture in pictures:
        root = ElementTree.fromstring(picture)
        assert root.attrib["role"] == "img"
        described = root.find(f"{SVG}desc")
        assert described is not None
        assert "A is 3+3 B (own); B is BOIN" in (described.text or "")
        ids = re.findall(r'id="([^"]+)"', picture)
        assert set(re.findall(r"url\(#([^)]+)\)", picture)) <= set(ids)
    every = re.findall(r'<pattern id="([^"]+)"', text)
    assert len(every) == len(set(every)) == 6
    assert "every simulated command" in text.lower()


def test_every_table_of_the_report_fits_a_page_however_many_designs_there_are(
    protocol: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.html"
    many = [part for n in range(7) for part in ("--design", f"boin:max_subjects={20 + n}")]
    done(protocol, *many, "--report", str(report), trials=1)
    tables = re.findall(r"<table>.*?</table>", report.read_text(), re.S)
    assert len(tables) == 6, "three things of five designs, then of two"
    for table in tables:
        head, *rows = re.findall(r"<tr>(.*?)</tr>", table, re.S)
        columns = head.count("<th")
        assert columns <= 7
        assert all(row.count("<th") + row.count("<td") == columns for row in rows)
    for n in range(7):
        said = [f"max_subjects {20 + n}</th>" in table for table in tables]
        assert said == [n < 5, n >= 5] * 3


def test_the_report_names_parameters_as_the_protocol_file_does(
    protocol: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.html"
    done(protocol, "--design", "crm", "--report", str(report), trials=2)
    method = report.read_text().partition("How it was made")[2]
    assert "prior_variance 1.34" in method
    assert "prior_sd" not in method
    assert not re.search(r"\d\.\d{8}", method), "no digits that say nothing"


def test_a_report_may_be_one_picture(protocol: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.svg"
    done(protocol, "--report", str(report))
    root = ElementTree.parse(report).getroot()
    said = "".join(root.itertext())
    assert "Selected as MTD" in said
    assert "Subjects dosed" in said
    assert "Days from the opening" in said


def test_the_picture_says_what_it_is_of_what_is_illustrative_and_how_it_was_made(
    tmp_path: Path,
) -> None:
    report = tmp_path / "report.svg"
    trial = Path(__file__).parents[2] / "protocols" / "nct00825734.toml"
    done(trial, "--design", "boin", "--report", str(report), trials=2, truth="0.05,0.1,0.2,0.4")
    seen = " ".join(text.text or "" for text in ElementTree.parse(report).iter(f"{SVG}text"))
    assert "Simulated Phase I of NCT00825734, version 1.0" in seen
    assert "True DLT probabilities 0.05, 0.1, 0.2, 0.4; target 0.25" in seen
    assert "Illustrative, not in the public record: phase1, phase2" in seen
    assert "Every simulated command was decided by the decider" in seen
    assert "the people: 1." in seen, "the seed"
    assert "BOIN: cohort_size 3" in seen
    assert "bound_mtd false" in seen


def test_no_two_designs_look_alike_in_a_report(protocol: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.svg"
    many = [part for n in range(9) for part in ("--design", f"boin:max_subjects={20 + n}")]
    done(protocol, *many, "--report", str(report), trials=1)
    fills = re.findall(r"<pattern [^>]*>(.*?)</pattern>", report.read_text())
    assert len(fills) == len(set(fills)) == 9


def test_names_are_escaped_in_the_report(tmp_path: Path) -> None:
    file, report = tmp_path / "odd.toml", tmp_path / "report.html"
    marked = protocol_text(levels=LEVELS, version="1 <b>&")
    file.write_text(marked, "utf-8")
    done(file, "--report", str(report))
    assert "<b>" not in report.read_text()
    assert "1 &lt;b&gt;&amp;" in report.read_text()


def test_a_simulated_trial_is_exported_and_every_decision_taken_again_is_the_same(
    protocol: Path, tmp_path: Path
) -> None:
    file = tmp_path / "trial.ndjson"
    said = done(
        *(protocol, "--design", "boin:max_subjects=15,max_per_level=9", "--export", str(file)),
        *("--not-evaluable", "0.1", "--lapsed", "0.1", "--screen-failure", "0.2"),
        trials=2,
    )
    head = re.search(r"--head ([0-9a-f]{64})", said)
    assert head is not None
    report = verify(file, head[1])
    assert report.holds
    assert report.records == report.derived > 30
    assert report.signatures > 3
    changed = file.read_bytes().replace(b'"outcome":"cleared"', b'"outcome":"CLEARED"', 1)
    file.write_bytes(changed)
    assert not verify(file).holds


def test_the_exported_trial_is_the_first_of_those_that_were_counted(
    protocol: Path, tmp_path: Path
) -> None:
    export, told = tmp_path / "trial.ndjson", tmp_path / "told.json"
    done(protocol, "--export", str(export), "--json", str(told), trials=1)
    records = [json.loads(line) for line in export.read_text().splitlines()[1:]]
    events = [event for record in records for event in record["events"]]
    dosed = [event["level_id"] for event in events if event["type"] == "FirstDoseRecorded"]
    simulated = json.loads(told.read_text())["designs"][0]["simulated"]
    assert [dosed.count(level) for level in LEVELS] == simulated["subjects"]
    dlts = [event["level_id"] for event in events if event["type"] == "DltRecorded"]
    assert [dlts.count(level) for level in LEVELS] == simulated["dlts"]


def test_numbers_do_not_depend_on_the_processes_nor_on_how_many_trials_follow() -> None:
    text, under = protocol_text(levels=LEVELS), Conditions((0.05, 0.2, 0.45))
    alone = run(text, under, 7, 45, 1)
    assert run(text, under, 7, 45, 3) == alone
    assert run(text, under, 7, 21, 1) == alone[:21]
    assert run(text, under, 8, 21, 1) != alone[:21]


def test_chance_of_a_trial_is_fixed_for_ever() -> None:
    """The same seed must give the same trials in every later version."""
    drawn = [chance_of(1, number).random() for number in (0, 1)]
    assert drawn == [0.20749838337739235, 0.2876452373559205]


@pytest.mark.parametrize(
    ("asked", "label", "parameters"),
    [
        ("boin:target=0.3,cohort_size=1", "BOIN, target 0.3, cohort_size 1", {"target": "0.3"}),
        ("3+3:variant=A", "3+3 A", {"variant": "A"}),
        ("crm:skeleton=0.1/0.2/0.4,coherent=false", "CRM, skeleton", {"coherent": False}),
        ("tite_boin", "TITE-BOIN", {"max_subjects": 30}),
        ("keyboard", "keyboard", {"cohort_size": 3}),
    ],
)
def test_a_design_is_named_with_parameters_of_its_own(
    protocol: Path, tmp_path: Path, asked: str, label: str, parameters: dict[str, Any]
) -> None:
    told = tmp_path / "told.json"
    done(protocol, "--design", asked, "--json", str(told), trials=1)
    design = json.loads(told.read_text())["designs"][0]
    assert design["label"].lower().startswith(label.lower())
    assert design["parameters"].items() >= parameters.items()


def test_common_parameters_go_to_every_design_that_has_them(protocol: Path, tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    named = ["--design", "3+3", "--design", "boin", "--design", "crm"]
    done(protocol, *named, "--param", "max_subjects=15", "--json", str(told), trials=1)
    designs = json.loads(told.read_text())["designs"]
    assert [each["parameters"].get("max_subjects") for each in designs] == [None, 15, 15]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--design", "boim"], '--design: there is no design "boim". Mend: own, 3+3'),
        (["--design", "boin:targt=0.3"], "boin has no parameter targt. Mend: it has bound_mtd"),
        (["--design", "boin:target"], '"target" is not name=value'),
        (["--design", "boin:cohort_size=x"], "boin.cohort_size is a number of subjects"),
        (["--design", "boin:extra_safe=1"], "boin.extra_safe is true or false"),
        (["--design", "boin:target=1.5"], "boin.target"),
        (["--design", "boin:max_per_level=2"], "fewer than 3"),
        (["--design", "crm:skeleton=0.2/0.1/0.3"], "skeleton does not rise"),
        (["--design", "decision_table"], "a decision table has no default"),
        (["--design", "own:variant=A"], "own takes no parameters. Mend: write 3+3:"),
        (["--design", "boin", "--design", "boin"], "BOIN stands twice"),
        (["--param", "target=0.3"], "--param: it is for designs that are named"),
        (["--design", "boin", "--param", "skeleton=0.1"], "no design that you named has"),
        (["--days-to-dose", "4"], "a reservation lives 72 hours"),
        (["--screen-failure", "1"], "nobody ever enters"),
        (["--target", "x"], '--target: "x" is no number'),
        (["--report", "out.pdf"], "out.pdf is neither. Mend: end it in .html or .svg"),
        (["--json", "/not/there/out.json"], "the folder /not/there is not there"),
        (["--days-between", "3000", "--most-days", "30"], "no simulated trial ended"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_mend(
    protocol: Path, more: list[str], says: str
) -> None:
    result = called(protocol, "--trials", "1", *more)
    assert result.exit_code == 2
    assert says in result.stderr
    assert "Mend" in result.stderr


@pytest.mark.parametrize(
    ("truth", "says"),
    [
        ("0.1,0.2", "2 probabilities for the 3 levels L1, L2, L3. Mend: give 3"),
        ("0.1,0.2,1.2", "1.2 is no probability"),
        ("0.1,0.2,x", '"x" is no number'),
    ],
)
def test_a_truth_that_does_not_fit_is_named(protocol: Path, truth: str, says: str) -> None:
    result = called(protocol, truth=truth)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_truth_that_falls_or_is_all_above_the_target_is_doubted(protocol: Path) -> None:
    result = called(protocol, "--trials", "1", truth="0.5,0.4,0.6")
    assert "--truth falls from one level to the next" in result.output
    assert "every level of --truth is above the target" in result.output
