"""
One replay from start to end: the feed's epoch, the record, the player.

::

    async with parfeed.connect(url) as feed:
        path, record = await open_record(source, feed, data_dir)
        await replay(source, feed, path, record, speed=1440.0)
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from parfeed.client.feed import Feed
from parfeed.replay.pacing import Pacer
from parfeed.replay.player import Now, play
from parfeed.replay.record import Record, load, record_path, save
from parfeed.replay.source import Source
from schemas.cursor import Cursor

SAVE_EVERY_S: Final = 0.5
"""What a hard end can send twice: half a second of events, which count once."""


async def epoch_of(feed: Feed) -> str:
    """Return the epoch of a feed's log, which every cursor begins with."""
    # No shop has a product of this name: the answer is a cursor and no rows.
    async with feed.subscribe(products=["-"]) as subscription:
        async for update in subscription:
            if update.cursor is not None:
                return Cursor.parse(update.cursor).epoch
    raise AssertionError("a subscription ended that nobody ended")


async def open_record(
    source: Source, feed: Feed, data_dir: Path, *, from_start: bool = False
) -> tuple[Path, Record]:
    """
    Return how far a source's replay to a feed came, and where that is kept.

    Args:
        source: what to replay.
        feed: an open feed.
        data_dir: where records lie.
        from_start: forget it and replay all again; what the feed has counts once.

    Raises:
        UnreadableRecord: if the record is none.
    """
    epoch = await epoch_of(feed)
    path = record_path(data_dir, source.identity, epoch)
    record = None if from_start else load(path)
    return path, record or Record(title=source.title, epoch=epoch)


async def replay(
    source: Source,
    feed: Feed,
    path: Path,
    record: Record,
    *,
    speed: float | None,
    tell: Callable[[Now], None] = lambda now: None,
) -> None:
    """
    Replay a source to a feed, from where its record stands.

    Args:
        source: what to replay.
        feed: an open feed.
        path: where the record is kept.
        record: is moved on; what `open_record` returned.
        speed: how many times as fast as it happened; None for as fast as it goes.
        tell: hears how far it is; returns at once.

    Raises:
        UnusableSource: if the feed's periods are not of the source's length.
        FeedError: if the feed ended for good.
    """
    source.check_period(feed.period_length)
    saved_at = time.monotonic()

    def keep(now: Now) -> None:
        nonlocal saved_at
        if time.monotonic() - saved_at >= SAVE_EVERY_S and not now.is_skipping:
            save(path, record)
            saved_at = time.monotonic()
        tell(now)

    tell(Now(record, None, is_skipping=record.items > 0 and not record.is_finished))
    if record.is_finished:
        return
    try:
        await play(
            source.open(), feed, Pacer(speed), record, clock=time.monotonic, tell=keep
        )
    finally:
        save(path, record)
