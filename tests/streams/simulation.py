"""Long schedules, chosen by chance from a seed: far beyond what can be explored exhaustively."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from enrollment.commands import JudgedRequest
from streams.partition import partition_of
from tests.streams.counting import request
from tests.streams.life import by_hand
from tests.streams.schedule import TROUBLES, Choice, Run, Setting, come_to_rest, is_trouble
from tests.streams.world import ViolatedError

STEPS = 300
TROUBLE = 0.05
"""How often something goes wrong, of all steps."""
FREEZE = 0.04
"""How often the scheduler turns to leaving one worker, or what it sent, alone."""


class FailedError(Exception):
    """A schedule that fails; the message says by which seed and by which choices."""

    def __init__(self, seed: int, why: str, schedule: Sequence[Choice]) -> None:
        super().__init__(f"seed {seed}: {why}, by: {', '.join(schedule)}")
        self.seed = seed
        self.why = why
        self.schedule = tuple(schedule)


@dataclass(slots=True)
class Simulated:
    """How many schedules were run, of how many steps, and what went wrong in them."""

    schedules: int = 0
    steps: int = 0
    troubles: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TROUBLES, 0))

    def __str__(self) -> str:
        met = ", ".join(f"{kind} {number}" for kind, number in self.troubles.items())
        return f"{self.schedules} schedules, {self.steps} steps ({met})"


def setting_of(seed: int) -> Setting:
    """What this seed tries: three to nine commands, some of which may halt their trial."""
    chance = random.Random(f"setting {seed}")
    trials = chance.choice(["A", "AB", "AAB", "ABC"])
    halts = chance.random() < 0.3
    commands: list[JudgedRequest] = []
    for number in range(chance.randint(3, 9)):
        boom = "boom" if halts and chance.random() < 0.2 else None
        commands.append(request(chance.choice(trials), number, boom))
    assert all(partition_of(command.trial_id, 1) == 0 for command in commands)
    return Setting(
        commands,
        {
            "rebalance": chance.randint(0, 4),
            "crash": chance.randint(0, 3),
            "wipe": chance.randint(0, 2),
            "roll back": chance.randint(0, 2),
            "fail": chance.choice([0, 0, 4]),
            "resume": 1 if halts else 0,
        },
        batch=chance.randint(1, 4),
        late=True,
        noticed=True,
    )


def simulate(seed: int, setting: Setting | None = None) -> Run:
    """Raises `FailedError`. The same seed gives the same schedule."""
    run = Run(setting or setting_of(seed))
    run.world.looked_at = False
    chance = random.Random(seed)
    try:
        frozen: set[str] = set()
        for _ in range(STEPS):
            if chance.random() < FREEZE:
                frozen = _frozen(chance)
            run.take(_chosen(run.choices(), chance, frozen))
        come_to_rest(run, chance)
    except ViolatedError as error:
        raise FailedError(seed, str(error), run.happened) from error
    finally:
        run.end()
    return run


def _frozen(chance: random.Random) -> set[str]:
    """What is left alone for a while: a worker, what lives sent, or nothing."""
    kinds = ("go", "take", "tick", "commit", "notice", "start")
    worker = chance.choice("01")
    return chance.choice([set(), {f"{kind} {worker}" for kind in kinds}, {"land"}])


def _chosen(choices: list[Choice], chance: random.Random, frozen: set[str]) -> Choice:
    wrong = [choice for choice in choices if is_trouble(choice)]
    right = [choice for choice in choices if not is_trouble(choice)]
    if wrong and (chance.random() < TROUBLE or not right):
        return chance.choice(wrong)
    awake = [c for c in right if " ".join(c.split(" ")[:2]) not in frozen]
    awake = [c for c in awake if c.split(" ")[0] not in frozen]
    return chance.choice(awake or right)


def simulate_all(seeds: range, setting: Setting | None = None) -> Simulated:
    """Every seed in turn; raises `FailedError` at the first that fails."""
    done = Simulated()
    with by_hand():
        for seed in seeds:
            run = simulate(seed, setting)
            done.schedules += 1
            done.steps += len(run.happened)
            for choice in run.happened:
                if is_trouble(choice):
                    done.troubles[kind_of(choice)] += 1
    return done


def kind_of(choice: Choice) -> str:
    first = choice.split(" ")[0]
    return "roll back" if first == "roll" else first
