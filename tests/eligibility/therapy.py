"""Prior chemotherapy for tests: regimens, and what is said of them under chosen counting rules."""

from typing import Any

from eligibility.finding import Finding
from protocols.model import Protocol
from protocols.parse import parse_protocol
from tests.eligibility.base import finding, shipped, verdict
from tests.eligibility.forms import regimen


def adjuvant(agent: str = "doxorubicin", year: int = 2015, **more: Any) -> dict[str, Any]:
    dates = {"started_on": f"{year}-02-01", "stopped_on": f"{year}-06-01"}
    return regimen("adjuvant", agent, **{**dates, **more})


def metastatic(agent: str = "docetaxel", year: int = 2024, **more: Any) -> dict[str, Any]:
    dates = {"started_on": f"{year}-02-01", "stopped_on": f"{year}-06-01"}
    return regimen("metastatic", agent, **{**dates, "stop_reason": "progression", **more})


def judged(
    regimens: list[dict[str, Any]], phase: int = 1, protocol: Protocol | None = None
) -> tuple[Finding, Finding]:
    found = verdict({"prior_regimens": regimens}, protocol=protocol)
    return finding(found, "I5a", phase), finding(found, "E1", phase)


def said(regimens: list[dict[str, Any]], protocol: Protocol | None = None) -> str:
    """How the regimens were counted, as inclusion 5a says it."""
    because = judged(regimens, protocol=protocol)[0].because
    return because.split(";")[0].rstrip(".").removeprefix("Chemotherapy regimens ")


def counted(**parameters: Any) -> Protocol:
    """The shipped protocol with other counting rules, in I5a and E1 alike."""
    text = shipped().text
    for key, value in parameters.items():
        written = str(value).lower() if isinstance(value, bool) else value
        written = f'"{value}"' if isinstance(value, str) else written
        lines = [line for line in text.splitlines() if line.startswith(f"{key} =")]
        assert lines, key
        for line in set(lines):
            text = text.replace(line, f"{key} = {written}")
    return parse_protocol(text)
