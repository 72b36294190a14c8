"""Pictures for the guides, made by the tests where they stand before what is to be shown."""

import os
from pathlib import Path

from playwright.sync_api import Page

FOLDER = Path("docs/pictures")
WIDTH = 1080
ASKED = bool(os.environ.get("HOLDFAST_PICTURES"))
"""`make pictures` asks for them; else nothing is written."""


def picture(page: Page, name: str, height: int = 760, at: str | None = None) -> None:
    """Keeps what one sees on a screen of this height, scrolled to `at` if given."""
    if not ASKED:
        return
    before = page.viewport_size
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.set_viewport_size({"width": WIDTH, "height": height})
    page.evaluate("scrollTo(0, 0)")
    if at is not None:
        top = "at => scrollTo(0, document.querySelector(at).getBoundingClientRect().top)"
        page.evaluate(top, at)
    page.screenshot(path=FOLDER / f"{name}.png", animations="disabled", caret="hide")
    if before is not None:
        page.set_viewport_size(before)
