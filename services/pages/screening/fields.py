"""What a page of the screening form is made of: fields with words, groups, repeats, steps."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["yes_no", "choice", "date", "day", "measure", "whole", "grade", "word", "flag"]
"""`date` may be partial (2008, 2008-06); `day` is a whole one; `measure` an exact decimal."""

Options = tuple[tuple[str, str], ...]
"""Value and words."""

YES_NO: Options = (("yes", "Yes"), ("no", "No"), ("unknown", "Not known"))


@dataclass(frozen=True, slots=True)
class Field:
    """One fact. `name` is its key in its section of the form."""

    name: str
    label: str
    kind: Kind = "yes_no"
    hint: str | None = None
    unit: str | None = None
    options: Options = ()


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part that may come several times: a specimen, a regimen, a result.

    `nullable`: "not known whether there is any" differs from "none", and is asked for first.
    `inside` are parts that repeat within each one, such as the agents of a regimen.
    """

    name: str
    title: str
    one: str
    """What one of them is called: `specimen`."""
    fields: tuple[Field, ...]
    hint: str | None = None
    nullable: bool = False
    ask: str | None = None
    """The question whether there is any, of a nullable one."""
    inside: "tuple[Repeat, ...]" = ()
    shared: str | None = None
    """The date that mostly is the same for all of them: it can be written once."""

    @property
    def parts(self) -> "tuple[Field | Repeat, ...]":
        """All that stands within one of them, in order."""
        return (*self.fields, *self.inside)


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one heading. `path` is the section of the form; empty for the form itself."""

    title: str
    path: str
    parts: tuple[Field | Repeat, ...]
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One page of the form, short enough to be done in a minute or two."""

    slug: str
    title: str
    groups: tuple[Group, ...]
