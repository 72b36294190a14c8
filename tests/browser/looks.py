"""What every page is looked at for, and where its pictures are kept."""

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

PICTURES = Path("build/pages")
NARROW: ViewportSize = {"width": 320, "height": 640}
"""A screen of 1280 pixels at 400 %, and narrower than any phone."""
CUT = """() => [...document.querySelectorAll(".scroll")]
    .filter(it => it.scrollWidth > it.clientWidth)
    .map(it => it.innerText.slice(0, 80))"""
"""What one must scroll sideways to read: only narrow screens may ask for it."""


def violations(page: Page) -> list[str]:
    """Rule and elements of all that axe finds on a page as it is."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['html'][:160]}"
        for one in found
        for node in one["nodes"]
    ]
