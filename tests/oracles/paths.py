"""Reads a trial written as `1NNN 2NTT`: each cohort at its dose, N without and T with a DLT."""

from dataclasses import replace

from cohorts.designs.design import History, LevelHistory


def treated(doses: int, outcomes: str) -> History:
    """The history after these cohorts, all complete; the last one's dose is the current one."""
    history = History((LevelHistory(),) * doses, 0)
    for cohort in outcomes.split():
        history = after_cohort(history, int(cohort[0]) - 1, cohort[1:])
    return history


def after_cohort(history: History, level: int, outcomes: str) -> History:
    """The same history with one cohort more at a level."""
    before = history.levels[level]
    after = replace(
        before,
        evaluable=before.evaluable + len(outcomes),
        dlts=before.dlts + outcomes.count("T"),
        target=before.evaluable + len(outcomes),
        evaluable_before=before.evaluable,
        dlts_before=before.dlts,
    )
    return History((*history.levels[:level], after, *history.levels[level + 1 :]), level)
