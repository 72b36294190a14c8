"""The compose file: valid by the specification, healthy, without secrets, and true to our settings.

`compose-spec.json` is the schema of the Compose Specification (Apache-2.0).
"""

import copy
import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from services.cli.main import COMMANDS
from services.settings import ApiSettings
from services.signin.settings import SigninSettings
from streams.settings import Settings

ROOT = Path(__file__).parent.parent.parent
SCHEMA = json.loads((Path(__file__).parent / "compose-spec.json").read_text("utf-8"))
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
OURS = ("topics", "worker", "web")
ENDS_BY_ITSELF = {"topics"}


def problems(compose: dict[str, Any]) -> list[str]:
    """All that is wrong with a compose file, in words."""
    found = [
        f"{'/'.join(map(str, error.path))}: {error.message[:120]}"
        for error in Draft202012Validator(SCHEMA).iter_errors(compose)
    ]
    for name, service in compose.get("services", {}).items():
        found += [f"{name}: {problem}" for problem in _of_service(name, service, compose)]
    return found


def _of_service(name: str, service: dict[str, Any], compose: dict[str, Any]) -> list[str]:
    found = []
    tag = str(service.get("image", "")).partition(":")[2]
    if tag in ("", "latest"):
        found.append("its image has no fixed version")
    if "healthcheck" not in service and name not in ENDS_BY_ITSELF:
        found.append("has no health check")
    if service.get("cap_drop") != ["ALL"]:
        found.append("keeps capabilities")
    if "no-new-privileges:true" not in service.get("security_opt", []):
        found.append("may gain privileges")
    if name != "kafka" and not service.get("read_only"):
        found.append("can write to its root")
    if name != "kafka" and str(service.get("user", "root")).split(":")[0] in ("root", "0"):
        found.append("runs as root")
    return found + _waits(service, compose) + _names(service, compose) + _secrets(service)


def _waits(service: dict[str, Any], compose: dict[str, Any]) -> list[str]:
    found = []
    for other, how in service.get("depends_on", {}).items():
        wanted = "service_completed_successfully" if other in ENDS_BY_ITSELF else "service_healthy"
        if other not in compose["services"]:
            found.append(f"waits for {other}, which is not there")
        elif how.get("condition") != wanted:
            found.append(f"does not wait until {other} is {wanted}")
    return found


def _names(service: dict[str, Any], compose: dict[str, Any]) -> list[str]:
    volumes = {str(volume).partition(":")[0] for volume in service.get("volumes", [])}
    used = {
        "volumes": volumes,
        "networks": set(service.get("networks", [])),
        "secrets": set(service.get("secrets", [])),
    }
    return [
        f"uses {name} of {kind}, which is not declared"
        for kind, names in used.items()
        for name in sorted(names - set(compose.get(kind) or {}))
    ]


def _secrets(service: dict[str, Any]) -> list[str]:
    return [
        f"{key} holds a secret"
        for key, value in service.get("environment", {}).items()
        if re.search("PASSWORD|SECRET|TOKEN|KEY", key)
        and not str(value).startswith("/run/secrets/")
    ]


def test_the_compose_file_is_as_it_must_be() -> None:
    assert problems(COMPOSE) == []


def test_everything_that_keeps_data_keeps_it_in_a_named_volume() -> None:
    services = COMPOSE["services"]
    assert services["kafka"]["volumes"] == ["kafka-data:/var/lib/kafka/data"]
    assert services["kafka"]["environment"]["KAFKA_LOG_DIRS"] == "/var/lib/kafka/data"
    assert services["redis"]["volumes"] == ["redis-data:/data"]
    assert " ".join(services["redis"]["command"]).startswith(
        "valkey-server --appendonly yes --appendfsync always"
    )


def test_only_the_web_service_can_be_reached_and_only_from_this_machine() -> None:
    published = {name: s["ports"] for name, s in COMPOSE["services"].items() if "ports" in s}
    assert published == {"web": ["127.0.0.1:${HOLDFAST_PORT:-8000}:8000"]}
    assert COMPOSE["networks"]["backend"] == {"internal": True}


@pytest.mark.parametrize("name", OURS)
def test_our_containers_are_told_only_settings_that_exist(name: str) -> None:
    known = {
        f"HOLDFAST_{field}".upper()
        for settings in (Settings, ApiSettings, SigninSettings)
        for field in settings.model_fields
    }
    assert set(COMPOSE["services"][name]["environment"]) <= known


def test_the_web_service_has_its_keys_and_an_address_that_browsers_reach() -> None:
    web = COMPOSE["services"]["web"]
    assert web["secrets"] == ["keys"]
    assert web["environment"]["HOLDFAST_SECRET_FILE"] == "/run/secrets/keys"
    assert COMPOSE["secrets"] == {"keys": {"file": "${HOLDFAST_KEYS:-./secret.key}"}}
    # Pages take no post from another origin, so another port is another address.
    address = "${HOLDFAST_WEB_ADDRESS:-http://127.0.0.1:${HOLDFAST_PORT:-8000}}"
    assert web["environment"]["HOLDFAST_WEB_ADDRESS"] == address


def test_nobody_but_the_web_service_has_the_keys() -> None:
    with_secrets = {name for name, s in COMPOSE["services"].items() if "secrets" in s}
    assert with_secrets == {"web"}


@pytest.mark.parametrize("name", OURS)
def test_our_containers_start_what_exists(name: str) -> None:
    match COMPOSE["services"][name]["command"]:
        case ["python", "-m", module]:
            assert find_spec(module) is not None
        case ["holdfast", command, *_]:
            assert command in COMMANDS
        case other:
            pytest.fail(f"unknown command {other}")


def test_the_image_holds_every_package_and_runs_as_nobody_special() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    for package in ("services", "streams", "enrollment", "protocols", "cohorts", "eligibility"):
        assert f"COPY {package} {package}\n" in text
        assert f"!{package}\n" in (ROOT / ".dockerignore").read_text("utf-8")
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["10001:10001"]
    assert COMPOSE["services"]["web"]["user"] == "10001:10001"


BROKEN: list[tuple[tuple[str, ...], Any, str]] = [
    (("services", "kafka", "imagine"), "apache/kafka", "services/kafka: .*'imagine' was unexp"),
    (("services", "kafka", "image"), "apache/kafka", "kafka: its image has no fixed version"),
    (("services", "redis", "image"), "valkey:latest", "redis: its image has no fixed version"),
    (("services", "redis", "healthcheck"), None, "redis: has no health check"),
    (("services", "web", "ports"), [{"published": []}], "services/web/ports/0"),
    (("services", "web", "read_only"), False, "web: can write to its root"),
    (("services", "web", "user"), "root", "web: runs as root"),
    (("services", "worker", "cap_drop"), [], "worker: keeps capabilities"),
    (("services", "worker", "security_opt"), [], "worker: may gain privileges"),
    (
        ("services", "worker", "depends_on", "topics", "condition"),
        "service_started",
        "worker: does not wait until topics is service_completed_successfully",
    ),
    (
        ("services", "worker", "depends_on", "kafka", "condition"),
        "service_well",
        "services/worker/depends_on",
    ),
    (
        ("services", "worker", "depends_on", "mysql"),
        {"condition": "service_healthy"},
        "worker: waits for mysql, which is not there",
    ),
    (
        ("services", "web", "environment", "HOLDFAST_REDIS_PASSWORD"),
        "hunter2",
        "web: HOLDFAST_REDIS_PASSWORD holds a secret",
    ),
    (("volumes", "kafka-data"), None, "kafka: uses kafka-data of volumes, which is not declared"),
    (("secrets", "keys"), None, "web: uses keys of secrets, which is not declared"),
]


@pytest.mark.parametrize(("place", "value", "said"), BROKEN, ids=[said for *_, said in BROKEN])
def test_a_broken_compose_file_is_found(place: tuple[str, ...], value: Any, said: str) -> None:
    broken = copy.deepcopy(COMPOSE)
    inner = broken
    for key in place[:-1]:
        inner = inner[key]
    if value is None:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    assert any(re.search(said, problem) for problem in problems(broken)), problems(broken)
