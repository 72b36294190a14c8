"""Specimens with HER2 tests as a form tells of them, and what inclusion 6 says to them."""

from typing import Any

from protocols.model import Protocol
from protocols.parse import parse_protocol
from tests.eligibility.base import finding, shipped, verdict

NEGATIVE, POSITIVE = {"ihc": "1+"}, {"ihc": "3+"}
NO_AMPLIFICATION = {"ihc": "2+", "ratio": "1.2", "copies": "2.6"}
FISH_2_6 = {"assay": "FISH", "probe": "dual", "ratio": "1.2", "copies": "2.6"}


def specimen(name: str, vector: dict[str, Any], assay: str = "FISH") -> dict[str, Any]:
    """A specimen on the form with the vector's tests."""
    found: dict[str, Any] = {"specimen": name, "tissue": "metastasis", "ihc": [], "ish": []}
    if "ihc" in vector:
        found["ihc"] = [{"score": vector["ihc"], "reported_on": "2027-01-10"}]
    if "copies" in vector or "ratio" in vector:
        probe = "single" if vector.get("single_probe") else "dual"
        ish = {"assay": assay, "probe": probe, "reported_on": "2027-01-12"}
        values = {key: vector[key] for key in ("ratio", "copies") if key in vector}
        found["ish"] = [ish | values]
    return found


def judged(*specimens: dict[str, Any], protocol: Protocol | None = None) -> Any:
    changed = verdict({"her2_specimens": list(specimens)}, protocol=protocol)
    return finding(changed, "I6")


def warning() -> Protocol:
    text = shipped().text.replace('her2_safety = "review"', 'her2_safety = "warn"')
    return parse_protocol(text)


def several(ihc: str | None, *ish: dict[str, str]) -> dict[str, Any]:
    """A specimen with one test of each assay."""
    found = specimen("biopsy", {} if ihc is None else {"ihc": ihc})
    return {**found, "ish": list(ish)}
