"""A process that owns its part of Kafka alone: the board, the ledger."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable

from schemas.errors import InvalidSettings, ParfeedError
from schemas.settings import Settings, load


def serve(name: str, run: Callable[[Settings], Awaitable[None]]) -> int:
    """
    Run until SIGTERM or SIGINT, with settings from the environment.

    Args:
        name: of the process, `board` for example.
        run: what it does, until cancelled.

    Returns:
        The exit status: 0 when it was stopped, 1 for settings that do not fit, 70 for
        anything that it cannot go on after. Crash-only: whoever starts it again goes
        through recovery, as always.
    """
    program = f"streams.{name}"
    try:
        settings = load(os.environ, {})
        if not settings.broker:
            raise InvalidSettings(
                f"the {name} needs a Kafka: set PARFEED_BROKER to its host:port, or "
                "start everything with `parfeed up`, which brings its own"
            )
        _configure_logging(settings)
    except ParfeedError as exc:
        print(f"{program}: {exc}", file=sys.stderr)
        return 1
    _collect_seldom()
    try:
        asyncio.run(_until_signal(run(settings)))
    except Exception as exc:
        logging.getLogger(program).critical("stopping: %s", exc, exc_info=exc)
        return 70
    return 0


async def _until_signal(running: Awaitable[None]) -> None:
    task = asyncio.ensure_future(running)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _collect_seldom() -> None:
    # Hundreds of thousands of lines and facts stand for a whole period, none in a
    # cycle. Looking for cycles among them every 700 objects doubles the time that they
    # take.
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)


def _configure_logging(settings: Settings) -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=settings.log_level,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    logging.getLogger("aiokafka").setLevel(logging.WARNING)
