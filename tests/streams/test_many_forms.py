"""A trial of so many subjects that forms are packed: records, verifier and snapshot agree."""

from datetime import UTC, date, datetime
from pathlib import Path

from enrollment import commands as c
from enrollment.decide import decide
from enrollment.events import FormJudged
from enrollment.keeping import PACKED_FROM
from enrollment.snapshot import Reader, written
from enrollment.trial import Trial
from streams.export import write
from streams.record import parse
from streams.rules import RULES
from streams.verify import verify
from tests.enrollment.forms import eligible_form
from tests.enrollment.spec import CENTRE, P0, site_staff
from tests.streams.told import Recorded

AT = datetime(2027, 3, 1, 15, tzinfo=UTC)
SUBJECTS = PACKED_FROM + 6


def adopted(version: str) -> c.AdoptProtocol:
    text = P0(version=version)
    return c.AdoptProtocol(text=text, clock="simulated", meaning="I adopt.")


def begun() -> Recorded:
    """All of one site: three are reserved, the others wait."""
    trial = Recorded("T1")
    trial.decide(CENTRE, AT, adopted("1.0"))
    approval = c.ActivateSite(site_id="S1", protocol_version="1.0", approved_on=date(2027, 1, 1))
    trial.decide(CENTRE, AT, approval)
    trial.decide(CENTRE, AT, c.ActivateTrial(meaning="I open."))
    for number in range(SUBJECTS):
        who, on = f"P{number:03}", AT.date()
        form = eligible_form(who, "S1", on=on, planned=on)
        command = c.SubmitForm(subject_id=who, site_id="S1", form=form)
        trial.decide(site_staff("S1"), AT, command)
    return trial


def read_again(trial: Trial) -> Trial:
    first, *pieces = written(trial)
    reader = Reader(first)
    for piece in pieces:
        reader.take(piece)
    return reader.trial()


def test_packed_forms_are_judged_again_as_recorded_verified_and_read_from_a_snapshot(
    tmp_path: Path,
) -> None:
    trial = begun()
    before = trial.ledger.of("T1", RULES).trial
    stored = [subject.form or b"" for subject in before.subjects.values()]
    assert sum(not form.startswith(b"{") for form in stored) == SUBJECTS - PACKED_FROM
    record = trial.decide(CENTRE, AT, adopted("2.0"))
    content = parse(record.stored).content
    judged = [event for event in content.events if isinstance(event, FormJudged)]
    assert len(judged) == SUBJECTS - 3, "everybody who waits is judged again, packed or not"
    restored = read_again(before)
    request = c.JudgedRequest(
        trial_id="T1",
        command_id=content.command_id,
        digest=content.digest,
        at=AT,
        actor=CENTRE,
        command=adopted("2.0"),
    )
    decision = decide(restored, request)
    assert decision.events == content.events
    after = trial.ledger.of("T1", RULES).trial
    assert b"".join(written(decision.trial)) == b"".join(written(after))
    write(tmp_path / "t1.ndjson", "T1", tuple(trial.records))
    report = verify(tmp_path / "t1.ndjson", head=record.hash)
    assert (report.faults, report.derived) == ([], len(trial.records))
