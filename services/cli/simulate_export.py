"""A simulated trial in the format of an export: `holdfast verify` takes every decision again."""

import re
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from enrollment.canonical import canonical, digest
from enrollment.commands import JudgedRequest
from enrollment.public_events import public_count
from enrollment.simulate import simulate
from enrollment.simulate_trial import EVERYBODY, opened_trial
from enrollment.turn import Decision
from protocols.parse import parse_protocol
from services.cli.simulate_results import Simulation
from services.cli.simulate_run import chance_of
from streams.export import Manifest, write
from streams.record import Record, build

_HEADER: Final = re.compile(r"^\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?\s*(?:#.*)?$")


def export_trial(found: Simulation, file: Path) -> Manifest:
    """Writes trial 0 of the first design, whole, with forms, verdicts and signatures."""
    text = with_simulated_criteria(found.results[0].of.protocol.text)
    log = Log()
    opened = opened_trial(parse_protocol(text), own_criteria=True, heard=log.heard)
    simulate(opened, found.conditions, chance_of(found.seed, 0), log.heard)
    return write(file, opened.trial_id, log.records)


def with_simulated_criteria(text: str) -> str:
    """The same protocol, in which every criterion is the one that simulated people meet."""
    ids = dict.fromkeys(criterion.id for criterion in parse_protocol(text).criteria)
    kept, table = [], ""
    for line in text.split("\n"):
        header = _HEADER.match(line)
        table = header[1] if header else table
        if table.split(".")[0] != "criteria":
            kept.append(line)
    made = [
        "\n".join([f'[[criteria]]\nid = "{each}"', *(_line(*pair) for pair in EVERYBODY.items())])
        for each in ids
    ]
    return "\n".join([*kept, *made, ""])


def _line(key: str, value: str | int) -> str:
    return f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}"


class Log:
    """The records that the worker would write for what was decided."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._public = 0
        self._protocol = ""

    def heard(self, asked: JudgedRequest, decision: Decision) -> None:
        """One decision more; ids follow from the place, so that the same trial is the same file."""
        number = len(self.records)
        command = asked.command
        request = asked.model_copy(
            update={
                "command_id": uuid5(NAMESPACE_URL, f"holdfast/simulated/{number}"),
                "digest": digest(canonical(command.model_dump(mode="json"))),
            }
        )
        previous = self.records[-1].hash if self.records else ""
        made = build(
            request,
            number,
            previous,
            self._protocol,
            self._public,
            decision.answer,
            decision.events,
        )
        self.records.append(made)
        self._public += public_count(decision.events, asked.trial_id)
        self._protocol = decision.trial.in_force.digest
