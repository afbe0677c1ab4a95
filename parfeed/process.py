"""
A child process that cannot outlive us: started under the guard, logged to a file.

Whoever starts one awaits `stop()` or `wait()`. Its `pid` is the command's own, so a
signal sent to it reaches the command and nothing else.
"""

import asyncio
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Self

from parfeed import guard

MAX_LOG_BYTES: Final = 16 * 1024 * 1024
"""A log that is larger is set aside at the next start, replacing the one before."""


class ChildProcess:
    """
    A running child. Made by `start`.

    Attributes:
        pid: of the command itself.
        log: where its output goes.
    """

    def __init__(
        self, process: asyncio.subprocess.Process, lifeline: int, log: Path
    ) -> None:
        self._process = process
        self._lifeline: int | None = lifeline
        self.pid = process.pid
        self.log = log

    @classmethod
    async def start(
        cls,
        cmd: list[str],
        *,
        log: Path,
        environ: Mapping[str, str] | None = None,
        inherited_fds: Iterable[int] = (),
    ) -> Self:
        """
        Start `cmd` under the guard, in a session of its own.

        Its own session, so that Ctrl-C reaches only who is at the terminal: what is
        started in an order is stopped in one.

        Args:
            cmd: the command and its arguments.
            log: file that output and errors are appended to.
            environ: the whole environment; ours if None.
            inherited_fds: open files, such as locks, that live as long as it does.

        Returns:
            The child. You must await its `wait` or `stop`.
        """
        _make_room(log)
        reading, lifeline = os.pipe()
        try:
            with log.open("ab") as output:
                process = await asyncio.create_subprocess_exec(
                    *guard.command(cmd),
                    stdin=reading,
                    stdout=output,
                    stderr=output,
                    env=environ,
                    pass_fds=tuple(inherited_fds),
                    start_new_session=True,
                )
        except BaseException:
            os.close(lifeline)
            raise
        finally:
            os.close(reading)
        return cls(process, lifeline, log)

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait until it has ended, and return its exit code."""
        code = await self._process.wait()
        self._cut_lifeline()
        return code

    async def stop(self, within_s: float) -> int:
        """Ask it to end by SIGTERM, kill it after `within_s`; return its exit code."""
        if self.exit_code is None:
            self._process.terminate()
        try:
            async with asyncio.timeout(within_s):
                return await self.wait()
        except TimeoutError:
            self._process.kill()
            return await self.wait()

    def kill(self) -> None:
        """Kill it at once. You must still await `wait`."""
        if self.exit_code is None:
            self._process.kill()

    def _cut_lifeline(self) -> None:
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None


def _make_room(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".log.old"))
