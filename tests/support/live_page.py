"""
The page in a real browser, on a real feed server whose market the test writes itself.

No Kafka: rows go into the server's channels as its consumer would put them. What lies
beyond the server (who stores events, who judges them) is made by hand here.
"""

import asyncio
import json
import os
import random
import shutil
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from support.processes import free_port

from feed_server.channels import Channels
from feed_server.server import FeedServer
from feed_server.verdicts import Question
from feed_server.view import View
from schemas.feed import Outcome, Result
from schemas.settings import Settings

CHROMIUM_OPTIONS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""A browser for tests: no sandbox (CI is root in a container), no calls home."""

PARTITIONS: Final = 4

GOLDEN: Final = Path(__file__).parents[1] / "wire" / "golden"


def chromium() -> str | None:
    """Return where a Chromium is; None if there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next(filter(None, map(shutil.which, names)), None)


def is_required() -> bool:
    """Tell whether a missing browser is an error: in CI, where one is installed."""
    return bool(os.environ.get("CI"))


class StoredEvents:
    """Stores events in memory: offsets count up, an event that names no type fails."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def publish(self, events: Sequence[bytes]) -> "asyncio.Future[tuple[Result, ...]]":
        """Take events at once."""
        future = asyncio.get_running_loop().create_future()
        future.set_result(tuple(map(self._store, events)))
        return future

    def _store(self, event: bytes) -> Result:
        read = json.loads(event)
        event_id = read.get("event_id")
        if "type" not in read:
            return Result(event_id=event_id, error="unknown_type", detail="no type")
        self.events.append(read)
        offset = len(self.events) - 1
        return Result(event_id=event_id, topic="purchases", partition=0, offset=offset)


class AcceptingJudge:
    """Accepts whatever was stored."""

    def ask(self, events: Sequence[bytes]) -> Question:
        """Prepare to judge."""
        return Question([None] * len(events))

    def drop(self, question: Question) -> None:
        """Forget a question."""

    def acknowledge(
        self, question: Question, results: Sequence[Result]
    ) -> "asyncio.Future[tuple[Outcome, ...]]":
        """Accept what was stored."""
        future = asyncio.get_running_loop().create_future()
        future.set_result(
            tuple(
                Outcome(
                    event_id=result.event_id,
                    verdict="refused" if result.error else "accepted",
                    error=result.error,
                )
                for result in results
            )
        )
        return future


class Market:
    """
    A feed server and the market that it serves; `serve` starts and stops it.

    Attributes:
        settings: of the server; its port stays the same over restarts.
        stored: the events that clients handed in.
        rows: by key, the newest row's JSON text.
    """

    def __init__(self, epoch: str = "ab", **settings: Any) -> None:
        self.settings = Settings(
            port=free_port(), heartbeat_s=settings.pop("heartbeat_s", 0.2), **settings
        )
        self.stored = StoredEvents()
        self.channels = Channels(View(epoch, PARTITIONS))
        self.rows: dict[bytes, bytes] = {}
        self._server: FeedServer | None = None
        self._tick: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://{self.settings.host}:{self.settings.port}/"

    async def start(self) -> None:
        """Serve the market."""
        self._server = FeedServer(
            self.settings,
            self.stored,
            AcceptingJudge(),
            chance=random.Random(1),
            name="feed-test",
        )
        self._server.audience.channels = self.channels
        await self._server.start()
        self.thaw()

    async def stop(self, code: int = 1001) -> None:
        """Tell the sessions, and stop serving."""
        if self._server is None or self._tick is None:
            return
        await self._server.stop(code)
        ticking = self._tick
        self.freeze()
        await asyncio.gather(ticking, return_exceptions=True)
        self._server = self._tick = None

    def freeze(self) -> None:
        """Say nothing by itself any more: no updates, no heartbeats."""
        if self._tick is not None:
            self._tick.cancel()

    def thaw(self) -> None:
        """Go on after `freeze`."""
        if self._server is not None:
            self._tick = asyncio.create_task(self._server.audience.tick())

    def close_all(self, code: int) -> None:
        """End all sessions with a code."""
        if self._server is not None:
            audience = self._server.audience
            for session, connection in list(audience.sessions.items()):
                audience.close(session, connection, code)

    def cut(self) -> None:
        """Drop all sockets without a word, as a network does."""
        if self._server is not None:
            for connection in list(self._server.audience.sockets):
                connection.cut()

    def begin_anew(self, epoch: str) -> None:
        """Begin another log: what was written before is no more."""
        self.channels = Channels(View(epoch, PARTITIONS))
        self.rows = {}
        if self._server is not None:
            self._server.audience.channels = self.channels

    def write(self, *rows: Mapping[str, Any]) -> None:
        """Write rows, whatever stands in them."""
        for row in rows:
            self.put(_key(row), _json(row))

    def put(self, key: bytes, value: bytes) -> None:
        """Write a record's bytes."""
        product_id = json.loads(key)[0]
        partition = sum(product_id.encode()) % PARTITIONS
        offset = self.channels.view.cursor.offsets[partition]
        self.channels.apply(partition, offset, key, value)
        self.rows[key] = value
        if self._server is not None:
            self._server.audience.wake()


@asynccontextmanager
async def serve(market: Market) -> AsyncIterator[Market]:
    """Serve a market for the length of a block."""
    await market.start()
    try:
        yield market
    finally:
        await market.stop()


def product(
    product_id: str,
    *,
    supply: str = "100",
    demand: str = "90",
    percent: str = "10.53",
    colour: str = "orange",
    price: str | None = "2.55",
    period: str = "2011-W44",
    sequence: int = 1,
    **more: Any,
) -> dict[str, Any]:
    """A row of the market as the workers write it, with the figures of a test."""
    row = golden_row("market", product_id=product_id, period=period, sequence=sequence)
    row["supply"]["planned"] = supply
    row["demand"]["planned"] = demand
    row["imbalance"] = {"percent": percent, "colour": colour}
    row["price"]["planned"] = price
    row.update(more)
    return row


def golden_row(name: str, **changes: Any) -> dict[str, Any]:
    """A row of the golden files, changed."""
    row: dict[str, Any] = json.loads((GOLDEN / "rows" / f"{name}.json").read_bytes())
    return row | changes


def rounds(worst: Iterable[str], period: str = "2011-W44") -> list[dict[str, Any]]:
    """Rounds whose worst imbalance goes as given."""
    return [
        golden_row("round", period=period, round=number, worst_percent=percent)
        for number, percent in enumerate(worst, start=1)
    ]


def _key(row: Mapping[str, Any]) -> bytes:
    named = [row["product_id"], row["period"]]
    match row["type"]:
        case "round":
            named += ["round", row["round"]]
        case "council":
            named += ["council", row["council_id"]]
    return _json(named)


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
