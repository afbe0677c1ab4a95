"""
Startup: from `parfeed up` on an empty data directory to the first live row.

The set-up is done (the jars are fetched); everything else is new: the broker formats
its directory, topics are made, worker and feed server start. The first live row is
that of a purchase which a client publishes as soon as the feed answers, when the same
client has it in an update: the whole way of an event, opening its partition included.
"""

import asyncio
import logging
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import parfeed
from benchmarks.figures import Spread
from benchmarks.footprint import Start, StartupResult
from benchmarks.purchases import Purchases
from benchmarks.stage import (
    BenchmarkFailed,
    answers,
    environ_of,
    free_port,
    python,
    running,
)
from parfeed import kafka_jars
from schemas.settings import Settings
from schemas.topics import PURCHASES

log = logging.getLogger(__name__)

LIMIT_S: Final = 90.0
"""Of one start; 10 s is the target."""


async def run(rounds: int) -> StartupResult:
    """
    Start a deployment several times, each in a directory of its own.

    Raises:
        BenchmarkFailed: if one does not start, or shows no row.
    """
    await asyncio.to_thread(kafka_jars.resolve)
    runs = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="parfeed-benchmark-") as directory:
            start = await _start(Path(directory))
        log.info("first row after %.1f s", start.first_row_s)
        runs.append(start)
    return StartupResult(
        runs=runs,
        ready_s=Spread.of([start.ready_s for start in runs]),
        first_row_s=Spread.of([start.first_row_s for start in runs]),
    )


async def _start(directory: Path) -> Start:
    settings = Settings(port=free_port())
    command = python(
        *("-m", "parfeed", "up", "--data-dir", str(directory / "data")),
        *("--port", str(settings.port)),
    )
    begin_s = time.monotonic()
    async with running(directory, "up", command, environ_of()) as up:
        await answers(settings, up, LIMIT_S)
        ready_s = time.monotonic() - begin_s
        try:
            async with asyncio.timeout(LIMIT_S):
                await _first_row(f"{settings.host}:{settings.port}")
        except TimeoutError as exc:
            raise BenchmarkFailed(
                f"no row within {LIMIT_S:.0f} s of a published purchase"
            ) from exc
        return Start(ready_s=ready_s, first_row_s=time.monotonic() - begin_s)


async def _first_row(address: str) -> None:
    ((_, event),) = Purchases("even").take(1, datetime.now(UTC), 1)
    async with parfeed.connect(address, client="benchmark startup") as feed:
        market = feed.subscribe("market")
        publishing = asyncio.create_task(feed.publish([event]))
        async for update in market:
            if any(PURCHASES.name in row.positions for row in update.changed):
                break
        (result,) = await publishing
        if result.error is not None:
            raise BenchmarkFailed(f"the first purchase was refused: {result}")
