"""What a command does while a deployment of its own runs: whichever ends first."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from parfeed.supervisor import Supervisor

T = TypeVar("T")


async def unless_it_fails(
    supervisor: Supervisor | None, doing: Coroutine[Any, Any, T]
) -> T:
    """
    Do something until it is done, or until a process cannot be kept running.

    Args:
        supervisor: of the deployment; None if it is somebody else's.
        doing: what is cancelled if the deployment fails.

    Raises:
        ProcessFailed: which one failed, with the end of its log.
    """
    if supervisor is None:
        return await doing
    failed = asyncio.create_task(supervisor.failed())
    done = asyncio.create_task(doing)
    try:
        await asyncio.wait([failed, done], return_when=asyncio.FIRST_COMPLETED)
        if failed.done():
            await failed
        return await done
    finally:
        failed.cancel()
        done.cancel()
        await asyncio.gather(failed, done, return_exceptions=True)
