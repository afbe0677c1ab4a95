"""The lock of the embedded Kafka's jars, without a network."""

from pathlib import Path

import pytest

from parfeed import kafka_jars
from parfeed.errors import JarsUnavailable
from parfeed.kafka_jars import Jar, locked_jars, missing, resolve


def lay(jar: Jar, repository: Path, size: int) -> None:
    path = jar.path(repository)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)


def test_the_lock_names_kafka_and_what_makes_it_speak() -> None:
    coordinates = {jar.coordinate for jar in locked_jars()}
    assert {kafka_jars.KAFKA, kafka_jars.LOGGING} <= coordinates
    assert len(coordinates) == len(locked_jars())


def test_a_jar_lies_where_maven_has_it(tmp_path: Path) -> None:
    jar = Jar(coordinate="org.apache.kafka:kafka_2.13:4.3.1", size=1, sha256="")
    assert jar.path(tmp_path) == (
        tmp_path / "org/apache/kafka/kafka_2.13/4.3.1/kafka_2.13-4.3.1.jar"
    )


def test_a_jar_that_was_fetched_in_part_is_missing(tmp_path: Path) -> None:
    jars = locked_jars()
    for jar in jars:
        lay(jar, tmp_path, jar.size)
    assert missing(jars, tmp_path) == []
    lay(jars[3], tmp_path, jars[3].size - 1)
    jars[5].path(tmp_path).unlink()
    assert missing(jars, tmp_path) == [jars[3], jars[5]]


def test_the_class_path_has_every_jar_and_needs_no_network_when_they_are_there(
    tmp_path: Path,
) -> None:
    for jar in locked_jars():
        lay(jar, tmp_path, jar.size)
    assert resolve(where=tmp_path) == [jar.path(tmp_path) for jar in locked_jars()]


def test_without_a_network_the_error_says_what_to_do_and_nothing_half_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A proxy that refuses connections: as good as no network.
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(JarsUnavailable, match="PARFEED_BROKER=host:port") as raised:
        resolve(where=tmp_path)
    assert str(tmp_path) in str(raised.value)
    assert list(tmp_path.rglob("*.jar")) == []


def test_a_repository_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(JarsUnavailable, match="M2_REPO"):
        resolve(where=blocked / "repository")
