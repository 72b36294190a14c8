"""The designs that `holdfast simulate` compares: the protocol's own, or others put in its place."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

from pydantic import ValidationError

from cohorts.designs.parameters import fields_of
from protocols.design_tables import DESIGN_TABLES, CrmTable, DesignKey, Sizes
from protocols.designs import design_of, key_of
from protocols.errors import ProtocolError
from protocols.model import Protocol
from protocols.parse import parse_protocol
from protocols.shape import PhaseOneTable
from protocols.sound_design import unsound_design
from protocols.with_design import with_design

KEYS: Final[tuple[str, ...]] = get_args(DesignKey)
TARGET: Final = "0.25"
"""The target where neither the protocol's design nor an option has one."""
USUAL: Final = {"cohort_size": "3", "max_subjects": "30", "max_per_level": "12"}
"""Sizes of a design that is only named."""
Given = Mapping[str, str]


class UnfitError(Exception):
    """An option that cannot be used: which, why, and how to mend it."""

    def __init__(self, option: str, rule: str, mend: str) -> None:
        super().__init__(f"{option}: {rule}. Mend: {mend}.")


@dataclass(frozen=True, slots=True)
class Compared:
    """One design on the protocol; `label` is how tables and charts call it."""

    label: str
    key: str
    protocol: Protocol

    @property
    def planned(self) -> int | None:
        """How many subjects the design plans; none where it plans no number."""
        found = fields_of(self.protocol.phase1.design).get("max_subjects")
        return found if isinstance(found, int) else None


def own_target(protocol: Protocol) -> str | None:
    """The target of the protocol's own design, if that has one."""
    found = fields_of(protocol.phase1.design).get("target")
    return None if found is None else f"{float(found):.9f}".rstrip("0")


def compared(
    protocol: Protocol, asked: Sequence[str], common: Given, target: str
) -> tuple[Compared, ...]:
    """The designs asked for, in order: `own`, a key, or a key with parameters `boin:target=0.3`.

    `common` parameters go to every named design that has them. Raises `UnfitError`.
    """
    found = [_one(protocol, each, common, target) for each in asked or ("own",)]
    used = {name for each in asked for name in _names_of(_split(each)[0])}
    for name in common:
        if name not in used and asked:
            raise UnfitError(
                "--param", f"no design that you named has a parameter {name}", "correct the name"
            )
    if common and not asked:
        raise UnfitError("--param", "it is for designs that are named", "add --design")
    labels = [each.label for each in found]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice is not None:
        raise UnfitError(
            "--design", f"{twice} stands twice", "leave one out, or give it other parameters"
        )
    return tuple(found)


def _one(protocol: Protocol, asked: str, common: Given, target: str) -> Compared:
    key, own = _split(asked)
    design = protocol.phase1.design
    if key == "own":
        if own:
            raise UnfitError("--design", "own takes no parameters", f"write {key_of(design)}:...")
        return Compared(f"{_said(protocol)} (own)", key_of(design), protocol)
    if key not in KEYS:
        raise UnfitError("--design", f'there is no design "{key}"', f"own, {', '.join(KEYS)}")
    given = {name: value for name, value in common.items() if name in _names_of(key)} | own
    text = _with(protocol, key, given, target)
    try:
        made = parse_protocol(text, f"{protocol.protocol_id} under {key}")
    except ProtocolError as error:
        raise UnfitError("--design", f"{key} does not fit: {error}", "correct it") from None
    said = ", ".join(f"{name} {value}" for name, value in given.items() if name != "variant")
    return Compared(f"{_said(made)}, {said}" if said else _said(made), key, made)


def _said(protocol: Protocol) -> str:
    design = protocol.phase1.design
    variant = fields_of(design).get("variant")
    return design.name if variant is None else f"{design.name} {variant}"


def _split(asked: str) -> tuple[str, dict[str, str]]:
    """`boin:target=0.3,cohort_size=1` as the key and its parameters."""
    key, _, rest = asked.partition(":")
    return key.strip(), pairs(rest.split(","), "--design") if rest else {}


def pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """`name=value` each. Raises `UnfitError`."""
    found: dict[str, str] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not (equals and name.strip() and value.strip()):
            raise UnfitError(option, f'"{each}" is not name=value', "such as target=0.3")
        found[name.strip()] = value.strip()
    return found


def _names_of(key: str) -> frozenset[str]:
    if key == "3+3":
        return frozenset({"variant"})
    table = DESIGN_TABLES.get(key)
    return frozenset() if table is None else frozenset(table.model_fields) - {"illustrative"}


def _with(protocol: Protocol, key: str, given: Given, target: str) -> str:
    """The protocol's text with this design; sizes and target are the usual ones unless given."""
    unknown = next((name for name in given if name not in _names_of(key)), None)
    if unknown is not None:
        known = ", ".join(sorted(_names_of(key)))
        raise UnfitError("--design", f"{key} has no parameter {unknown}", f"it has {known}")
    raw: dict[str, Any] = tomllib.loads(protocol.text)["phase1"]
    own = raw.get(key, {}) if raw["design"] == key else _usual(protocol, key, given, target)
    variant = raw.get("variant", "B")
    for other in (*DESIGN_TABLES, "variant"):
        raw.pop(other, None)
    raw |= {"design": key, "rp2d_min_evaluable": 1}
    if key == "3+3":
        raw["variant"] = given.get("variant", variant)
    else:
        raw[key] = own | {name: _typed(key, name, value) for name, value in given.items()}
    return with_design(protocol.text, design_of(_sound(raw, key)))


def _usual(protocol: Protocol, key: str, given: Given, target: str) -> dict[str, Any]:
    """What a design that is only named is given, where it has no default of its own."""
    table = DESIGN_TABLES.get(key)
    usual: dict[str, str] = {}
    if key == "decision_table":
        raise UnfitError(
            "--design", "a decision table has no default", "put it into the protocol file, use own"
        )
    if table is not None and issubclass(table, Sizes):
        usual = USUAL | {"target": target}
    if table is not None and issubclass(table, CrmTable) and "skeleton" not in given:
        levels = protocol.phase1.levels
        usual |= {"halfwidth": "0.05", "prior_mtd": levels[(len(levels) - 1) // 2].level_id}
    return {name: _typed(key, name, value) for name, value in usual.items()}


def _typed(key: str, name: str, value: str) -> Any:
    """As it would stand in the file: counts and flags bare, rates as text, lists by slashes."""
    annotation = DESIGN_TABLES[key].model_fields[name].annotation
    said = str(annotation)
    if annotation is bool:
        if value not in ("true", "false"):
            raise UnfitError("--design", f"{key}.{name} is true or false, not {value}", "write one")
        return value == "true"
    if annotation is int:
        if not value.isdecimal():
            raise UnfitError("--design", f"{key}.{name} is a number of subjects", "such as 3")
        return int(value)
    return value.split("/") if "list[" in said else value


def _sound(raw: dict[str, Any], key: str) -> PhaseOneTable:
    try:
        table = PhaseOneTable.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UnfitError("--design", f"{where}: {first['msg']}", "correct the parameter") from None
    for path, rule, mend in unsound_design(table):
        where = ".".join(str(part) for part in path)
        raise UnfitError("--design", f"{key}, {where}: {rule}", mend)
    return table
