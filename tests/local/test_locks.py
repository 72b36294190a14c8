"""The lock files: public hosts only, hashes for all, and both the same packages."""

import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
LOCK: dict[str, Any] = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
FOR_PIP = (ROOT / "requirements.lock").read_text("utf-8")


def test_the_locks_name_only_the_public_package_index() -> None:
    text = (ROOT / "uv.lock").read_text("utf-8") + FOR_PIP
    assert set(re.findall(r"\w+://([^/\"\s]+)", text)) == {"pypi.org", "files.pythonhosted.org"}


def test_no_lock_names_a_file_of_the_machine_that_wrote_it() -> None:
    assert "file:" not in FOR_PIP
    sources = {next(iter(package["source"])) for package in LOCK["package"]}
    assert sources == {"registry", "editable"}


def test_pip_users_get_the_very_versions_that_uv_installs() -> None:
    for_uv = {
        f"{package['name']}=={package['version']}"
        for package in LOCK["package"]
        if "registry" in package["source"]
    }
    assert set(re.findall(r"^([a-z0-9._-]+==[^ ;]+)", FOR_PIP, re.MULTILINE)) == for_uv


def test_every_package_for_pip_has_a_hash() -> None:
    for block in re.split(r"\n(?=[a-z0-9])", FOR_PIP):
        if not block.startswith("#"):
            assert "--hash=sha256:" in block, block


def test_the_lock_is_of_the_dependencies_that_the_project_declares() -> None:
    own = next(p for p in LOCK["package"] if p["name"] == PROJECT["project"]["name"])
    locked = {
        (line["name"], line.get("specifier", ""))
        for line in own["metadata"]["requires-dist"]
        if "extra" not in line.get("marker", "")
    }
    declared = {_split(line) for line in PROJECT["project"]["dependencies"]}
    assert locked == declared, "run `make lock`"
    in_groups = {
        (line["name"], line.get("specifier", "")) for line in own["metadata"]["requires-dev"]["dev"]
    }
    assert in_groups == {_split(line) for line in PROJECT["dependency-groups"]["dev"]}


def _split(requirement: str) -> tuple[str, str]:
    found = re.fullmatch(r"([A-Za-z0-9._-]+)([^;]*)", requirement.split(";")[0].strip())
    assert found is not None, requirement
    return found.group(1).lower(), found.group(2).strip()
