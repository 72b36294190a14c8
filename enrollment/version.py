"""The version of the rules that decide: a record names it, so that they can be asked again."""

from typing import Final

RULES_VERSION: Final = 4
"""Raised with every change after which a command on the same trial could give other events, another
verdict or another answer. `holdfast verify` derives what its own version decided."""
