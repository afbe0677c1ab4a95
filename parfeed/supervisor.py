"""
Run a whole deployment on this machine: broker, topics, workers, board, ledger, feed.

::

    async with Supervisor(settings, on_progress=show) as running:
        ...  # running.url

Rules that hold here:

- Order: lock, broker, topics, then all other processes together; ready when the feed
  server says that it has caught up. Stopped the other way round, since workers
  give their partitions back through the broker.
- What dies is started again (`restarts`), until it dies too often: then `failed` raises
  with the end of its log. A death by the broker's fall is not counted: it is no fault
  of its own.
- Nothing outlives us: every child runs under `guard`, and holds the lock on the data
  directory as long as it lives.
- All of it stops within 5 s.
"""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from parfeed.broker import EmbeddedBroker
from parfeed.deployment import set_up
from parfeed.errors import PortTaken, ProcessFailed
from parfeed.lock import DirectoryLock
from parfeed.ports import http_status, is_free, reachable_host, url_host
from parfeed.process import ChildProcess
from parfeed.progress import Progress, Step, silent
from parfeed.restarts import DEATHS_WITHIN_S, FIRST_PAUSE_S, MAX_DEATHS, Restarts
from schemas.errors import ParfeedError
from schemas.settings import Settings, to_environ

LOCK_NAME: Final = "up.lock"
"""In the data directory; says who runs there and what address it serves."""

_CHILD_STOP_S: Final = 3.0
_BROKER_STOP_S: Final = 1.5
"""Together under the 5 s that a Ctrl-C may take. A worker needs 1 s, Kafka 0.5 s."""

_READY_LIMIT_S: Final = 120.0
"""For the feed server to read the market: 1 s per 100,000 rows, and slow disks."""

_POLL_S: Final = 0.05

FEED_SERVER: Final = "feed server"
BOARD: Final = "board"
LEDGER: Final = "ledger"
_BROKER: Final = "Kafka"

log = logging.getLogger(__name__)


def programs(settings: Settings) -> dict[str, list[str]]:
    """Return the commands of a deployment's processes, by name; Kafka is not one."""
    workers = {
        f"worker {number}": [sys.executable, "-m", "streams"]
        for number in range(1, settings.workers + 1)
    }
    return {
        FEED_SERVER: [sys.executable, "-m", "feed_server"],
        BOARD: [sys.executable, "-m", "streams.board"],
        LEDGER: [sys.executable, "-m", "streams.ledger"],
        **workers,
    }


class Supervisor:
    """
    A running deployment.

    Args:
        settings: with a `data_dir`; without a `broker`, an embedded one is started.
        on_progress: hears what the start is doing.
        on_notice: hears, in words for a person, what died and was started again.
        commands: what to run, by name; `programs` of the settings if None.

    Attributes:
        settings: as its processes have them, the broker's address filled in.
        log_dir: a log per process.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        on_progress: Progress = silent,
        on_notice: Callable[[str], None] = log.warning,
        commands: Mapping[str, list[str]] | None = None,
    ) -> None:
        if not settings.data_dir:
            raise AssertionError("the settings name no data directory")
        self.settings = settings
        self.on_progress = on_progress
        self.on_notice = on_notice
        self._data_dir = Path(settings.data_dir)
        self.log_dir = self._data_dir / "logs"
        self._commands = programs(settings) if commands is None else dict(commands)
        self._lock = DirectoryLock(self._data_dir / LOCK_NAME)
        self._broker = None if settings.broker else EmbeddedBroker(self._data_dir)
        self._broker_up = asyncio.Event()
        self._broker_falls = 0
        self._running: dict[str, ChildProcess] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._failure: asyncio.Future[None] | None = None

    @property
    def url(self) -> str:
        """The feed's address, for clients on this machine."""
        host = url_host(reachable_host(self.settings.host))
        return f"ws://{host}:{self.settings.port}/"

    @property
    def bootstrap(self) -> str:
        """Kafka's address. Known once it has been started."""
        return self.settings.broker

    @property
    def pids(self) -> dict[str, int]:
        """What runs now, by name: `Kafka`, `feed server`, `board`, `ledger`, ..."""
        pids = {name: child.pid for name, child in self._running.items()}
        if self._broker is not None and self._broker_up.is_set():
            pids[_BROKER] = self._broker.pid
        return pids

    async def __aenter__(self) -> Self:
        """Start all of it and wait until the feed is served."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop all of it."""
        await self.stop()

    async def start(self) -> None:
        """
        Start all of it and wait until the feed is served.

        You must await `failed` to hear of what cannot be kept running, and `stop` in
        the end, unless it raises.

        Raises:
            AlreadyRunning: if a supervisor runs on this data directory.
            PortTaken: if the feed server's port is somebody else's.
            InvalidSettings: if Kafka's topics do not fit the settings.
            ParfeedError: whatever else keeps one of the processes from running.
        """
        self._failure = asyncio.get_running_loop().create_future()
        try:
            await self._lock.acquire({"address": self.url})
            self._check_port()
            if self._broker is not None:
                await self._broker.start(self.on_progress)
                self.settings = msgspec.structs.replace(
                    self.settings, broker=self._broker.bootstrap
                )
                self._keepers.append(
                    asyncio.create_task(self._keep_broker(self._broker))
                )
            self._broker_up.set()
            self.on_progress(Step(what="Making topics"))
            await set_up(self.settings.broker, self.settings)
            self.on_progress(Step(what="Starting workers, board, ledger and feed"))
            for name, command in self._commands.items():
                await self._spawn(name, command)
                self._keepers.append(asyncio.create_task(self._keep(name, command)))
            await self._ready(self._failure)
        except BaseException:
            await self.stop()
            raise

    async def failed(self) -> None:
        """
        Wait until something cannot be kept running, or all of it is stopped.

        Raises:
            ProcessFailed: which one, with the end of its log.
        """
        if self._failure is None:
            raise AssertionError("the deployment has not been started")
        # Whoever stops waiting must not take the answer from others.
        await asyncio.shield(self._failure)

    async def stop(self) -> None:
        """Stop what runs, kill what does not stop, let go of the data directory."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._keepers.clear()
        await asyncio.gather(
            *(child.stop(_CHILD_STOP_S) for child in self._running.values())
        )
        self._running.clear()
        if self._broker is not None:
            await self._broker.stop(_BROKER_STOP_S)
        self._broker_up.clear()
        self._lock.release()
        if self._failure is not None and not self._failure.done():
            self._failure.set_result(None)

    # Starting.

    def _check_port(self) -> None:
        if not is_free(self.settings.host, self.settings.port):
            raise PortTaken(
                self.settings.port,
                "the feed server",
                "choose another with --port or PARFEED_PORT, or end what listens there",
            )

    async def _spawn(self, name: str, command: list[str]) -> None:
        self._running[name] = await ChildProcess.start(
            command,
            log=self.log_dir / f"{name.replace(' ', '-')}.log",
            environ=_environ(self.settings),
            inherited_fds=(self._lock.fd,),
        )

    async def _ready(self, failure: asyncio.Future[None]) -> None:
        host = reachable_host(self.settings.host)
        deadline = time.monotonic() + _READY_LIMIT_S
        while await http_status(host, self.settings.port) != 200:
            if failure.done():
                await failure
            if time.monotonic() > deadline:
                raise ProcessFailed(
                    FEED_SERVER,
                    f"was not ready within {_READY_LIMIT_S:.0f} s",
                    self._running[FEED_SERVER].log,
                )
            await asyncio.sleep(_POLL_S)

    # Keeping it running.

    async def _keep(self, name: str, command: list[str]) -> None:
        restarts = Restarts()
        while True:
            child = self._running[name]
            falls = self._broker_falls
            code = await child.wait()
            innocent = falls != self._broker_falls or not self._broker_up.is_set()
            pause = FIRST_PAUSE_S if innocent else restarts.died(time.monotonic())
            if pause is None:
                self._give_up(name, child.log)
                return
            self._tell(name, code)
            await asyncio.sleep(pause)
            await self._broker_up.wait()
            await self._spawn(name, command)

    async def _keep_broker(self, broker: EmbeddedBroker) -> None:
        restarts = Restarts()
        while True:
            code = await broker.wait()
            self._broker_falls += 1
            self._broker_up.clear()
            self._tell(_BROKER, code)
            while not self._broker_up.is_set():
                pause = restarts.died(time.monotonic())
                if pause is None:
                    self._give_up(_BROKER, broker.log)
                    return
                await asyncio.sleep(pause)
                try:
                    await broker.start()
                except ParfeedError as exc:
                    self.on_notice(str(exc))
                else:
                    self._broker_up.set()

    def _tell(self, name: str, code: int) -> None:
        self.on_notice(f"{name} ended ({_cause(code)}); starting it again")

    def _give_up(self, name: str, log_file: Path) -> None:
        failure = ProcessFailed(
            name,
            f"died {MAX_DEATHS} times within {DEATHS_WITHIN_S:.0f} s and is not "
            "started again",
            log_file,
        )
        if self._failure is not None and not self._failure.done():
            self._failure.set_exception(failure)
            # Taken note of: whoever awaits `failed`, now or later, gets it still.
            self._failure.exception()


def _environ(settings: Settings) -> dict[str, str]:
    # A child reads its settings from the environment alone, so ours must not add any.
    ours = {k: v for k, v in os.environ.items() if not k.startswith("PARFEED_")}
    return {**ours, **to_environ(settings)}


def _cause(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    return f"signal {signal.Signals(-code).name}"
