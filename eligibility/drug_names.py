"""Drugs by their names: one name in any spelling, or a longer name that holds it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal
from unicodedata import normalize

Match = Literal["named", "within", "other"]
"""`within`: the name holds one that is meant, as in `sorafenib/placebo`: a person must look."""

_WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class DrugNames:
    """The names that a criterion means, with all synonyms."""

    names: frozenset[str]
    """As they are shown."""
    spellings: frozenset[str]
    words: tuple[str, ...]

    @staticmethod
    def of(names: Iterable[str]) -> "DrugNames":
        shown = frozenset(map(normal, names))
        folded = [_folded(name) for name in sorted(shown)]
        return DrugNames(
            shown, frozenset(one for one, _ in folded), tuple(words for _, words in folded)
        )

    def match(self, name: str) -> Match:
        """Case, blanks, hyphens, apostrophes and marks make no other name; more words do."""
        spelling, words = _folded(name)
        if spelling in self.spellings:
            return "named"
        return "within" if any(meant in words for meant in self.words) else "other"

    def inside(self, text: str) -> bool:
        """Whether any name stands in the text, be it within a word."""
        spelling, _ = _folded(text)
        return any(meant in spelling for meant in self.spellings)


@lru_cache(maxsize=4096)
def normal(name: str) -> str:
    """A drug's name as it is shown: lower case, single blanks."""
    return " ".join(name.casefold().split())


@lru_cache(maxsize=4096)
def _folded(name: str) -> tuple[str, str]:
    """Letters and digits alone; and the words, each between two blanks."""
    words = _WORD.findall(normalize("NFKC", name).casefold())
    return "".join(words), f" {' '.join(words)} "
