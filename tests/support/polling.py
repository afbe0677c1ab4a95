"""
Waiting in tests: poll until it is so, with a deadline.

One unit scales every limit: PARFEED_TEST_MS is how long a millisecond lasts on this
machine, 1 by default, 10 on a slow one.
"""

import asyncio
import inspect
import os
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

SCALE = float(os.environ.get("PARFEED_TEST_MS", "1"))


async def eventually(
    probe: Callable[[], T | Awaitable[T]],
    *,
    within_s: float = 10.0,
    every_s: float = 0.02,
) -> T:
    """
    Call `probe` until what it returns (or awaits) is true, and return that.

    An AssertionError counts as "not yet"; the last one is raised at the deadline.
    """
    deadline = time.monotonic() + within_s * SCALE
    while True:
        failed: AssertionError | None = None
        result = None
        try:
            result = probe()
            if inspect.isawaitable(result):
                result = await result
            if result:
                return result
        except AssertionError as exc:
            failed = exc
        if time.monotonic() > deadline:
            raise AssertionError(
                f"not so within {within_s * SCALE:g} s: {probe}, last was {result!r}"
            ) from failed
        await asyncio.sleep(every_s)
