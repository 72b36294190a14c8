"""Records that are ready to be published, of decisions that only count."""

from streams.batch import Written, decide_all
from streams.ledger import Ledger
from streams.read_side import Entry, Publication
from streams.work import entry_of
from tests.streams.counting import COUNTING, command, request


def chain(trial_id: str, numbers: list[int]) -> list[Entry]:
    results = decide_all(Ledger(0), [command(request(trial_id, n)) for n in numbers], COUNTING)
    return [
        entry_of(result.record, 10 + offset, adopts=False)
        for offset, result in enumerate(results)
        if isinstance(result, Written)
    ]


def publication(trial_id: str, entries: list[Entry]) -> Publication:
    return Publication(trial_id, entries[0].previous, entries[-1].offset, tuple(entries))
