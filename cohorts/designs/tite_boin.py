"""TITE-BOIN, which decides with windows still open: Yuan et al. 2018 (PMC6191365).

Pending outcomes are imputed by one mean: with n treated, x DLTs and c pending whose follow-up adds
up to STFT windows, the rate is estimated as (x + (c - STFT) p / (1 - p)) / n, where
p = (x + target / 2) / (n - c + 1), and compared with BOIN's boundaries. With c = 0 it is BOIN.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from cohorts.designs.boin import Boin
from cohorts.designs.design import History, LevelHistory, Limits, Recommendation
from cohorts.designs.letters import Letter
from cohorts.designs.sentences import advised, counted, number, waiting

DISPUTED: Final = (6, 1, 3)
"""Treated, DLTs, most pending: the one row on which published table and formula disagree."""


@dataclass(frozen=True, slots=True)
class TiteBoin:
    """TITE-BOIN on the boundaries, limits and final rule of a BOIN.

    Open windows: they count by the part that has passed, and a review is due with them open once
    all subjects of the cohort are dosed. In this order: eliminate or go down
    where that is certain, with the pending counted as free of DLT; suspend while more than half are
    pending; wait where sources disagree; else the cut-offs. Where the known outcomes alone would
    eliminate the lowest dose, nobody enters until all are known. The MTD waits for everybody.
    """

    boin: Boin

    @property
    def name(self) -> str:
        """`TITE-BOIN`."""
        return "TITE-BOIN"

    @property
    def fewest_at_mtd(self) -> int:
        """As BOIN."""
        return self.boin.fewest_at_mtd

    @property
    def limits(self) -> Limits:
        """As BOIN."""
        return self.boin.limits

    @property
    def reads_follow_up(self) -> bool:
        """Yes: it may escalate as time passes."""
        return True

    def cutoffs(self, treated: int, dlts: int, pending: int) -> tuple[Fraction, Fraction]:
        """Escalate from this STFT on, de-escalate up to that one; outside 0 to `pending`: never
        reached, or always."""
        assert 0 <= dlts + pending <= treated
        mean = (dlts + self.boin.target / 2) / (treated - pending + 1)
        odds = (1 - mean) / mean
        return (
            pending - odds * (treated * self.boin.lambda_e - dlts),
            pending - odds * (treated * self.boin.lambda_d - dlts),
        )

    def letter(self, here: LevelHistory) -> Letter | None:
        """The decision of one level's history; none while it is suspended or disputed."""
        treated, pending = here.treated, len(here.pending)
        if treated == 0 or suspended(here) or disputed(here):
            return None
        escalate, de_escalate = self.cutoffs(treated, here.dlts, pending)
        followed = sum(here.pending)
        return "E" if followed >= escalate else "D" if followed <= de_escalate else "S"

    def opening_target(self, levels: Sequence[LevelHistory], level: int) -> int:
        """As BOIN: one cohort more than are here."""
        return self.boin.opening_target(levels, level)

    def places(self, history: History) -> int:
        """As BOIN: what is left of the cohort; suspension keeps the next cohort closed."""
        return self.boin.places(history)

    def stopped(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """As BOIN: eliminated, or certain to go down."""
        return self.boin.stopped(levels, level)

    def allows_above(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """Treated a cohort or more, and the cut-offs would escalate from here now."""
        here = levels[level]
        enough = here.treated >= min(self.boin.cohort_size, self.boin.max_per_level)
        if not enough or self.boin.stopped(levels, level) or disputed(here):
            return False
        return sum(here.pending) >= self.cutoffs(here.treated, here.dlts, len(here.pending))[0]

    def allows_mtd(self, levels: Sequence[LevelHistory], level: int) -> bool:
        """As BOIN, by the outcomes that are known."""
        return self.boin.allows_mtd(levels, level)

    def recommend(self, history: History) -> Recommendation | None:
        """By BOIN where going down is certain or nobody waits, else by the cut-offs."""
        levels, here = history.levels, history.here
        waits = any(level.waits for level in levels)
        if not waits or self.stopped(levels, history.current):
            return self.boin.recommend(history)
        if here.reserved or here.treated < here.target:
            return None
        letter = self.letter(here)
        return letter and self.boin.after_letter(levels, history.current, letter)

    def explain(self, history: History) -> str:
        """Counts, follow-up in windows, the cut-off that decides, or why it waits."""
        here, pending = history.here, len(history.here.pending)
        if not pending or self.stopped(history.levels, history.current):
            return self._explain_known(history)
        said = f"{counted(here)} and {pending} of {here.treated} pending"
        if here.reserved or here.treated < here.target:
            return f"{said}: {waiting(history)}"
        if suspended(here):
            return f"{said}: suspended, more than half are pending"
        if disputed(here):
            return f"{said}: sources disagree here, the outcomes must be waited for"
        letter, advice = self.letter(here), self.recommend(history)
        assert letter is not None
        ground = self._ground(here, letter)
        if advice is None:
            return f"{said}, {ground}: the end, {waiting(history)}"
        return f"{said}, {ground}: {self._advised(letter, advice, history)}"

    def _advised(self, letter: Letter, advice: Recommendation, history: History) -> str:
        return advised(letter, advice, history, self.boin.final_rule)

    def _ground(self, here: LevelHistory, letter: Letter) -> str:
        """What follow-up decides; a cut-off that no follow-up can reach is not named."""
        pending = len(here.pending)
        up, down = self.cutoffs(here.treated, here.dlts, pending)
        bounds = {
            "E": [f"at or over {number(up)}"] if up > 0 else [],
            "S": [f"over {number(down)}"] * (down >= 0) + [f"under {number(up)}"] * (up <= pending),
            "D": [f"at or under {number(down)}"] if down < pending else [],
        }[letter]
        if not bounds:
            return "whatever their follow-up"
        return f"follow-up {number(Fraction(sum(here.pending)))} windows, {' and '.join(bounds)}"

    def _explain_known(self, history: History) -> str:
        """All outcomes here are known, or going down is certain: as BOIN."""
        here, advice = history.here, self.recommend(history)
        letter = self.letter(here)
        if letter is None or advice is None or self.stopped(history.levels, history.current):
            return self.boin.explain(history)
        ground = self.boin.ground(here.evaluable, here.dlts, lowest=history.current == 0)
        return f"{counted(here)}, {ground}: {self._advised(letter, advice, history)}"


def suspended(here: LevelHistory) -> bool:
    """More than half of those treated are pending."""
    return 2 * len(here.pending) > here.treated


def disputed(here: LevelHistory) -> bool:
    """The row on which sources disagree, with somebody pending."""
    treated, dlts, most = DISPUTED
    return (here.treated, here.dlts) == (treated, dlts) and 0 < len(here.pending) <= most
