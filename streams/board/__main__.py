"""`python -m streams.board`: the board, with settings from the environment."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys

from schemas.errors import InvalidSettings, ParfeedError
from schemas.settings import Settings, load
from streams.board.board import run

log = logging.getLogger("streams.board")


def main() -> int:
    """Be the board until SIGTERM or SIGINT; return the exit status."""
    try:
        settings = load(os.environ, {})
        if not settings.broker:
            raise InvalidSettings(
                "the board needs a Kafka: set PARFEED_BROKER to its host:port, or "
                "start everything with `parfeed up`, which brings its own"
            )
        _configure_logging(settings)
    except ParfeedError as exc:
        print(f"streams.board: {exc}", file=sys.stderr)
        return 1
    _collect_seldom()
    try:
        asyncio.run(_until_signal(settings))
    except Exception as exc:
        # Crash-only: whoever starts the board again goes through recovery, as always.
        log.critical("stopping: %s", exc, exc_info=exc)
        return 70
    return 0


async def _until_signal(settings: Settings) -> None:
    board = asyncio.create_task(run(settings))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, board.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await board


def _collect_seldom() -> None:
    # Tens of thousands of lines stand for a whole period, none in a cycle. Looking for
    # cycles among them every 700 objects doubles the time that lines take.
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)


def _configure_logging(settings: Settings) -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=settings.log_level,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    logging.getLogger("aiokafka").setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
