"""Verifies an export without any server: every byte, signature, verdict, assignment, invariant."""

from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

import orjson

from enrollment.canonical import digest
from enrollment.events import FormJudged, SlotHeld, SlotReserved
from enrollment.public_events import public_count
from enrollment.trial import new_trial
from enrollment.version import RULES_VERSION
from streams.chain import EMPTY, Tip
from streams.differences import Difference, differences
from streams.export import FORMAT, KIND, Manifest
from streams.record import HigherFormatError, LogRecord, Record, UnreadableRecordError, parse
from streams.verify_decision import Follower
from streams.verify_lines import Line, lines
from streams.verify_report import EnoughFaultsError, Fault, Kind, Report

Advance = Callable[[int], None]
"""Told how many bytes more are read."""
Accepted = Callable[[Record], None]
"""Handed each record that could be read, in order."""


def verify(
    file: Path,
    head: str | None = None,
    advance: Advance = lambda _: None,
    accepted: Accepted = lambda _: None,
) -> Report:
    """Goes on after a fault as long as that can tell something. Raises `OSError` only.

    `head` is the hash that the last record must have, known from elsewhere.
    """
    verifier = _Verifier(accepted)
    try:
        with file.open("rb") as opened:
            verifier.read(opened, advance)
        verifier.end(head)
    except EnoughFaultsError:
        pass
    return verifier.report()


class _Verifier:
    """Lives for one file."""

    def __init__(self, accepted: Accepted) -> None:
        self._report: Final = Report()
        self._accepted = accepted
        self._first: Line | None = None
        self._manifest = Manifest("")
        self._tip: Tip = EMPTY
        self._public = 0
        self._ids: set[bytes] = set()
        self._follower = Follower(new_trial(""))
        self._at: tuple[int, int | None] = (1, None)

    def report(self) -> Report:
        report = self._report
        report.head = self._tip.hash
        report.signatures = self._follower.signatures
        return report

    def read(self, opened: IO[bytes], advance: Advance) -> None:
        for line in lines(opened):
            advance(len(line.content) + 1)
            if line.number == 1:
                self._begin(line)
            else:
                self._record(line)

    def end(self, head: str | None) -> None:
        """What only the whole file can tell."""
        self._at = (1, None)
        first, manifest = self._first, self._manifest.line()
        if first is None or not self._manifest.count:
            self._say("manifest", "the file holds no records")
        elif first.content != manifest:
            found = differences(first.plain, orjson.loads(manifest))
            self._say("manifest", "the manifest is not what the records give", found)
        if head is not None and head != self._tip.hash:
            found = (Difference("/head", self._tip.hash, head),)
            self._say("head", "the last record is not the one with the hash that you gave", found)
        self._follower.check_all(self._say)

    def _begin(self, line: Line) -> None:
        self._first = line
        plain: Any = line.plain if isinstance(line.plain, dict) else {}
        if line.wrong is not None:
            self._say("line", f"the manifest: {line.wrong}")
        elif (plain.get("kind"), plain.get("format")) != (KIND, FORMAT):
            self._say("manifest", "the first line is not the manifest of an export of format 1")

    def _record(self, line: Line) -> None:
        expected = self._tip.sequence + 1
        self._at = (line.number, expected)
        self._report.records += 1
        record = self._parsed(line)
        if record is None:
            self._tip = Tip(expected, digest(line.content))
            return
        content = record.content
        self._at = (line.number, content.sequence)
        self._in_its_place(record)
        self._once(content)
        self._decision(record)
        self._manifest.add(record)
        self._tip = Tip(content.sequence, record.hash)
        self._accepted(record)

    def _parsed(self, line: Line) -> Record | None:
        if line.wrong is not None:
            self._say("line", line.wrong)
        try:
            return parse(line.content)
        except HigherFormatError:
            self._say("format", "a record of a higher format than this Holdfast knows")
        except UnreadableRecordError as error:
            if line.wrong is None:
                self._say("line", str(error))
        return None

    def _in_its_place(self, record: Record) -> None:
        content, before = record.content, self._tip
        if before == EMPTY and not self._manifest.trial:
            self._manifest.trial = self._report.trial = content.trial
            self._follower.trial = new_trial(content.trial)
        if content.trial != self._manifest.trial:
            self._say("chain", f"a record of another trial, {content.trial}")
        if content.sequence != before.sequence + 1:
            wanted = before.sequence + 1
            self._say("chain", f"decision {content.sequence} stands where {wanted} should")
        elif content.previous != before.hash:
            found = (Difference("/previous", content.previous, before.hash),)
            what = "the record before is not the one that this one follows"
            self._say("chain", f"{what} (decision {content.sequence})", found)

    def _once(self, content: LogRecord) -> None:
        if content.command_id.bytes in self._ids:
            self._say("command", f"command {content.command_id} was decided twice")
        self._ids.add(content.command_id.bytes)

    def _decision(self, record: Record) -> None:
        content = record.content
        protocol = self._follower.trial.protocol
        in_force = "" if protocol is None else protocol.digest
        if content.protocol != in_force:
            found = (Difference("/protocol", content.protocol, in_force),)
            self._say("protocol", "the protocol named is not the one in force", found)
        if content.public_from != self._public:
            found = (Difference("/public_from", str(content.public_from), str(self._public)),)
            self._say("public", "the numbers of the public events have a gap", found)
        self._public = content.public_from + public_count(content.events, content.trial)
        if content.rules != RULES_VERSION:
            self._report.cannot_derive(content.rules, content.sequence)
        elif self._follower.derive(record, self._say):
            self._count(content)
        self._follower.follow(record, self._say)

    def _count(self, content: LogRecord) -> None:
        self._report.derived += 1
        for event in content.events:
            self._report.verdicts += isinstance(event, FormJudged)
            self._report.assignments += isinstance(event, SlotReserved | SlotHeld)

    def _say(self, kind: Kind, says: str, found: tuple[Difference, ...] = ()) -> None:
        line, sequence = self._at
        self._report.add(Fault(kind, line, sequence, says, found))
