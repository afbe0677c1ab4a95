"""
How long a key of the console waits, in a market in a hurry.

`parfeed console` runs on a terminal of its own (a pseudo terminal: the bytes that it
writes are read and timed). A feed server in another process changes 4,000 products at
20,000 versions a second. A key that chooses the next row is pressed at moments that no
frame knows of, and its wait ends when the terminal is sent the new place, `18/4,000`.
So the wait is all that a person waits for, but for the terminal itself.
"""

import asyncio
import fcntl
import logging
import os
import pty
import random
import re
import select
import socket
import struct
import sys
import termios
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec
import psutil  # type: ignore[import-untyped]  # it ships no types

from benchmarks.clients.page_market import WEEK
from benchmarks.figures import Spread, percentile
from benchmarks.report import Table, number, spread
from benchmarks.stage import BenchmarkFailed

log = logging.getLogger(__name__)

LIMIT_S: Final = 60.0
"""For anything that has to happen before the measuring, and for an answer to a key."""

BETWEEN_KEYS_S: Final = (0.15, 0.45)
"""Drawn evenly: no multiple of a frame, faster than most people."""

_STEERING: Final = re.compile(rb"\x1b\[[0-9;?>]*[A-Za-z]")
_CHANGES: Final = re.compile(rb"([0-9,]+) changes/s")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """
    What to run.

    Attributes:
        products: rows of the market.
        rows_per_s: versions of them that are written.
        keys: that are pressed on each terminal.
        terminals: width and height of each.
        rounds: how often all of it is run.
    """

    products: int = 4_000
    rows_per_s: int = 20_000
    keys: int = 150
    terminals: tuple[tuple[int, int], ...] = ((80, 24), (200, 60))
    rounds: int = 3


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """
    One terminal in one round.

    Attributes:
        p50_ms, p95_ms, p99_ms, max_ms: from a key to its answer.
        cores: that the console used.
        bytes_per_s: that the terminal was sent.
        changes_per_s: versions of rows that the console says came.
    """

    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    cores: float
    bytes_per_s: float
    changes_per_s: float


class ConsoleResult(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        runs: by terminal (`80x24`), one per round.
    """

    plan: Plan
    runs: dict[str, list[Waits]]


async def run(plan: Plan) -> ConsoleResult:
    """
    Measure every terminal in every round.

    Raises:
        BenchmarkFailed: if the market or the console do not come to life, or a key is
            not answered.
    """
    runs: dict[str, list[Waits]] = {}
    async with _market(plan) as url:
        for turn in range(plan.rounds):
            for width, height in plan.terminals:
                found = await _console(plan, url, width, height, seed=turn)
                log.info("%dx%d: p99 %.0f ms", width, height, found.p99_ms)
                runs.setdefault(f"{width}x{height}", []).append(found)
    return ConsoleResult(plan=plan, runs=runs)


def tables(result: ConsoleResult) -> list[Table]:
    """Return the runs as a table."""
    plan, ms = result.plan, number("{:.0f} ms")

    def over(name: str, waits: list[Waits]) -> Spread:
        return Spread.of([getattr(each, name) for each in waits])

    return [
        Table(
            title=f"the console, {plan.products:,} products, {plan.rows_per_s:,} "
            "versions of rows per second",
            head=(
                "terminal",
                "key p50",
                "p95",
                "p99",
                "longest",
                "cores",
                "sent to the terminal",
                "changes/s seen",
            ),
            rows=[
                (
                    terminal,
                    spread(over("p50_ms", waits), ms),
                    spread(over("p95_ms", waits), ms),
                    spread(over("p99_ms", waits), ms),
                    spread(over("max_ms", waits), ms),
                    spread(over("cores", waits), number("{:.2f}")),
                    spread(over("bytes_per_s", waits), _kilobytes),
                    spread(over("changes_per_s", waits)),
                )
                for terminal, waits in result.runs.items()
            ],
            notes=[f"{plan.keys} keys per terminal and round"],
        )
    ]


# Private.


def _kilobytes(per_s: float) -> str:
    return f"{per_s / 1e3:.0f} kB/s"


@asynccontextmanager
async def _market(plan: Plan) -> AsyncIterator[str]:
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        port = probing.getsockname()[1]
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.clients.console_market"),
        *(str(port), str(plan.products), str(plan.rows_per_s)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    if server.stdin is None or server.stdout is None:
        raise AssertionError("the market's pipes are missing")
    try:
        async with asyncio.timeout(LIMIT_S):
            if await server.stdout.readline() != b"ready\n":
                raise BenchmarkFailed("the market did not come to life")
        yield f"ws://127.0.0.1:{port}/"
    finally:
        server.stdin.close()
        await server.wait()


async def _console(
    plan: Plan, url: str, width: int, height: int, *, seed: int
) -> Waits:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    environ = {**os.environ, "TERM": "xterm-256color"}
    environ.pop("NO_COLOR", None)
    console = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "parfeed", "console", url),
        *("--period", WEEK, "--company", "bench"),
        *("--alert", "imbalance=off,pace=off"),
        env=environ,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        return await asyncio.to_thread(_press, plan, ours, console.pid, seed)
    finally:
        if console.returncode is None:
            console.kill()
        await console.wait()
        os.close(ours)


def _press(plan: Plan, fd: int, pid: int, seed: int) -> Waits:
    terminal = _Terminal(fd)
    total = f"/{plan.products:,}".encode()
    terminal.wait_for(b"1" + total)
    draw = random.Random(seed)
    # The first key compiles what the later ones run.
    for place in range(2, 6):
        os.write(fd, b"j")
        terminal.wait_for(str(place).encode() + total)
    process = psutil.Process(pid)
    began, bytes_before = time.monotonic(), terminal.read_bytes
    cpu_before = sum(process.cpu_times()[:2])
    waits: list[float] = []
    for place in range(6, 6 + plan.keys):
        terminal.idle(draw.uniform(*BETWEEN_KEYS_S))
        pressed = time.monotonic()
        os.write(fd, b"j")
        terminal.wait_for(f" {place:,}".encode() + total)
        waits.append(1_000 * (time.monotonic() - pressed))
    took = time.monotonic() - began
    waits.sort()
    changes = terminal.last_changes_per_s
    return Waits(
        p50_ms=percentile(waits, 50),
        p95_ms=percentile(waits, 95),
        p99_ms=percentile(waits, 99),
        max_ms=waits[-1],
        cores=(sum(process.cpu_times()[:2]) - cpu_before) / took,
        bytes_per_s=(terminal.read_bytes - bytes_before) / took,
        changes_per_s=changes,
    )


class _Terminal:
    # What a program writes on a terminal, read in a thread of its own.
    def __init__(self, fd: int) -> None:
        self.read_bytes = 0
        self.last_changes_per_s = 0.0
        self._fd = fd
        self._seen = b""
        os.set_blocking(fd, False)

    def wait_for(self, words: bytes) -> None:
        deadline = time.monotonic() + LIMIT_S
        while words not in self._seen:
            if time.monotonic() > deadline:
                raise BenchmarkFailed(
                    f"{words.decode()!r} was not shown in {LIMIT_S:g} s; last was "
                    f"{self._seen[-400:].decode(errors='replace')!r}"
                )
            self._read(0.05)
        self._seen = b""

    def idle(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._read(left)
        self._seen = b""

    def _read(self, at_most_s: float) -> None:
        ready, _, _ = select.select([self._fd], [], [], at_most_s)
        if not ready:
            return
        piece = os.read(self._fd, 1 << 20)
        self.read_bytes += len(piece)
        self._seen = _STEERING.sub(b"", self._seen + piece)[-65_536:]
        if said := _CHANGES.findall(self._seen):
            self.last_changes_per_s = float(said[-1].replace(b",", b""))
