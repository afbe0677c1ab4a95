"""
Run a coroutine until it ends or somebody wants it to.

SIGINT (Ctrl-C), SIGTERM and SIGHUP (a closed terminal) cancel it once, so that it can
put away what it started. A second Ctrl-C does not wait.
"""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")

_STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(main: Coroutine[Any, Any, T]) -> T | None:
    """
    Run `main` in an event loop of its own.

    Returns:
        What it returns; None if a signal ended it.
    """
    return asyncio.run(_until_signal(main))


async def _until_signal(main: Coroutine[Any, Any, T]) -> T | None:
    task = asyncio.ensure_future(main)
    loop = asyncio.get_running_loop()
    stopped = False

    def stop() -> None:
        nonlocal stopped
        if stopped:
            # Children end by themselves with us: see parfeed.guard.
            raise SystemExit(130)
        stopped = True
        task.cancel()

    for number in _STOPPING:
        loop.add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        if stopped:
            return None
        raise
    finally:
        for number in _STOPPING:
            loop.remove_signal_handler(number)
