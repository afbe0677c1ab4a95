"""
Memory: what a deployment's processes hold after the demo.

`parfeed demo --speed max --exit` in an empty directory, as a user gives it. Its
processes are sampled while it runs: resident memory, which counts what several share
for each of them, and so is the cautious figure. "At its end" is the last sample before
any of them is stopped. The demo keeps the embedded Kafka; its heap may grow to
its limit whether it needs that or not, so it is listed apart.
"""

import asyncio
import logging
import tempfile
from pathlib import Path
from typing import Final

import msgspec
import psutil  # type: ignore[import-untyped]  # it ships no types

from benchmarks.figures import Spread
from benchmarks.footprint import Memory, MemoryResult, memory_of, role_of
from benchmarks.stage import (
    BenchmarkFailed,
    environ_of,
    failed,
    free_port,
    python,
    running,
)
from parfeed import kafka_jars
from parfeed.process import ChildProcess

log = logging.getLogger(__name__)

SAMPLE_EVERY_S: Final = 0.1
"""A look at five processes costs 2 ms."""

LIMIT_S: Final = 300.0
"""Of one demo; some 20 s is usual."""


class _Totals(msgspec.Struct):
    # What of the demo's line of JSON is used.
    events: int


async def run(rounds: int) -> MemoryResult:
    """
    Run the demo several times, each in a directory of its own.

    Raises:
        BenchmarkFailed: if it fails.
    """
    await asyncio.to_thread(kafka_jars.resolve)
    runs = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="parfeed-benchmark-") as directory:
            runs.append(await _demo(Path(directory)))
        log.info("worker and feed server: %.0f MB", runs[-1].ours_after / 1e6)
    return MemoryResult(
        runs=runs,
        ours_after=Spread.of([run.ours_after for run in runs]),
        ours_peak=Spread.of([run.ours_peak for run in runs]),
    )


async def _demo(directory: Path) -> Memory:
    command = python(
        *("-m", "parfeed", "demo", "--speed", "max", "--exit", "--json"),
        *("--data-dir", str(directory / "data"), "--port", str(free_port())),
    )
    async with running(directory, "demo", command, environ_of()) as demo:
        samples = await _watch(demo)
        if demo.exit_code != 0:
            raise failed(demo)
        log_lines = demo.log.read_bytes().splitlines()
    totals = next(line for line in reversed(log_lines) if line.startswith(b"{"))
    try:
        return memory_of(samples, msgspec.json.decode(totals, type=_Totals).events)
    except ValueError as exc:
        raise BenchmarkFailed(str(exc)) from exc


async def _watch(demo: ChildProcess) -> list[dict[str, int]]:
    samples: list[dict[str, int]] = []
    ending = asyncio.create_task(demo.wait())
    try:
        async with asyncio.timeout(LIMIT_S):
            while not ending.done():
                samples.append(await asyncio.to_thread(_resident, demo.pid))
                await asyncio.wait({ending}, timeout=SAMPLE_EVERY_S)
    except TimeoutError as exc:
        raise failed(demo) from exc
    finally:
        ending.cancel()
        await asyncio.gather(ending, return_exceptions=True)
    return samples


def _resident(pid: int) -> dict[str, int]:
    found: dict[str, int] = {}
    try:
        children = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return found
    for child in children:
        try:
            role = role_of(child.cmdline())
            held = child.memory_info().rss
        except psutil.Error:
            continue  # it has ended since
        if role is not None:
            found[role] = found.get(role, 0) + held
    return found
