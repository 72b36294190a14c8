"""The routes that docs/api.md and docs/events.md tell of are those that the code has."""

from pathlib import Path
from typing import get_args

from fastapi import FastAPI

from enrollment.public_events import PublicType
from services.api.writes import WRITES
from services.settings import ApiSettings

DOCS = Path(__file__).parents[2] / "docs"


def test_the_table_of_writes_is_that_of_the_code() -> None:
    text = (DOCS / "api.md").read_text("utf-8")
    rows = "\n".join(
        f"| `{write.path}` | `{write.name}` | {', '.join(write.roles)} |" for write in WRITES
    )
    assert rows in text


def test_every_read_is_told_of(app: FastAPI) -> None:
    text = (DOCS / "api.md").read_text("utf-8")
    for path, item in app.openapi()["paths"].items():
        if "get" in item and not path.startswith("/v1/problems"):
            told = path.replace("{trial_id}", "{t}").replace("{subject_id}", "{s}")
            assert told.replace("{submission_id}", "{id}") in text, path


def test_every_public_event_is_told_of() -> None:
    text = (DOCS / "events.md").read_text("utf-8")
    for name in get_args(PublicType):
        assert f"`{name}`" in text


def test_every_setting_of_the_api_is_documented() -> None:
    text = (DOCS / "api.md").read_text("utf-8") + (DOCS / "operations.md").read_text("utf-8")
    for name in ApiSettings.model_fields:
        assert f"HOLDFAST_{name.upper()}" in text, name
