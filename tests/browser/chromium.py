"""The machine's own Chromium: where it is, how it is started, what to do where there is none."""

import os
import shutil
from pathlib import Path

from playwright.sync_api import Browser, BrowserType

NAMES = ("chromium", "chromium-browser", "google-chrome")
MEND = "install Chromium (apt-get install chromium), or set HOLDFAST_CHROMIUM to its program"
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


def program() -> Path | None:
    """`HOLDFAST_CHROMIUM`, else the first of `NAMES` that is installed."""
    if given := os.environ.get("HOLDFAST_CHROMIUM"):
        return Path(given)
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return None if found is None else Path(found)


def start(kind: BrowserType) -> Browser:
    """One browser without a window."""
    found = program()
    assert found is not None, f"No Chromium was found. Mend: {MEND}"
    return kind.launch(executable_path=found, args=list(QUIET))
