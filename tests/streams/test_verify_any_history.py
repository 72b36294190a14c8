"""Whatever happens in a trial, its record can be derived again: no false alarm in any history."""

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings

from enrollment import commands as c
from enrollment.rehearse import Rehearsed
from streams.export import write
from streams.verify import verify
from tests.enrollment.any_history import AnyHistory
from tests.enrollment.designs import OTHERS, TIMED, design_for
from tests.enrollment.months import month
from tests.enrollment.spec import P0, Story, recorded
from tests.streams.told import Recorded

pytestmark = pytest.mark.timeout(300)


class AnyRecord(AnyHistory):
    """The same random histories; each is then recorded, exported and verified."""

    kinds = ("3+3", "3+3", *OTHERS, *TIMED)

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[c.Actor, datetime, c.AnyCommand]] = []

    def send(self, command: c.AnyCommand, actor: c.Actor) -> Rehearsed:
        done = super().send(command, actor)
        if done.events:
            self.sent.append((actor, self.at, command))
        return done

    def teardown(self) -> None:
        super().teardown()
        if not self.sent:
            return
        recorded = Recorded("T1")
        for actor, at, command in self.sent:
            recorded.decide(actor, at, command)
        with TemporaryDirectory() as folder:
            file = Path(folder) / "export"
            write(file, "T1", recorded.records)
            report = verify(file)
        assert report.faults == []
        assert report.derived == len(self.sent)


AnyRecord.TestCase.settings = settings(
    max_examples=6,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestAnyRecord = AnyRecord.TestCase


@pytest.mark.parametrize("kind", ["rolling_six", "boin", "crm", "tite_boin", "tite_crm"])
def test_a_trial_under_another_design_is_verified_offline(kind: str, tmp_path: Path) -> None:
    trial = Story().at("03-01 08:00")
    trial.adopt(P0(design=design_for(kind)))
    trial.activate_site("S1")
    assert trial.activate() == recorded()
    for dlts in (0, 1, 0, 2, 1, 0, 1, 0):
        if trial.state.phase1 != "closed":
            month(trial, dlts)
    record = Recorded("T1")
    for at, actor, command in trial.sent:
        record.decide(actor, at, command)
    write(tmp_path / "export", "T1", record.records)
    report = verify(tmp_path / "export")
    assert report.faults == []
    assert report.derived == len(record.records) > 30
