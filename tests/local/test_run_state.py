"""The record of what runs: ports are kept, dead processes are not taken for running ones."""

from pathlib import Path

import pytest

from services.local.errors import LocalError
from services.local.places import free_port, is_free
from services.local.run_state import Part, RunState, only_one, read_state, write_state

DEAD = Part(pid=2**22 + 1, started="long ago", port=19092, controller_port=19093)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    state = RunState().with_part("kafka", DEAD)
    write_state(tmp_path, state)
    assert read_state(tmp_path) == state


def test_nothing_runs_in_a_new_home(tmp_path: Path) -> None:
    assert read_state(tmp_path) == RunState()


def test_a_part_whose_process_is_gone_does_not_run_but_keeps_its_ports() -> None:
    state = RunState().with_part("kafka", DEAD)
    assert state.running("kafka") is None
    assert state.part("kafka") == DEAD
    assert state.ports_of_others("redis") == {19092, 19093}
    assert state.ports_of_others("kafka") == frozenset()


@pytest.mark.parametrize("text", ["", "{", '{"format": 2}', '{"format": 1, "mysql": {}}'])
def test_a_record_that_cannot_be_understood_is_named_with_its_mend(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(LocalError, match=r"run\.json cannot be understood.*Mend: stop what it"):
        read_state(tmp_path)


def test_a_second_start_of_the_same_home_is_refused_while_the_first_is_under_way(
    tmp_path: Path,
) -> None:
    with (
        only_one(tmp_path),
        pytest.raises(LocalError, match="Another start or stop is under way"),
        only_one(tmp_path),
    ):
        pass
    with only_one(tmp_path):
        pass


def test_a_preferred_port_is_left_when_it_belongs_to_another_part() -> None:
    port = free_port()
    assert free_port(port) == port
    assert free_port(port, taken={port}) != port
    assert is_free(free_port(port, taken={port}))
