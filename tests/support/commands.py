"""`parfeed` as a person runs it: a real process, with or without a terminal."""

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from support.polling import SCALE, eventually
from support.processes import environ_of

from schemas.settings import Settings

PARFEED = (sys.executable, "-m", "parfeed")

_STEERING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Done(NamedTuple):
    """How a command ended, and what it wrote."""

    code: int | None
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its output as one JSON value."""
        return json.loads(self.out)


async def run(settings: Settings, *arguments: str, stdin: str | None = None) -> Done:
    """Run a command without a terminal, to its end."""
    process = await asyncio.create_subprocess_exec(
        *PARFEED,
        *arguments,
        env=environ_of(settings, COLUMNS="200"),
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    given = None if stdin is None else stdin.encode()
    out, err = await asyncio.wait_for(process.communicate(given), 60 * SCALE)
    return Done(process.returncode, out.decode(), err.decode())


class Terminal:
    """
    A command on a terminal of 100 by 30; made by `on_terminal`.

    Attributes:
        process: the command's.
        seen: all that it wrote, without what steers the terminal.
    """

    def __init__(self, process: asyncio.subprocess.Process, fd: int) -> None:
        self.process = process
        self._fd = fd
        self._raw = ""

    @property
    def seen(self) -> str:
        """What has been written up to now."""
        # At the end of the program Linux answers a read with an error.
        with contextlib.suppress(BlockingIOError, OSError):
            while piece := os.read(self._fd, 65_536):
                self._raw += piece.decode(errors="replace")
        return _STEERING.sub("", self._raw)

    @property
    def echoes(self) -> bool:
        """Whether the terminal writes what is typed, as it does between programs."""
        flags: int = termios.tcgetattr(self._fd)[3]
        return bool(flags & termios.ECHO)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._fd, text.encode())

    async def shows(self, *words: str) -> None:
        """Wait until all of these have been written."""
        await eventually(lambda: all(word in self.seen for word in words), within_s=20)

    async def end(self) -> int:
        """Wait for the command's end and return its exit code."""
        # What is not read away would keep it from writing.
        await eventually(
            lambda: self.seen is not None and self.process.returncode is not None,
            within_s=20,
        )
        return await self.process.wait()


@asynccontextmanager
async def on_terminal(settings: Settings, *arguments: str) -> AsyncIterator[Terminal]:
    """Run a command on a terminal; it is killed if it has not ended by then."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    os.set_blocking(ours, False)
    environ = environ_of(settings, TERM="xterm-256color")
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        environ.pop(name, None)
    process = await asyncio.create_subprocess_exec(
        *PARFEED, *arguments, env=environ, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(ours)
