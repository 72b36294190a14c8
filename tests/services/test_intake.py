"""The digest that binds a key to a body: of the canonical JSON of the command, a form too."""

import pytest

from enrollment.canonical import canonical
from enrollment.commands import COMMAND
from services.api.intake import _content
from services.api.writes import WRITES, Write


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.name)
def test_what_is_hashed_is_the_canonical_json_of_the_whole_command(write: Write) -> None:
    values = {"type": write.name, **write.example}
    if write.about_subject and not write.is_form:
        values["subject_id"] = "S-1"
    if write.is_form:
        form = write.example
        values = {
            "type": write.name,
            "subject_id": form["subject_id"],
            "site_id": form["site_id"],
            "form": form,
        }
    command = COMMAND.validate_json(canonical(values))
    assert _content(command) == canonical(command.model_dump(mode="json"))
