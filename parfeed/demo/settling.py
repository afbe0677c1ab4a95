"""
Waiting until the feed shows everything that was handed in.

The feed's rows count what they hold (`sequence`), so that it is known when all has
come: nothing is waited for by the clock but the case that it never comes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

from parfeed.demo.planning_record import PlanningRecord
from parfeed.demo.totals import Totals, totals_of
from parfeed.replay.record import Record
from schemas.errors import ParfeedError
from schemas.rows import MarketRow

STALLED_S: Final = 60.0
"""Without any new row. A worker that died hard is started again and has read its state
within 15 s; a feed server that comes back has its rows within a few."""

LOOK_EVERY_S: Final = 0.2
"""All rows are added up at each look, some 100 ms for the demo's 10,000."""


class NotSettled(ParfeedError):
    """The feed does not show what was handed in: its text says what to look at."""


async def settled(
    record: Record,
    rows: Callable[[], Iterable[MarketRow]],
    refused_by_workers: Callable[[], Awaitable[Mapping[str, int]]],
    *,
    clock: Callable[[], float],
    planning: PlanningRecord | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Totals:
    """
    Wait until all events of a finished replay are folded or refused.

    Args:
        record: of the replay.
        rows: the feed's rows of now.
        refused_by_workers: what the workers refused until now, by code.
        clock: seconds of a monotonic clock.
        planning: what was done before the replay; see `totals_of`.
        sleep: waits for so many seconds of `clock`.

    Raises:
        NotSettled: if nothing has come for `STALLED_S`, or more than was handed in.
        BrokerFailed: if Kafka does not answer.
    """
    last_missing: int | None = None
    moved_at = clock()
    while True:
        # Refusals first: rows that come meanwhile can only be more.
        refused = await refused_by_workers()
        totals = totals_of(record, rows(), refused, planning)
        if totals.missing == 0:
            return totals
        if totals.missing < 0:
            raise NotSettled(
                f"the feed holds {-totals.missing:,} events more than the demo handed "
                "in: something else has published to it. For a count of the demo "
                "alone, start it with a --data-dir of its own"
            )
        if totals.missing != last_missing:
            last_missing, moved_at = totals.missing, clock()
        elif clock() - moved_at > STALLED_S:
            raise NotSettled(
                f"{totals.missing:,} of {totals.events:,} events are neither in the "
                f"feed's rows nor refused, and nothing has come for {STALLED_S:.0f} s; "
                "see the logs of worker and feed server in the data directory"
            )
        await sleep(LOOK_EVERY_S)
