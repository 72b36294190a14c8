"""The letters in which a decision by counts is written, as the literature prints them."""

from typing import Literal

Letter = Literal["E", "S", "D", "U"]
"""Escalate; stay; de-escalate; de-escalate and eliminate this dose and all above (unacceptable)."""
