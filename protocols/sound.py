"""What no protocol may contradict: levels, drugs, sites, the design, the time zone."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cohorts.levels import DoseLevel, DrugDose, rises, steps
from protocols.errors import Problem
from protocols.lines import Path, dotted, line_of
from protocols.shape import ContactsTable, LevelTable, PhaseOneTable, ProtocolFile, SiteTable
from protocols.sound_design import unsound_design

_RESERVED_SITE = "centre"  # Stands for the coordinating centre in every command id.


def unsound(file: ProtocolFile, lines: dict[Path, int]) -> Iterator[Problem]:
    """Every contradiction between keys that are each well formed."""

    def problem(path: Path, rule: str, mend: str) -> Problem:
        return Problem(dotted(path), rule, mend, line_of(lines, path))

    phase1 = file.phase1
    for path, rule, mend in (
        *_zone(file.time_zone),
        *_sites(file.sites),
        *_contacts(file.contacts),
        *_drugs(phase1),
        *_levels(phase1),
        *_doses(phase1),
        *unsound_design(phase1),
    ):
        yield problem(path, rule, mend)


Found = tuple[Path, str, str]


def dose_levels(tables: Sequence[LevelTable]) -> tuple[DoseLevel, ...]:
    """The levels in the file's order, which is ascending; ordinals count from 1."""
    return tuple(
        DoseLevel(
            table.id,
            ordinal,
            tuple(DrugDose(d.drug, d.amount, d.unit, d.schedule) for d in table.doses),
        )
        for ordinal, table in enumerate(tables, start=1)
    )


def zone(name: str) -> ZoneInfo | None:
    """The IANA time zone of that name, if there is one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _zone(name: str) -> Iterator[Found]:
    if zone(name) is None:
        yield (
            ("time_zone",),
            f'"{name}" is not an IANA time zone',
            'write one such as "America/Chicago"',
        )


def _repeated(ids: Sequence[str]) -> Iterator[tuple[int, str]]:
    for index, found in enumerate(ids):
        if found in ids[:index]:
            yield index, found


def _sites(sites: Sequence[SiteTable]) -> Iterator[Found]:
    for index, site_id in _repeated([site.id for site in sites]):
        yield ("sites", index, "id"), f'two sites have the id "{site_id}"', "rename one"
    for index, site in enumerate(sites):
        if site.id == _RESERVED_SITE:
            rule = f'"{_RESERVED_SITE}" is the coordinating centre itself'
            yield ("sites", index, "id"), rule, "give the site another id"


def _contacts(contacts: ContactsTable | None) -> Iterator[Found]:
    if contacts is None:
        return
    monitor = contacts.medical_monitor
    if not (monitor.phone or monitor.email or monitor.text):
        yield (
            ("contacts", "medical_monitor"),
            "nothing says how to reach the medical monitor",
            "give `phone`, `email` or `text`",
        )


def _drugs(phase1: PhaseOneTable) -> Iterator[Found]:
    for index, name in _repeated([drug.name for drug in phase1.drugs]):
        yield ("phase1", "drugs", index, "name"), f'two drugs are named "{name}"', "rename one"
    for index, drug in enumerate(phase1.drugs):
        if drug.required_doses > drug.planned_doses:
            yield (
                ("phase1", "drugs", index, "required_doses"),
                f"{drug.name} requires {drug.required_doses} doses of {drug.planned_doses} planned,"
                " so nobody could ever be evaluable",
                "require no more doses than are planned in the DLT window",
            )


def _levels(phase1: PhaseOneTable) -> Iterator[Found]:
    ids = [level.id for level in phase1.levels]
    for index, level_id in _repeated(ids):
        yield (
            ("phase1", "levels", index, "id"),
            f'two levels have the id "{level_id}"',
            "rename one",
        )
    if phase1.start_level not in ids:
        yield (
            ("phase1", "start_level"),
            f'there is no level "{phase1.start_level}"',
            f"write one of {', '.join(ids)}",
        )
    for index, (lower, higher) in enumerate(steps(dose_levels(phase1.levels)), start=1):
        if not rises(lower, higher):
            yield (
                ("phase1", "levels", index),
                f"no drug rises from {lower.level_id} to {higher.level_id}",
                "put the levels in ascending order, or raise a dose",
            )


def _doses(phase1: PhaseOneTable) -> Iterator[Found]:
    names = [drug.name for drug in phase1.drugs]
    units: dict[str, str] = {}
    for index, level in enumerate(phase1.levels):
        path: Path = ("phase1", "levels", index, "doses")
        for place, drug in _repeated([dose.drug for dose in level.doses]):
            yield (*path, place), f'"{drug}" has two doses at {level.id}', "remove one"
        for place, dose in enumerate(level.doses):
            if dose.drug not in names:
                yield (
                    (*path, place, "drug"),
                    f'"{dose.drug}" is no drug of [[phase1.drugs]]',
                    f"write one of {', '.join(names)}, or add the drug",
                )
            unit = units.setdefault(dose.drug, dose.unit)
            if dose.unit != unit:
                yield (
                    (*path, place, "unit"),
                    f"{dose.drug} is in {dose.unit} at {level.id} but in {unit} before",
                    "give every dose of a drug in one unit, so that levels can be compared",
                )
