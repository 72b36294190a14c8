"""The memory of a partition: folds what is accepted, counts what is void."""

from streams.batch import Written, decide_all
from streams.chain import Link
from streams.ledger import Decision, Ledger, pack, unpack
from streams.record import Record
from tests.streams.counting import COUNTING, command, command_id, request


def records(trial_id: str, numbers: list[int]) -> list[Record]:
    """The chain of one trial in which these commands are decided in this order."""
    results = decide_all(Ledger(0), [command(request(trial_id, n)) for n in numbers], COUNTING)
    return [result.record for result in results if isinstance(result, Written)]


def test_an_accepted_chain_is_folded_with_its_commands_and_its_public_count() -> None:
    ledger = Ledger(3)
    for offset, record in enumerate(records("A", [1, 2, 3])):
        assert ledger.read(record, offset, COUNTING) is Link.ACCEPTED
    known = ledger.trials["A"]
    assert (known.tip.sequence, known.offset, known.public, known.trial.slots) == (2, 2, 3, 3)
    assert ledger.last_offset == 2
    decision = known.decision(command_id("A", 2))
    assert decision == Decision(1, request("A", 2).digest)
    assert known.decision(command_id("A", 9)) is None


def test_of_two_records_on_one_tip_the_first_in_the_log_is_accepted_and_the_other_void() -> None:
    ledger = Ledger(0)
    first, second = records("A", [1, 2]), records("A", [1, 3])
    for offset, record in enumerate([*first, second[1]]):
        ledger.read(record, offset, COUNTING)
    assert ledger.void == 1
    assert ledger.trials["A"].tip.hash == first[1].hash
    assert ledger.trials["A"].decision(command_id("A", 3)) is None


def test_what_follows_a_void_record_is_void_too_and_the_trial_goes_on() -> None:
    ledger = Ledger(0)
    lost, kept = records("A", [1, 2, 3]), records("A", [1, 4, 5])
    links = [
        ledger.read(record, offset, COUNTING)
        for offset, record in enumerate([kept[0], kept[1], lost[1], lost[2], kept[2]])
    ]
    assert links == [Link.ACCEPTED, Link.ACCEPTED, Link.VOID, Link.VOID, Link.ACCEPTED]
    assert ledger.void == 2


def test_the_same_decision_again_is_a_duplicate_however_far_back() -> None:
    ledger = Ledger(0)
    chain = records("A", [1, 2, 3])
    links = [
        ledger.read(record, offset, COUNTING)
        for offset, record in enumerate([*chain, chain[2], chain[0]])
    ]
    assert links[3:] == [Link.DUPLICATE, Link.DUPLICATE]
    assert ledger.void == 0


def test_a_packed_decision_is_40_bytes_and_comes_back_whole() -> None:
    digest = "0f" * 32
    assert len(pack(12_345_678, digest)) == 40
    assert unpack(pack(12_345_678, digest)) == Decision(12_345_678, digest)
