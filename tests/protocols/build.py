"""Protocol texts for tests: the parameters of the scenarios (P0), with whatever a test changes."""

import re
from collections.abc import Sequence
from pathlib import Path

from cohorts.designs.design import Design
from protocols.with_design import with_design

SHIPPED = Path(__file__).parents[2] / "protocols" / "nct00825734.toml"
MARKER = "# --- Eligibility ---"


def criteria_text(results_go_stale: bool = False) -> str:
    """The shipped criteria; as in P0, results never go stale unless a test wants it."""
    text = SHIPPED.read_text("utf-8").split(MARKER, 1)[1]
    if results_go_stale:
        return text
    return re.sub(r"\b(\w*days_max) = \d+", r"\1 = 36500", text)


def levels_text(levels: Sequence[str]) -> str:
    """Levels at which sorafenib rises by 100 mg and ixabepilone by 4 mg/m2, from 100 and 20."""
    return "\n".join(
        f'[[phase1.levels]]\nid = "{level_id}"\ndoses = [\n'
        f'  {{ drug = "sorafenib", amount = "{100 + 100 * i}", unit = "mg", '
        f'schedule = "twice daily" }},\n'
        f'  {{ drug = "ixabepilone", amount = "{20 + 4 * i}", unit = "mg/m2", '
        f'schedule = "every 3 weeks" }},\n]\n'
        for i, level_id in enumerate(levels)
    )


def backfill_text(backfill: tuple[int, bool] | None) -> str:
    if backfill is None:
        return ""
    most, counts = backfill
    return (
        f"[phase1.backfill]\nmax_per_level = {most}\n"
        f"counts_for_escalation = {str(counts).lower()}\n\n"
    )


def protocol_text(
    *,
    protocol_id: str = "T1",
    version: str = "1.0",
    time_zone: str = "America/Chicago",
    variant: str = "B",
    levels: Sequence[str] = ("L1", "L2", "L3"),
    start_level: str = "L1",
    dlt_window_days: int = 21,
    stagger_days: int = 0,
    rp2d_min_evaluable: int = 3,
    signatures_required: int = 1,
    number: int = 40,
    counts_phase1: bool = False,
    site_cap: int | None = None,
    reservation_hours: int = 72,
    reserve_on: str = "eligible",
    waitlist_order: str = "first_come",
    site_limit: int | None = None,
    max_rescreens: int = 2,
    screening_days: int = 42,
    sites: Sequence[str] = ("S1", "S2", "S3"),
    results_go_stale: bool = False,
    criteria: str | None = None,
    design: Design | None = None,
    backfill: tuple[int, bool] | None = None,
    confirm_eligibility: bool = False,
) -> str:
    """A whole protocol; defaults are P0 of the scenarios. `site_limit` counts undosed places.

    `design` takes the place of the 3+3 with its variant; `backfill` is the most at a level, and
    whether it counts for escalation.
    """
    optional_cap = "" if site_cap is None else f"site_cap = {site_cap}\n"
    optional_limit = (
        "" if site_limit is None else f"max_live_reservations_per_site = {site_limit}\n"
    )
    site_tables = "\n".join(f'[[sites]]\nid = "{s}"\nname = "Site {s}"\n' for s in sites)
    text = f"""id = "{protocol_id}"
version = "{version}"
title = "A trial for tests"
time_zone = "{time_zone}"

[phase1]
design = "3+3"
variant = "{variant}"
start_level = "{start_level}"
dlt_window_days = {dlt_window_days}
stagger_days = {stagger_days}
rp2d_min_evaluable = {rp2d_min_evaluable}
signatures_required = {signatures_required}

{backfill_text(backfill)}[[phase1.drugs]]
name = "sorafenib"
planned_doses = 42
required_doses = 32

[[phase1.drugs]]
name = "ixabepilone"
planned_doses = 1
required_doses = 1

{levels_text(levels)}
[phase2]
number = {number}
counts_phase1 = {str(counts_phase1).lower()}
{optional_cap}
[assignment]
reservation_hours = {reservation_hours}
reserve_on = "{reserve_on}"
waitlist_order = "{waitlist_order}"
{optional_limit}max_rescreens = {max_rescreens}
screening_days = {screening_days}
{"confirm_eligibility = true" if confirm_eligibility else ""}

{site_tables}
{criteria_text(results_go_stale) if criteria is None else criteria}"""
    return text if design is None else with_design(text, design)
