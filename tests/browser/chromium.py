"""How the machine's own Chromium is started for tests, and what to do where there is none."""

from playwright.sync_api import Browser, BrowserType

from services.local.chromium import MEND, find_chromium

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Calls nobody but the service under test; the pages are our own, so no sandbox is needed."""


def start(kind: BrowserType) -> Browser:
    """One browser without a window."""
    found = find_chromium()
    assert found is not None, f"No Chromium was found. Mend: {MEND}"
    return kind.launch(executable_path=found, args=list(QUIET))
