"""A doubt about a sound protocol: what it rests on, what is odd, and how to mend it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Doubt:
    """`key` is the dotted path of the key, or `criteria.` and the criterion's id."""

    key: str
    sentence: str
    mend: str

    def __str__(self) -> str:
        return f"{self.key}: {self.sentence}. To mend: {self.mend}."
