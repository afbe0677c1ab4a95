"""
Real processes for the integration tests: started, watched, ended by their own pid.
"""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from parfeed.ports import http_status
from parfeed.process import ChildProcess
from schemas.settings import PREFIX, Settings, to_environ


def environ_of(settings: Settings, **more: str) -> dict[str, str]:
    """Our environment, with these settings and none of the caller's own."""
    clean = {key: value for key, value in os.environ.items() if PREFIX not in key}
    return {**clean, **to_environ(settings), **more}


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        port: int = probing.getsockname()[1]
    return port


def lives(pid: int) -> bool:
    """Tell whether the process runs; a zombie does not."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")


class Processes:
    """
    The processes of one test. The fixture `processes` makes it and ends them.

    Args:
        log_dir: a file per process is written here, and shown if the test fails.
    """

    def __init__(self, log_dir: Path) -> None:
        self._log_dir = log_dir
        self._running: list[ChildProcess] = []

    async def worker(self, settings: Settings) -> ChildProcess:
        """Start a stream worker."""
        return await self.start("worker", ["-m", "streams"], environ_of(settings))

    async def feed_server(self, settings: Settings) -> ChildProcess:
        """Start a feed server; `settings.port` is its own. Ready: see `is_ready`."""
        return await self.start(
            "feed_server", ["-m", "feed_server"], environ_of(settings)
        )

    async def board(self, settings: Settings) -> ChildProcess:
        """Start a board."""
        return await self.start("board", ["-m", "streams.board"], environ_of(settings))

    async def ledger(self, settings: Settings) -> ChildProcess:
        """Start a ledger."""
        return await self.start(
            "ledger", ["-m", "streams.ledger"], environ_of(settings)
        )

    async def start(
        self, name: str, arguments: list[str], environ: Mapping[str, str]
    ) -> ChildProcess:
        """Start Python with these arguments."""
        log = self._log_dir / f"{len(self._running)}-{name}.log"
        process = await ChildProcess.start(
            [sys.executable, *arguments], log=log, environ=environ
        )
        self._running.append(process)
        return process

    async def is_ready(self, settings: Settings) -> bool:
        """Tell whether the feed server of these settings answers its health check."""
        return await http_status(settings.host, settings.port) == 200

    async def end_all(self) -> None:
        """
        Kill what still runs, the stopped ones too.

        How they end when they are asked to is the supervisor's tests' business, and
        takes a worker a second.
        """
        for process in self._running:
            process.kill()
        await asyncio.gather(*(process.wait() for process in self._running))

    def logs(self) -> str:
        """What they have written, for the report of a failed test."""
        return "\n".join(
            f"--- {log.name}\n{log.read_text(errors='replace')[-8_000:]}"
            for log in sorted(self._log_dir.glob("*.log"))
        )
