"""
A subscription as its reader holds it: an asynchronous iterator of updates.

The reader may be as slow as it likes: what it has not taken is merged (see inbox.py),
so that the next update it takes is always the newest state.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Generic, Self

from parfeed.client.errors import FeedError
from parfeed.client.row_kinds import R, RowKind
from parfeed.client.rows import Rows, Update
from parfeed.client.session import Subscribed
from schemas.feed import Watermark


class Subscription(Generic[R]):
    """
    Updates of one subscription; made by `Feed.subscribe`.

    Iterate over it; `async with` or `aclose` ends it, and so does the feed's end.

    Raises:
        SubscriptionRefused: from the iteration, if the feed refused it.
        FeedError: from the iteration, if the feed is gone for good.
    """

    def __init__(
        self,
        subscribed: Subscribed,
        kind: RowKind[R],
        *,
        watermark: Callable[[], Watermark],
        end: Callable[[], None],
    ) -> None:
        self._subscribed = subscribed
        self._watermark = watermark
        self._end = end
        self._news = asyncio.Event()
        self._is_over = False
        self._error: FeedError | None = None
        self.rows = Rows(subscribed.replica.rows, kind.decode)

    @property
    def cursor(self) -> str | None:
        """Up to where `rows` is complete; None before the first snapshot."""
        return self._subscribed.replica.cursor

    @property
    def checksum(self) -> int:
        """Sum modulo 2**32 of the CRC-32 of all rows, as heartbeats prove it."""
        return self._subscribed.replica.checksum

    @property
    def is_current(self) -> bool:
        """Whether updates arrive; False while rows are being asked for (again)."""
        return self._subscribed.replica.is_current

    @property
    def watermark(self) -> Watermark:
        """How far the feed is, by its last heartbeat."""
        return self._watermark()

    @property
    def lag(self) -> timedelta | None:
        """From an event's arrival in Kafka to its row's at the feed server."""
        lag_ms = self._watermark().lag_ms
        return None if lag_ms is None else timedelta(milliseconds=lag_ms)

    # Reading.

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Update[R]:
        while True:
            self._news.clear()
            if (delivery := self._subscribed.inbox.take()) is not None:
                return Update(delivery, self.cursor, self.rows)
            if self._error is not None:
                raise self._error
            if self._is_over:
                raise StopAsyncIteration
            await self._news.wait()

    async def aclose(self) -> None:
        """End the subscription; the feed stays."""
        if not self._is_over:
            self._end()
            self.over(None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    # For the feed.

    def arrived(self) -> None:
        """Wake the reader: the inbox has something, or it is over."""
        self._news.set()

    def over(self, error: FeedError | None) -> None:
        """Let the reader take what waits, then stop or raise."""
        if not self._is_over:
            self._is_over = True
            self._error = error
        self.arrived()
