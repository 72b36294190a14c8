"""The verifier finds whatever was changed in an export, and says what and why it matters."""

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enrollment.version import RULES_VERSION
from streams.export import write
from streams.record import Record
from streams.verify import verify
from streams.verify_report import MOST_FAULTS, Kind, Report
from tests.streams.forging import Plain, forged
from tests.streams.told import story_records

SHORT = 8
"""Decisions of the short export: adoption, sites, activation and the first form."""


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory, records: tuple[Record, ...]) -> Path:
    file = tmp_path_factory.mktemp("export") / "short.ndjson"
    write(file, records[0].trial_id, records[:SHORT])
    return file


def kinds(report: Report) -> set[Kind]:
    return {fault.kind for fault in report.faults}


def with_lines(whole: Path, to: Path, change: Callable[[list[bytes]], None]) -> Report:
    lines = whole.read_bytes().splitlines(keepends=True)
    change(lines)
    to.write_bytes(b"".join(lines))
    return verify(to)


def test_a_whole_trial_holds_with_every_decision_taken_again(
    whole: Path, records: tuple[Record, ...]
) -> None:
    report = verify(whole, head=records[-1].hash)
    assert report.faults == []
    assert (report.holds, report.exit_code) == (True, 0)
    assert (report.records, report.derived, report.head) == (75, 75, records[-1].hash)
    assert (report.verdicts, report.assignments, report.signatures) == (37, 17, 6)


def test_the_same_records_give_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    write(tmp_path / "again", "NCT00825734-demo", story_records())
    assert (tmp_path / "again").read_bytes() == whole.read_bytes()


def test_the_short_export_holds(short: Path) -> None:
    report = verify(short)
    assert (report.faults, report.derived) == ([], SHORT)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_one_changed_byte_anywhere_is_found(
    short: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(short.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1), label="at")
    content[at] = data.draw(st.integers(0, 255).filter(lambda b: b != content[at]), label="byte")
    changed = tmp_path_factory.getbasetemp() / "changed.ndjson"
    changed.write_bytes(content)
    assert not verify(changed).holds


def test_a_changed_byte_is_found_in_every_part_of_the_file(short: Path, tmp_path: Path) -> None:
    """Every 13th position of the first line, every 197th of one record, every 911th of all."""
    content = short.read_bytes()
    first, last = content.index(b"\n") + 1, content.rindex(b"\n", 0, -1)
    for at in {*range(0, first, 13), *range(last, len(content), 197), *range(0, len(content), 911)}:
        changed = bytearray(content)
        changed[at] ^= 0x20 if at % 2 else 0x01
        (tmp_path / "changed").write_bytes(changed)
        assert not verify(tmp_path / "changed").holds, at


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda lines: lines.pop(30), "chain"),
        (lambda lines: lines.insert(30, lines.pop(31)), "chain"),
        (lambda lines: lines.append(lines[-1]), "chain"),
        (lambda lines: lines.append(b"\n"), "line"),
        (lambda lines: lines.append(b"{}\n"), "line"),
        (lambda lines: lines.append(lines.pop()[:-1]), "line"),
        (lambda lines: lines.append(lines.pop()[:-40]), "line"),
        (lambda lines: lines.pop(), "manifest"),
        (lambda lines: lines.pop(0), "manifest"),
        (lambda lines: lines.insert(5, b'{"a": 1}\n'), "line"),
        (lambda lines: lines.clear(), "manifest"),
        (lambda lines: lines.insert(3, lines.pop(3).replace(b"\n", b"\r\n")), "line"),
    ],
)
def test_a_line_left_out_moved_added_or_cut_is_found(
    whole: Path, tmp_path: Path, change: Callable[[list[bytes]], None], found: Kind
) -> None:
    report = with_lines(whole, tmp_path / "changed", change)
    assert found in kinds(report)
    assert report.exit_code == 1


def test_a_decision_left_out_by_somebody_who_makes_new_hashes_is_found_by_deriving(
    tmp_path: Path, records: tuple[Record, ...]
) -> None:
    reserved = next(r.sequence for r in records if "SlotReserved" in r.stored.decode())
    report = verify(forged(tmp_path / "f", records, lambda all_: all_.pop(reserved)))
    first = report.faults[0]
    assert first.kind in ("public", "derivation", "fold")
    assert first.sequence is not None
    assert first.sequence >= reserved
    assert "derivation" in kinds(report)
    assert not report.holds


def test_decisions_left_out_at_the_end_are_found_by_the_head_that_somebody_else_knows(
    tmp_path: Path, records: tuple[Record, ...]
) -> None:
    write(tmp_path / "shorter", records[0].trial_id, records[:-1])
    assert verify(tmp_path / "shorter").holds
    report = verify(tmp_path / "shorter", head=records[-1].hash)
    assert [fault.kind for fault in report.faults] == ["head"]


def test_an_over_enrolled_trial_is_found_by_deriving_and_by_the_invariant(
    tmp_path: Path, records: tuple[Record, ...]
) -> None:
    report = verify(forged(tmp_path / "f", records, over_enrol))
    said = [fault.says for fault in report.faults]
    assert any("with none free" in sentence for sentence in said), said
    assert any(
        fault.kind == "derivation" and "(SlotReserved)" in fault.says for fault in report.faults
    ), said


def over_enrol(plains: list[Plain]) -> None:
    """Somebody who waits is given a place that is not there."""
    given = _first_place(plains)
    for plain in plains:
        for number, event in enumerate(plain["events"]):
            if event["type"] == "Waitlisted" and event["rule"] == "full":
                plain["events"][number] = {
                    **given,
                    "subject_id": event["subject_id"],
                    "site_id": event["site_id"],
                    "slot_id": "slot-999",
                    "from_waitlist": False,
                }
                return


def test_over_enrolment_is_found_even_under_rules_that_cannot_be_derived(
    tmp_path: Path, records: tuple[Record, ...]
) -> None:
    def under_other_rules(plains: list[Plain]) -> None:
        over_enrol(plains)
        for plain in plains:
            plain["rules"] = RULES_VERSION + 1

    report = verify(forged(tmp_path / "f", records, under_other_rules))
    assert report.derived == 0
    assert any("with none free" in fault.says for fault in report.faults)
    assert "derivation" not in kinds(report)


def _first_place(plains: list[Plain]) -> Plain:
    events = (event for plain in plains for event in plain["events"])
    place: Plain = next(event for event in events if event["type"] == "SlotReserved")
    return place


def _event(plains: list[Plain], kind: str) -> Plain:
    found: Plain = next(e for plain in plains for e in plain["events"] if e["type"] == kind)
    return found


def _decision(plains: list[Plain], kind: str) -> Plain:
    return next(p for p in plains if any(e["type"] == kind for e in p["events"]))


@pytest.mark.parametrize("kind", ["ReviewSigned", "FindingSettled", "Rp2dDeclared"])
def test_a_signature_under_something_else_is_found(
    tmp_path: Path, records: tuple[Record, ...], kind: str
) -> None:
    def rebind(plains: list[Plain]) -> None:
        _event(plains, kind)["signed"]["of"] = "0" * 64

    report = verify(forged(tmp_path / "f", records, rebind))
    fault = next(fault for fault in report.faults if fault.kind == "signature")
    assert fault.says == f"{kind} is not bound to what was signed"
    assert fault.differences[0].recorded == "0" * 64


def test_a_signature_in_another_name_is_found(tmp_path: Path, records: tuple[Record, ...]) -> None:
    def rename(plains: list[Plain]) -> None:
        _event(plains, "ReviewSigned")["signed"]["by"] = "somebody"

    report = verify(forged(tmp_path / "f", records, rename))
    assert "ReviewSigned is signed by somebody else than who sent it" in [
        fault.says for fault in report.faults
    ]


def test_a_verdict_that_the_form_does_not_give_is_named_by_its_place(
    tmp_path: Path, records: tuple[Record, ...]
) -> None:
    def pass_one(plains: list[Plain]) -> None:
        judged = _event(plains, "FormJudged")
        finding = judged["verdict"]["findings"][3]
        finding["answer"] = "fail" if finding["answer"] == "pass" else "pass"

    report = verify(forged(tmp_path / "f", records, pass_one))
    (fault,) = report.faults
    assert fault.kind == "derivation"
    assert fault.says.startswith("event 0 (FormJudged) is not what the rules give: /events/0/verd")
    assert (fault.differences[0].recorded, fault.differences[0].derived) == ("fail", "pass")


def test_a_changed_answer_and_a_changed_form_are_found(
    tmp_path: Path, records: tuple[Record, ...]
) -> None:
    def lie(plains: list[Plain]) -> None:
        _decision(plains, "CommandRefused")["answer"]["sentence"] = "As you like."

    def another_form(plains: list[Plain]) -> None:
        _event(plains, "FormJudged")["form"]["planned_first_dose_on"] = "2010-01-01"

    (fault,) = verify(forged(tmp_path / "f", records, lie)).faults
    assert fault.says == "another answer than the rules give: /answer/sentence"
    report = verify(forged(tmp_path / "g", records, another_form))
    assert "the recorded command has another digest than the one it came with" in [
        fault.says for fault in report.faults
    ]


def test_a_command_that_is_decided_twice_is_found(
    tmp_path: Path, records: tuple[Record, ...]
) -> None:
    def again(plains: list[Plain]) -> None:
        plains[10]["command_id"] = plains[9]["command_id"]

    report = verify(forged(tmp_path / "f", records, again))
    assert [fault.kind for fault in report.faults] == ["command"]


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [("protocol", "0" * 64, "protocol"), ("public_from", 7, "public")],
)
def test_what_a_record_says_of_protocol_and_public_events_is_checked(
    tmp_path: Path, records: tuple[Record, ...], key: str, value: object, kind: Kind
) -> None:
    def change(plains: list[Plain]) -> None:
        plains[40][key] = value

    report = verify(forged(tmp_path / "f", records, change))
    assert report.faults[0].kind == kind
    assert report.faults[0].sequence == 40


def test_rules_that_cannot_be_derived_are_named_and_all_else_is_checked(
    tmp_path: Path, records: tuple[Record, ...]
) -> None:
    def later(plains: list[Plain]) -> None:
        for plain in plains[60:]:
            plain["rules"] = RULES_VERSION + 1

    report = verify(forged(tmp_path / "f", records, later))
    assert report.faults == []
    assert report.underived == {RULES_VERSION + 1: (60, 15)}
    assert (report.holds, report.exit_code, report.derived) == (False, 2, 60)
    assert report.as_json()["underived"] == [{"rules": 5, "first_sequence": 60, "records": 15}]


def test_a_file_of_faults_ends_the_search_at_twenty(whole: Path, tmp_path: Path) -> None:
    def shuffle(lines: list[bytes]) -> None:
        lines[1:] = reversed(lines[1:])

    report = with_lines(whole, tmp_path / "changed", shuffle)
    assert (len(report.faults), report.stopped) == (MOST_FAULTS, True)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\x00",
        b"[]\n[]\n",
        b"{}\n" * 3,
        b"[" * 5000 + b"\n",
        b'"\\ud800"\n',
        b"1e999\n",
    ],
)
def test_nonsense_is_no_export_and_no_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "nonsense").write_bytes(content)
    assert verify(tmp_path / "nonsense").exit_code == 1


def test_a_report_can_be_written_as_json(whole: Path, tmp_path: Path) -> None:
    report = with_lines(whole, tmp_path / "changed", lambda lines: lines.append(lines[-1]))
    told = orjson.loads(orjson.dumps(report.as_json()))
    assert told["holds"] is False
    assert told["faults"][0]["matters"].startswith("A record was changed")


def test_rules_that_decide_otherwise_have_another_version(records: tuple[Record, ...]) -> None:
    """The story's last hash stands for every event, verdict and answer in it.

    If this fails, records that were written before can no longer be derived: raise `RULES_VERSION`,
    unless it is the story or its protocol that was changed. Then write the new hash here.
    """
    head = "4c0d93905ffd4117e6dff168ac5a20af533570e5067cfcfd7e27aa631c3fc4d6"
    assert (RULES_VERSION, records[-1].hash) == (4, head)
