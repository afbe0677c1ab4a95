"""The part that all demos share: replay a source, wait for the rows, add them up."""

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from parfeed.client.feed import Feed
from parfeed.client.subscription import Subscription
from parfeed.demo.planning_record import PlanningRecord
from parfeed.demo.rejections import Rejections
from parfeed.demo.settling import settled
from parfeed.demo.totals import Totals
from parfeed.replay.player import Now
from parfeed.replay.record import save
from parfeed.replay.run import open_record, replay
from parfeed.replay.source import Source
from schemas.rows import MarketRow
from schemas.settings import Settings


async def replay_and_add_up(
    source: Source,
    feed: Feed,
    rows: Subscription[MarketRow],
    *,
    settings: Settings,
    data_dir: Path,
    speed: float | None,
    tell: Callable[[Now], None],
    planning: PlanningRecord | None = None,
    apart: tuple[str, ...] = (),
) -> Totals:
    """
    Replay a source, and return what the rows say it adds up to.

    The second time it only reads: the same state gives the same numbers.

    Args:
        source: what to replay.
        feed: an open feed.
        rows: a subscription to all its rows.
        settings: of the running deployment.
        data_dir: where the replay's record lies.
        speed: how many times as fast as it happened; None for as fast as it goes.
        tell: hears how far the replay is.
        planning: what was done before it; its events in rows are taken off.
        apart: what ids of events begin with whose refusals are none of the replay's.

    Raises:
        UnusableSource: if the feed's periods are not of the source's length.
        NotSettled: if the rows do not come to hold what was handed in.
        ParfeedError: if feed or Kafka are gone for good.
    """
    path, record = await open_record(source, feed, data_dir)
    was_finished = record.is_finished
    await replay(source, feed, path, record, speed=speed, tell=tell)
    began = time.monotonic()
    async with Rejections(settings, apart) as rejections:
        totals = await settled(
            record,
            rows.rows.values,
            rejections.read,
            clock=time.monotonic,
            planning=planning,
        )
    if was_finished:
        return totals
    # It took until now; the next start says so too.
    record.seconds += time.monotonic() - began
    save(path, record)
    return msgspec.structs.replace(totals, seconds=round(record.seconds, 3))
