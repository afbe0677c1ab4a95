"""Pieces of a file or of the standard input, read without blocking the event loop."""

import asyncio
import os
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

PIECE_BYTES: Final = 256 * 1024
"""Some thousand events."""


async def open_pieces(path: Path | None) -> AsyncIterator[bytes]:
    """
    Yield what there is to read, as soon as it is there.

    Args:
        path: a file; None for the standard input.
    """
    fd = os.dup(sys.stdin.fileno()) if path is None else os.open(path, os.O_RDONLY)
    with os.fdopen(fd, "rb", buffering=0) as file:
        mode = os.fstat(fd).st_mode
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or file.isatty():
            # May stay silent for hours: a thread that waits there could not be ended.
            loop = asyncio.get_running_loop()
            reader = asyncio.StreamReader(limit=PIECE_BYTES)
            transport, _ = await loop.connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(reader), file
            )
            try:
                while piece := await reader.read(PIECE_BYTES):
                    yield piece
            finally:
                transport.close()
            return
        while piece := await asyncio.to_thread(os.read, fd, PIECE_BYTES):
            yield piece
