"""The catalogue of errors, outcomes, rules and event types, read off the code that uses them."""

from typing import Any, get_args

from pydantic import BaseModel

from enrollment import events
from enrollment.answer import Outcome
from enrollment.public_events import NAMES, PREFIX, PublicType
from enrollment.rules import RULES
from services.api.problems import PROBLEMS, Kind

OUTCOMES: dict[Outcome, str] = {
    "slot_reserved": "The subject has a place, until `expires_at`.",
    "waitlisted": "Eligible, and waiting: `rule` says why, `position` where.",
    "ineligible": "The form fails a criterion; `earliest_on` if time alone can turn it.",
    "incomplete": "A fact is unknown or too old: `missing` names the fields.",
    "needs_review": "A person must decide on a finding.",
    "held": "A consented subject holds a place before the verdict.",
    "recorded": "A fact or a signature is recorded; `deviations` name the rules it went against.",
    "refused": "A rule said no: `rule`, `sentence`, and `earliest_on` where a date can be known.",
    "rejected": "The request does not fit the trial; nothing else changed.",
}
assert set(OUTCOMES) == set(get_args(Outcome))


def first_sentence(model: type[BaseModel]) -> str:
    """A model's docstring in one line; models without one are named by their fields."""
    own = (model.__doc__ or "").strip().split("\n\n")[0]
    return " ".join(own.split())


def problem_json(kind: Kind) -> dict[str, Any]:
    return {
        "type": kind.type,
        "name": kind.name,
        "status": kind.status,
        "title": kind.title,
        "mend": kind.mend,
    }


def catalogue() -> dict[str, Any]:
    """What `/v1/catalogue` answers and `docs/errors.md` prints."""
    told = {name: event for event, name in NAMES.items()}
    return {
        "problems": [problem_json(kind) for kind in PROBLEMS],
        "outcomes": [{"outcome": name, "says": says} for name, says in OUTCOMES.items()],
        "rules": [
            {"rule": name, "says": rule.says, "mend": rule.mend, "source": rule.source}
            for name, rule in sorted(RULES.items())
        ],
        "events": [
            {"type": event.__name__, "says": first_sentence(event)}
            for event in get_args(events.AnyEvent)
        ],
        "public_events": [
            {
                "type": f"{PREFIX}{name}.v1",
                "of": told[name].__name__ if name in told else "FormJudged",
                "schema": f"schemas/events/{name}.json",
            }
            for name in get_args(PublicType)
        ],
    }


def catalogue_markdown() -> str:
    """`docs/errors.md`, whole."""
    found = catalogue()
    parts = [
        "# Errors, outcomes, rules and event types",
        "Written by `holdfast schemas write` from the code; do not edit. As JSON: "
        "`GET /v1/catalogue`.",
        "A status of 400 or more means that nothing was decided. Every decided outcome is a 200.",
        "## Problems (RFC 9457)",
        _table(found["problems"], ("status", "type", "title", "mend")),
        "## Outcomes",
        _table(found["outcomes"], ("outcome", "says")),
        "## Rules",
        "What `rule` can name, besides the ids of the protocol's criteria (`I8`, `E12` ...). "
        "The last column is the rule in [rules.md](rules.md).",
        _table(found["rules"], ("rule", "says", "mend", "source")),
        "## Events of the log",
        "Restricted: `trial.log` is pseudonymised and holds whole forms.",
        _table(found["events"], ("type", "says")),
        "## Public events",
        "See [events.md](events.md).",
        _table(found["public_events"], ("type", "of", "schema")),
    ]
    return "\n\n".join(parts) + "\n"


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> str:
    head = f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}"
    coded = {"type", "outcome", "rule", "of", "schema"}
    lines = [
        "| "
        + " | ".join(
            f"`{row[name]}`" if name in coded else str(row[name]).replace("|", "\\|")
            for name in columns
        )
        + " |"
        for row in rows
    ]
    return "\n".join([head, *lines])
