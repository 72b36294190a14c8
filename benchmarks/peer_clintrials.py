"""Times clintrials in an interpreter of its own: `python peer_clintrials.py TRIALS CRM_TRIALS`.

Its release of 2016 asks for names that Python, NumPy and SciPy have since dropped. They are given
back here before it is imported; its own code is not altered. Prints one JSON object: the seconds of
one trial by task.
"""

import collections
import collections.abc
import importlib
import json
import sys
import time
from typing import Any

SIX = [0.05, 0.10, 0.20, 0.30, 0.45, 0.60]
FIVE = [0.05, 0.12, 0.25, 0.40, 0.55]


def main(trials: int, crm_trials: int) -> None:
    """The 3+3, and the CRM with its quick integration, by its own simulator."""
    give_back_dropped_names()
    dosefinding = importlib.import_module("clintrials.dosefinding")
    crm = importlib.import_module("clintrials.dosefinding.crm")
    simulate = dosefinding.simulate_dose_finding_trial
    numpy = importlib.import_module("numpy")
    numpy.random.seed(20260828)
    by_rules = dosefinding.ThreePlusThree(6)
    by_model = crm.CRM(
        FIVE,
        0.25,
        1,
        max_size=30,
        use_quick_integration=True,
        estimate_var=False,
        avoid_skipping_untried_escalation=True,
    )
    took = {
        "3+3": timed(simulate, by_rules, SIX, trials) / trials,
        "CRM": timed(simulate, by_model, FIVE, crm_trials) / crm_trials,
    }
    sys.stdout.write(json.dumps(took) + "\n")


def timed(simulate: Any, design: Any, truth: list[float], trials: int) -> float:
    """CPU seconds of that many trials in cohorts of three."""
    started = time.process_time()
    for _ in range(trials):
        simulate(design, truth, cohort_size=3, calculate_optimal_decision=0)
    return time.process_time() - started


def give_back_dropped_names() -> None:
    """`collections.Iterable`, `numpy.asscalar`, `scipy.integrate.trapz`, counts that are floats."""
    numpy: Any = importlib.import_module("numpy")
    integrate: Any = importlib.import_module("scipy.integrate")
    linspace = numpy.linspace

    def lenient(start: float, stop: float, num: float = 50, **options: Any) -> Any:
        return linspace(start, stop, num=int(num), **options)

    collections.Iterable = collections.abc.Iterable  # type: ignore[attr-defined]
    numpy.asscalar = lambda array: array.item()
    numpy.linspace = lenient
    integrate.trapz = numpy.trapezoid


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
