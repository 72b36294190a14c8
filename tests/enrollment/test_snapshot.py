"""A snapshot gives the same trial back: it reads the same and goes on deciding the same."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from enrollment import snapshot
from enrollment.evolve import evolve
from enrollment.snapshot import SCHEMA, Reader, written
from enrollment.trial import Trial, new_trial
from tests.enrollment.second_dlt import mtd_signed
from tests.enrollment.spec import Story
from tests.enrollment.worlds import cleared_at_l1, escalated, reserved_at_l1, rp2d_is_l2


def read(pieces: Iterator[bytes]) -> Trial:
    reader = Reader(next(pieces))
    for piece in pieces:
        reader.take(piece)
    return reader.trial()


STORIES: dict[str, Callable[[], Story]] = {
    "three reserved": reserved_at_l1,
    "a review is due": cleared_at_l1,
    "a level opened": escalated,
    "the MTD signed": mtd_signed,
    "Phase II with a cap": lambda: rp2d_is_l2(4, site_cap=3),
}


@pytest.mark.parametrize("name", STORIES)
def test_a_trial_read_from_any_moment_of_its_history_follows_the_rest_to_the_same_state(
    name: str,
) -> None:
    story = STORIES[name]()
    trial, others = new_trial("T1"), list[Trial]()
    for at, events in story.log:
        trial = evolve(trial, at, events)
        others = [evolve(other, at, events) for other in others]
        others.append(read(written(trial)))
    whole = b"".join(written(trial))
    assert trial.subjects
    assert {b"".join(written(other)) for other in others} == {whole}


def test_the_same_trial_gives_the_same_bytes_in_pieces_of_any_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trial = mtd_signed().state
    monkeypatch.setattr(snapshot, "PIECE_SUBJECTS", 2)
    pieces = list(written(trial))
    assert len(pieces) == 1 + (len(trial.subjects) + 1) // 2
    again = read(iter(pieces))
    assert list(written(again)) == pieces
    assert again.subjects == trial.subjects
    assert again.levels == trial.levels
    assert again.protocol == trial.protocol


def test_what_is_no_snapshot_is_not_read() -> None:
    first, *_ = written(reserved_at_l1().state)
    for nonsense in (b"", b"{}", b"[1]", first[:-2], first.replace(b'"T1"', b"7,7")):
        with pytest.raises((ValueError, TypeError)):
            Reader(nonsense)


def test_another_shape_of_the_state_is_another_schema() -> None:
    @dataclass(frozen=True, slots=True)
    class Other:
        trial_id: str
        time: datetime | None = None

    shape = snapshot._way(Other).shape
    assert shape == "Other(trial_id: text, time: maybe instant)"
    assert len(SCHEMA) == 16
    with pytest.raises(TypeError, match="cannot hold"):
        snapshot._way(dict[str, Any])


def test_an_instant_keeps_its_zone() -> None:
    at = datetime(2027, 3, 1, 15, tzinfo=UTC)
    way = snapshot._way(datetime)
    assert way.read(way.write(at)) == at
    assert way.read(way.write(at)).tzinfo == UTC
