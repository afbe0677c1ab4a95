"""
One replay from start to end: the feed's epoch, the record, the player.

::

    async with parfeed.connect(url) as feed:
        record = await replay(source, feed, data_dir=..., speed=1440.0)
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


async def replay(
    source: Source,
    feed: Feed,
    *,
    data_dir: Path,
    speed: float | None,
    from_start: bool = False,
    tell: Callable[[Now], None] = lambda now: None,
) -> Record:
    """
    Replay a source to a feed, from where an earlier replay of it stopped.

    Args:
        source: what to replay.
        feed: an open feed.
        data_dir: where the record lies.
        speed: how many times as fast as it happened; None for as fast as it goes.
        from_start: replay all of it again; what the feed has counts once.
        tell: hears how far it is; returns at once.

    Raises:
        FeedError: if the feed ended for good.
        UnreadableRecord: if the record is none.
    """
    epoch = await epoch_of(feed)
    path = record_path(data_dir, source.identity, epoch)
    record = (None if from_start else load(path)) or Record(
        title=source.title, epoch=epoch
    )
    saved_at = time.monotonic()

    def keep(now: Now) -> None:
        nonlocal saved_at
        if time.monotonic() - saved_at >= SAVE_EVERY_S and not now.is_skipping:
            save(path, record)
            saved_at = time.monotonic()
        tell(now)

    tell(Now(record, None, is_skipping=record.items > 0))
    if record.is_finished:
        return record
    try:
        await play(
            source.open(), feed, Pacer(speed), record, clock=time.monotonic, tell=keep
        )
    finally:
        save(path, record)
    return record
