"""
Plays a source to a feed: in order, paced, confirmed, and resumable.

At most `BATCHES_UNDER_WAY` batches wait for their confirmation; then nothing more is
read from the source. The record counts a batch once the feed has answered for all of
it, and the batches are counted in their order.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, Protocol

import msgspec

from parfeed.replay.pacing import Pacer
from parfeed.replay.record import Record, add_one, note_refused_row
from parfeed.replay.source import Item
from parfeed.sources.dirt import RefusedRow
from schemas.event_base import EventBase
from schemas.feed import Result

BATCH: Final = 2_000
"""Items that are confirmed together: some 15 ms of mapping, 8 messages."""

BATCHES_UNDER_WAY: Final = 2
"""One is made while the other waits for Kafka."""

SHORTEST_WAIT_S: Final = 0.01
"""Events that are due within it go together: timers are no finer, and each batch costs
a message."""


class Publisher(Protocol):
    """What a player plays to; `parfeed.client.Feed` is one."""

    async def publish(self, events: Sequence[EventBase]) -> Sequence[Result]:
        """Hand in events and wait for a result each."""
        ...


class Now(msgspec.Struct, frozen=True):
    """
    Where a replay is.

    Attributes:
        record: how far it came; belongs to the player.
        occurred_at: the time of the newest event handed in.
        is_skipping: whether it looks for the place where the last start stopped.
    """

    record: Record
    occurred_at: datetime | None
    is_skipping: bool = False


async def play(
    items: Iterable[Item],
    publisher: Publisher,
    pacer: Pacer,
    record: Record,
    *,
    clock: Callable[[], float],
    tell: Callable[[Now], None],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Record:
    """
    Play all items from where the record stands; returns it when all are confirmed.

    Args:
        items: the whole source, from its beginning.
        publisher: takes the events.
        pacer: says when an event is due.
        record: is moved on as the feed confirms; save it in `tell` and when this ends,
            however it ends.
        clock: seconds of a monotonic clock.
        tell: called after each confirmed batch and while skipping; returns at once.
        sleep: waits for so many seconds of `clock`.

    Raises:
        FeedError: if the feed ended for good.
    """
    player = _Player(publisher, record, clock, tell, sleep)
    try:
        await player.play(items, pacer)
    finally:
        await player.stop()
    return record


class _Player:
    def __init__(
        self,
        publisher: Publisher,
        record: Record,
        clock: Callable[[], float],
        tell: Callable[[Now], None],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._sleep = sleep
        self._publisher = publisher
        self._record = record
        self._clock = clock
        self._tell = tell
        self._batch: list[Item] = []
        self._under_way: deque[tuple[list[Item], asyncio.Task[Sequence[Result]]]] = (
            deque()
        )
        self._began_s = clock()
        self._before_s = record.seconds

    async def play(self, items: Iterable[Item], pacer: Pacer) -> None:
        skip = self._record.items
        skipped = 0
        started_s: float | None = None
        for item in items:
            if skipped < skip:
                skipped += 1
                if skipped % BATCH == 0:
                    self._tell(Now(self._record, None, is_skipping=True))
                    await asyncio.sleep(0)
                continue
            if not isinstance(item, RefusedRow):
                due_s = pacer.due_s(item.occurred_at)
                if started_s is None:
                    started_s = self._clock()
                wait_s = started_s + due_s - self._clock()
                if wait_s > SHORTEST_WAIT_S:
                    await self._send()
                    await self._sleep(started_s + due_s - self._clock())
            self._batch.append(item)
            if len(self._batch) >= BATCH:
                await self._send()
        await self._send()
        while self._under_way:
            await self._confirm_oldest()
        self._record.is_finished = True
        self._count_seconds()
        self._tell(Now(self._record, None))

    async def stop(self) -> None:
        # What is under way may still count; the next start sends it again.
        tasks = [task for _, task in self._under_way]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._count_seconds()

    async def _send(self) -> None:
        batch, self._batch = self._batch, []
        if not batch:
            return
        if len(self._under_way) >= BATCHES_UNDER_WAY:
            await self._confirm_oldest()
        events = [item for item in batch if not isinstance(item, RefusedRow)]
        task = asyncio.create_task(self._publish(events))
        self._under_way.append((batch, task))
        # Lets the batch start on its way before the next one is made.
        await asyncio.sleep(0)
        while self._under_way and self._under_way[0][1].done():
            await self._confirm_oldest()

    async def _publish(self, events: Sequence[EventBase]) -> Sequence[Result]:
        return await self._publisher.publish(events) if events else ()

    async def _confirm_oldest(self) -> None:
        batch, task = self._under_way[0]
        results = await task
        self._under_way.popleft()
        record = self._record
        occurred_at: datetime | None = None
        for item in batch:
            if isinstance(item, RefusedRow):
                note_refused_row(record, item)
            else:
                occurred_at = item.occurred_at
        for result in results:
            if result.error is None:
                record.accepted += 1
            else:
                add_one(record.refused, result.error)
                record.examples.setdefault(
                    result.error, f"{result.event_id}: {result.detail}"
                )
        record.items += len(batch)
        self._count_seconds()
        self._tell(Now(record, occurred_at))

    def _count_seconds(self) -> None:
        self._record.seconds = self._before_s + self._clock() - self._began_s
