"""Where this machine has a Chromium: what the browser tests drive."""

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
MEND = "apt-get install chromium, or set HOLDFAST_CHROMIUM to the program of another one"


def find_chromium() -> Path | None:
    """`HOLDFAST_CHROMIUM`, else the first of `NAMES` that is installed."""
    if given := os.environ.get("HOLDFAST_CHROMIUM"):
        return Path(given)
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return None if found is None else Path(found)
