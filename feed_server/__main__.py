"""
`python -m feed_server`: one feed server, set by the environment (PARFEED_...).

Ends with 0 when told to stop (SIGTERM, SIGINT), with 1 when it is to be started anew,
with 2 when a setting or the address must be mended first.
"""

import asyncio
import contextlib
import gc
import logging
import os
import resource
import signal
import sys
from typing import Final

from feed_server.app import App
from feed_server.audience import SPARE_SOCKETS
from schemas.errors import InvalidSettings
from schemas.settings import Settings, load

UNUSABLE: Final = 2

OTHER_FILES: Final = 128
"""File descriptors beside the sockets: Kafka's, logs, the interpreter's own."""

logger = logging.getLogger("feed_server")


def main() -> int:
    """Run a feed server and return the exit code."""
    try:
        settings = load(os.environ, {})
    except InvalidSettings as exc:
        print(exc, file=sys.stderr)
        return UNUSABLE
    if not settings.broker:
        print(
            "PARFEED_BROKER is not set: name Kafka's host:port, or run `parfeed up`, "
            "which starts one",
            file=sys.stderr,
        )
        return UNUSABLE
    logging.basicConfig(
        level=settings.log_level,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    # Each connection is worth a line to the one, each attempt to reach a broker that
    # is away one to the other; what counts is logged by us, once.
    logging.getLogger("websockets").setLevel(logging.ERROR)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    _allow_files(settings.max_sessions + SPARE_SOCKETS + OTHER_FILES)
    _collect_seldom()
    try:
        return asyncio.run(_run(settings))
    except OSError as exc:
        print(
            f"cannot listen on {settings.host}:{settings.port}: {exc}; set "
            "PARFEED_HOST and PARFEED_PORT",
            file=sys.stderr,
        )
        return UNUSABLE


def _collect_seldom() -> None:
    # Rows and frames are bytes, in no cycle. Looking for cycles through all rows every
    # few hundred objects would hold everybody's updates up for milliseconds.
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


async def _run(settings: Settings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return await App(settings).run(stop)


def _allow_files(wanted: int) -> None:
    # The usual limit is 1,024 files, which is fewer than the sessions that may come.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        logger.warning(
            "%d files may be open, %d sessions need %d", soft, wanted, wanted
        )


if __name__ == "__main__":
    sys.exit(main())
