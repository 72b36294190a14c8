"""Parts of a criterion's answer, and how several parts become the one answer of a criterion."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from eligibility.anchors import Anchor
from eligibility.finding import FAIL, PASS, REVIEW, UNKNOWN, Answer, Earliest


class Part(NamedTuple):
    """The answer on one fact, with a clause for the sentence. `earliest` only on a fail."""

    answer: Answer
    text: str
    missing: tuple[str, ...] = ()
    earliest: Earliest | None = None
    safety: bool = False


_new = tuple.__new__
"""Builds the tuple itself: a form makes some thirty parts, a call of `Part` takes twice as long."""


def passed(text: str) -> Part:
    return _new(Part, (PASS, text, (), None, False))


def failed(text: str, earliest: Earliest | None = None) -> Part:
    return Part(FAIL, text, (), earliest)


def unknown(text: str, *missing: str) -> Part:
    """A pass cannot be earned: says which fields of the form are missing or stale."""
    return Part(UNKNOWN, text, missing)


def review(text: str) -> Part:
    return Part(REVIEW, text)


def earliest(anchor: Anchor, on: date) -> Earliest:
    """Names the anchor. Treatment starts with the first dose (rules R18): it is named as that."""
    return Earliest("first_dose" if anchor == "treatment_start" else anchor, on)


_ORDER = (FAIL, UNKNOWN, REVIEW)


def combine(parts: Sequence[Part]) -> Part:
    """All must pass: any fail decides, else any unknown, else any review. No part is no pass."""
    if len(parts) == 1:
        return parts[0]
    assert parts, "a pass must be earned"
    safety = False
    for part in parts:
        if part.answer is not PASS:
            return _not_passed(parts)
        safety = safety or part.safety
    return Part(PASS, "; ".join([part.text for part in parts]), (), None, safety)


def _not_passed(parts: Sequence[Part]) -> Part:
    answers = {part.answer for part in parts}
    decided = next(answer for answer in _ORDER if answer in answers)
    chosen = [part for part in parts if part.answer is decided]
    missing = tuple(dict.fromkeys(name for part in chosen for name in part.missing))
    return Part(
        decided,
        "; ".join(part.text for part in chosen),
        missing,
        latest([part.earliest for part in chosen]),
        any(part.safety for part in parts),
    )


def latest(dates: Sequence[Earliest | None]) -> Earliest | None:
    """The last of them; none if one is none, for then time alone cannot turn the answer."""
    known = [one for one in dates if one is not None]
    return max(known, key=lambda one: one.on) if known and len(known) == len(dates) else None
