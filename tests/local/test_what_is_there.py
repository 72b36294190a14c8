"""Java, Redis and the jars: the right one is found, and what lacks is named with its mend."""

from pathlib import Path

import pytest

from services.local import java, kafka_jars, redis_server
from services.local.doctor import examine
from services.local.errors import LocalError
from services.local.kafka_jars import Jar, Progress


def test_a_java_that_is_too_old_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(tmp_path / "home" / "bin" / "java", 'openjdk version "11.0.24" 2024-07-16', err=True)
    _program(tmp_path / "path" / "java", 'openjdk version "21.0.4" 2024-07-16', err=True)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    assert java.find_java() == java.Java(tmp_path / "path" / "java", 21)


def test_java_8_with_its_old_numbering_is_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(tmp_path / "java", 'java version "1.8.0_421"', err=True)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setattr(java, "_from_wheel", lambda: None)
    with pytest.raises(LocalError, match=r"Java 17 or newer.*apt install default-jre-headless"):
        java.find_java()


def test_a_redis_that_is_too_old_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(tmp_path / "redis-server", "Redis server v=6.2.14 sha=00000000:0 bits=64")
    _program(tmp_path / "valkey-server", "Valkey server v=8.1.3 sha=00000000:0 bits=64")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    found = redis_server.find_redis()
    assert (found.program, found.name, found.version) == (
        tmp_path / "valkey-server",
        "Valkey",
        "8.1.3",
    )


def test_without_any_redis_the_mend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(redis_server, "_from_wheel", lambda: None)
    with pytest.raises(LocalError, match=r"Redis 7 or newer.*apt install redis-server"):
        redis_server.find_redis()


def test_the_pinned_jars_are_those_of_the_release() -> None:
    jars = {jar.file_name: jar for jar in kafka_jars.pinned_jars()}
    assert len(jars) == 46
    broker = jars["kafka_2.13-4.3.1.jar"]
    assert (broker.group, broker.size) == ("org.apache.kafka", 1621852)
    assert all(len(jar.digest) == 64 for jar in jars.values())


def test_a_jar_that_differs_from_its_pin_is_refused_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_bytes(staging: Path, progress: Progress, jar: Jar) -> Path:
        (staging / jar.file_name).write_bytes(b"something else")
        return staging / jar.file_name

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(kafka_jars, "_download", other_bytes)
    with pytest.raises(LocalError, match="is not the file that was pinned"):
        kafka_jars.fetch_jars()
    assert list(tmp_path.rglob("*.jar")) == []


def test_the_doctor_names_what_lacks_and_its_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    looked = {one.what: one for one in examine(tmp_path / "home")}
    assert " ".join(looked) == "Python Java Kafka Redis browser disk kafka redis worker web"
    kafka = looked["Kafka"]
    assert not kafka.fine
    assert kafka.sentence == "4.3.1: 46 jars (45 MB) are not fetched yet"
    assert kafka.mend == "run `holdfast stack fetch` (`make up` does it too)"
    assert looked["web"].fine
    assert looked["web"].sentence == "does not run (`make up` starts it)"
    assert not (tmp_path / "home").exists()


def _program(file: Path, says: str, *, err: bool = False) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\necho '{says}'{' >&2' if err else ''}\n")
    file.chmod(0o755)
