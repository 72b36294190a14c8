"""The explored states are those of the real workers: same choices, log and Redis, step by step."""

import random
from collections.abc import Iterator

import pytest

from tests.streams.exhaustive import setting_of
from tests.streams.life import by_hand
from tests.streams.product import Product, State
from tests.streams.schedule import Choice, Run, Setting
from tests.streams.world import ViolatedError

SCHEDULES, STEPS = 25, 120
SETTINGS = [
    setting_of("AAB", 2, 1, 1, 1, 2, late=True, noticed=True),
    setting_of("AA", 3, 0, 0, 0, 2, noticed=True),
    setting_of("ABC", 1, 2, 1, 2, 1, late=True),
    setting_of("AAAB", 2, 2, 0, 0, 3, ticks=False),
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_any_schedule_comes_to_the_same_as_with_the_real_workers(setting: Setting) -> None:
    product = Product(setting)
    with by_hand():
        for seed in range(SCHEDULES):
            for run, state in _side_by_side(product, setting, random.Random(seed)):
                assert _explored(product, state) == _real(run), run.happened
        product.lives.end()


def _side_by_side(
    product: Product, setting: Setting, chance: random.Random
) -> Iterator[tuple[Run, State]]:
    """Both at the beginning and after each step of one schedule."""
    run, state = Run(setting), product.first
    try:
        yield run, state
        for _ in range(STEPS):
            choices = run.choices()
            if not choices:
                break
            choice = chance.choice(choices)
            run.take(choice)
            state = product.after(state, choice)
            yield run, state
    finally:
        run.end()


def _explored(product: Product, state: State) -> dict[str, object]:
    """What there is to see of a state: the same words as of a real run."""
    commands = product.setting.commands
    return {
        "choices": product.choices(state),
        "log": product.log(state),
        "redis": product.redis(state).key(),
        "committed": state.committed,
        "owner": state.owner,
        "born": state.born,
        "complete": product.complete(state),
        "shown": [bool(state.heard >> n & 1) for n in range(len(commands))],
    }


def _real(run: Run) -> dict[str, object]:
    world = run.world
    return {
        "choices": run.choices(),
        "log": tuple(world.log),
        "redis": world.redis.key(),
        "committed": world.committed,
        "owner": run.owner,
        "born": run.born,
        "complete": world.complete(),
        "shown": [str(command.command_id) in world.heard for command in world.commands],
    }


def test_a_step_that_was_taken_once_is_not_run_again() -> None:
    setting = setting_of("AAB", 1, 0, 0, 0, 2, ticks=False)
    with by_hand():
        product = Product(setting)
        state, done = product.first, list[tuple[State, Choice]]()
        while choices := product.choices(state):
            done.append((state, choices[0]))
            state = product.after(state, choices[0])
        assert product.complete(state)
        ran = product.lives.ran
        again = [product.after(before, choice) for before, choice in done]
        product.lives.end()
    assert again == [*(before for before, _ in done[1:]), state]
    assert product.lives.ran == ran


def test_what_was_read_of_another_log_is_told_apart() -> None:
    """Two owners whose records land in either order: who reads them knows another log."""
    setting = setting_of("AA", 1, 0, 0, 0, 2, ticks=False)
    with by_hand():
        product = Product(setting)
        state = product.first
        state = _until_flying(product, state, 0)
        state = _until_flying(product, product.after(state, "rebalance"), 1)
        ends = []
        for first, second in ((0, 1), (1, 0)):
            after = state
            for life in (first, second, 0, 1):
                after = product.after(after, f"land {life}")
            for _ in range(40):
                after = _on(product, after, 1)
            ends.append(after)
        product.lives.end()
    assert product.log(ends[0]) != product.log(ends[1])
    assert ends[0].lives[1] != ends[1].lives[1]


def _until_flying(product: Product, state: State, worker: int) -> State:
    while worker not in dict(state.flying):
        state = _on(product, state, worker)
    return state


def _on(product: Product, state: State, worker: int) -> State:
    """The next step of a worker, if it has one."""
    words = (f"go {worker}", f"take {worker}")
    own = [choice for choice in product.choices(state) if choice.startswith(words)]
    return product.after(state, own[0]) if own else state


def test_an_error_of_a_worker_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("of the test")

    with by_hand():
        product = Product(setting_of("A", 0, 0, 0, 0, 1))
        monkeypatch.setattr("streams.decide.DecideStage.handle", fail)
        with pytest.raises(ViolatedError, match="a worker ended: ValueError: of the test"):
            _taken_and_done(product)
        product.lives.end()


def _taken_and_done(product: Product) -> None:
    state = product.after(product.first, "take 0 1")
    while "go 0" in product.choices(state):
        state = product.after(state, "go 0")
