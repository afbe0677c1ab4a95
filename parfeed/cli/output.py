"""
Lines on the standard output that never block the event loop.

A pipe whose reader is slow must not stop the client from reading its feed: what has
not been written is merged there. And when the reader has gone there is nothing left to
do: the command ends without a word.
"""

import asyncio
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer


class Output:
    """Writes to a file descriptor; made by `open_output`."""

    def __init__(self, fd: int, writer: asyncio.StreamWriter | None) -> None:
        self._fd = fd
        self._writer = writer

    async def write(self, lines: bytes) -> None:
        """
        Write, and wait until it is written.

        Raises:
            BrokenPipeError: if nobody reads any more.
        """
        if self._writer is None:
            rest = memoryview(lines)
            while rest:
                rest = rest[os.write(self._fd, rest) :]
            return
        try:
            self._writer.write(lines)
            await self._writer.drain()
        except ConnectionError as exc:
            raise BrokenPipeError(str(exc)) from exc


async def open_output(fd: int = 1) -> Output:
    """Return an output for a file descriptor."""
    # A terminal is left alone: it would become non-blocking for its other users too.
    # Files never block for long.
    if not stat.S_ISFIFO(os.fstat(fd).st_mode):
        return Output(fd, None)
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, os.fdopen(os.dup(fd), "wb", buffering=0)
    )
    transport.set_write_buffer_limits(high=0)
    return Output(fd, asyncio.StreamWriter(transport, protocol, None, loop))


@contextmanager
def ended_by_reader() -> Iterator[None]:
    """End the command quietly when nobody reads its output any more."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError as exc:
        # Python flushes the standard output once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from exc
