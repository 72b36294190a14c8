"""Reads one criterion's table strictly: every key is known, has its type, and was asked for."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, TypeVar

C = TypeVar("C", bound=str)


class CriterionError(ValueError):
    """What is wrong with a criterion's table: the key, the rule it breaks, and how to mend it."""

    def __init__(self, key: str, rule: str, mend: str) -> None:
        super().__init__(f"{key}: {rule}. Mend: {mend}.")
        self.key = key
        self.rule = rule
        self.mend = mend


class Table:
    """A criterion's keys. Each reader notes what it was asked for; `done` refuses what is left."""

    def __init__(self, raw: Mapping[str, Any], inside: str = "") -> None:
        self._raw = raw
        self._inside = inside
        self._asked: set[str] = set()

    def text(self, key: str, default: str | None = None) -> str:
        value = self._get(key, default)
        if not isinstance(value, str) or not value:
            raise self.error(key, "not a text", "write a text in quotes")
        return value

    def whole(self, key: str, default: int | None = None, most: int = 100_000) -> int:
        value = self._get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100_000:
            raise self.error(key, "not a whole number", "write a whole number without quotes")
        if value > most:
            raise self.error(key, f"{value} is beyond any lifetime", f"write at most {most}")
        return value

    def maybe_whole(self, key: str, most: int = 100_000) -> int | None:
        self._asked.add(key)
        return self.whole(key, most=most) if key in self._raw else None

    def decimal(self, key: str) -> Decimal:
        value = self._get(key, None)
        try:
            number = Decimal(value) if isinstance(value, str) else None
        except InvalidOperation:
            number = None
        if number is None or not number.is_finite() or number < 0:
            raise self.error(key, "not a number as text", 'write it as a string, such as "1.5"')
        return number

    def maybe_decimal(self, key: str) -> Decimal | None:
        self._asked.add(key)
        return self.decimal(key) if key in self._raw else None

    def flag(self, key: str, default: bool) -> bool:
        value = self._get(key, default)
        if not isinstance(value, bool):
            raise self.error(key, "not true or false", "write true or false")
        return value

    def choice(self, key: str, options: tuple[C, ...], default: C | None = None) -> C:
        value = self._get(key, default)
        for option in options:
            if option == value:
                return option
        said = " or ".join(f'"{option}"' for option in options)
        raise self.error(key, f"{value!r} is not known", f"write {said}")

    def names(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        value = self._get(key, None if default is None else list(default))
        if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
            raise self.error(key, "not a list of texts", 'write it as ["one", "two"]')
        return tuple(value)

    def tables(self, key: str) -> "tuple[Table, ...]":
        value = self._get(key, None)
        if not isinstance(value, list) or not value or not all(isinstance(v, dict) for v in value):
            raise self.error(key, "not a list of tables", "write it as [{ ... }, { ... }]")
        return tuple(Table(v, f"{self._inside}{key}[{n}].") for n, v in enumerate(value))

    def says(self, key: str, word: str) -> bool:
        """Whether the key holds just this word; other values are for another reader."""
        self._asked.add(key)
        return bool(self._raw.get(key) == word)

    def done(self) -> None:
        """Refuses keys that nobody asked for: a misspelt limit must never pass unseen."""
        for key in self._raw:
            if key not in self._asked:
                close = get_close_matches(key, sorted(self._asked), n=1)
                mend = f"write `{close[0]}`, or remove it" if close else "remove it"
                raise self.error(key, "unknown key", mend)

    def error(self, key: str, rule: str, mend: str) -> CriterionError:
        return CriterionError(f"{self._inside}{key}", rule, mend)

    def _get(self, key: str, default: Any) -> Any:
        self._asked.add(key)
        if key in self._raw:
            return self._raw[key]
        if default is None:
            raise self.error(key, "this key is missing", f"add `{key} = ...`")
        return default
