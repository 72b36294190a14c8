"""What announce need not read again: the very bytes that decide wrote, else nothing."""

from streams.cloud_events import cloud_events_json
from streams.lately import Lately
from streams.record import parse, parse_without_forms
from tests.streams.told import story_records


def test_what_decide_wrote_tells_the_world_what_its_bytes_tell() -> None:
    told = 0
    for record in story_records():
        read = parse(record.stored)
        light = parse_without_forms(record.stored)
        told += len(cloud_events_json(record))
        assert cloud_events_json(record) == cloud_events_json(read) == cloud_events_json(light)
        assert (record.hash, record.trial_id, record.sequence) == (
            read.hash,
            read.trial_id,
            read.sequence,
        )
        assert record.content.previous == read.content.previous
        assert record.content == read.content
    assert told > 50


def test_a_record_is_given_once_and_only_for_its_own_bytes_at_its_own_place() -> None:
    one, other = story_records()[:2]
    lately = Lately()
    lately.add([(3, 7, one), (3, 8, other)])
    assert lately.take(3, 9, one.stored) is None
    assert lately.take(2, 7, one.stored) is None
    assert lately.take(3, 8, one.stored) is None
    assert lately.take(3, 7, bytes(one.stored)) is one
    assert lately.take(3, 7, one.stored) is None


def test_the_oldest_are_forgotten_first_and_none_is_kept_where_none_may_be() -> None:
    first, second, third = story_records()[:3]
    lately = Lately(2)
    lately.add([(0, 1, first), (0, 2, second), (0, 3, third)])
    assert lately.take(0, 1, first.stored) is None
    assert lately.take(0, 2, second.stored) is second
    assert lately.take(0, 3, third.stored) is third
    nothing = Lately(0)
    nothing.add([(0, 1, first)])
    assert nothing.take(0, 1, first.stored) is None
