"""
The demo's first week is planned before it is traded: derived lines, real rounds.

Everything goes in by the feed, as anybody's would: councils, products, bids, plan
lines, the opening. The board's rounds are answered by machine, since all lines have
schedules; what waits for the federation is signed here. The week's trading begins once
every product has its planned price.

A start that ended in the middle is taken up by the next one: every event has the same
id each time, and so counts once. When it is done a record is written, and nothing of
it is done again.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, Literal

import msgspec

from parfeed.client.feed import Feed
from parfeed.client.subscription import Subscription
from parfeed.demo.planning_record import (
    PlanningRecord,
    load,
    planning_path,
    save,
)
from parfeed.replay.run import epoch_of
from parfeed.sources.opening import SAMPLE_FIRST_WEEK, open_sample
from parfeed.sources.planned_week import (
    FEDERATION,
    SIGNATURES,
    PlannedWeek,
    planned_week,
    signatures,
)
from parfeed.sources.reading import read_rows
from parfeed.sources.retail import DEFAULT_NAME
from schemas.board_rows import CouncilRow, RoundRow
from schemas.errors import ParfeedError
from schemas.event_base import EventBase
from schemas.rows import MarketRow

STALLED_S: Final = 60.0
"""Without any change. What died hard is started again and goes on within 15 s."""

CHUNK: Final = 2_000
"""Events that are handed in together: a dozen steps of the bar."""

LOOK_EVERY_S: Final = 0.1
"""All rows are added up at each look, some 30 ms for the week's 2,610."""

_WAITS: Final = b'"status":"waits"'
# Looked for before a row is decoded: there are 13,000, and two wait.

Stage = Literal["deriving", "handing in", "rounds", "closed"]


class NotPlanned(ParfeedError):
    """Planning that did not come to its end: its text says what to look at."""


class PlanningNow(msgspec.Struct, frozen=True, kw_only=True):
    """
    Where planning is.

    Attributes:
        period: that is planned.
        stage: what is being done.
        done, total: of events, while they are handed in.
        rounds: so far, oldest first.
        signed: council lines that waited, and that the demo has signed: (council_id,
            product_id).
    """

    period: str
    stage: Stage
    done: int = 0
    total: int = 0
    rounds: tuple[RoundRow, ...] = ()
    signed: tuple[tuple[str, str], ...] = ()


async def plan_first_week(
    feed: Feed,
    data_dir: Path,
    *,
    tell: Callable[[PlanningNow], None],
) -> PlanningRecord:
    """
    Plan the sample's first replayed week; if that was done already, say how.

    Args:
        feed: an open feed of a deployment with a board.
        data_dir: where the record lies.
        tell: hears where planning is; returns at once.

    Raises:
        NotPlanned: if the feed refuses something, or nothing moves for `STALLED_S`.
        FeedError: if the feed ended for good.
    """
    epoch = await epoch_of(feed)
    path = planning_path(data_dir, epoch)
    record = load(path)
    if record is not None:
        return record
    tell(PlanningNow(period=SAMPLE_FIRST_WEEK, stage="deriving"))
    # Half a second of the one core: the screen goes on meanwhile.
    week = await asyncio.to_thread(_derived)
    async with (
        feed.subscribe(period=week.period) as rows,
        feed.subscribe("rounds", period=week.period) as rounds,
        feed.subscribe("councils", period=week.period) as councils,
    ):
        planning = _Planning(feed, week, rows, rounds, councils, tell)
        began_s = time.monotonic()
        await planning.run()
        record = PlanningRecord(
            period=str(week.period),
            epoch=epoch,
            events=planning.handed_in,
            rounds=len(planning.rounds()),
            worst_percent=f"{planning.rounds()[-1].worst_percent}",
            folded=planning.folded(),
            seconds=round(time.monotonic() - began_s, 3),
        )
    save(path, record)
    return record


def _derived() -> PlannedWeek:
    with closing(open_sample()) as lines:
        return planned_week(read_rows(lines), SAMPLE_FIRST_WEEK, DEFAULT_NAME)


class _Planning:
    def __init__(
        self,
        feed: Feed,
        week: PlannedWeek,
        rows: Subscription[MarketRow],
        rounds: Subscription[RoundRow],
        councils: Subscription[CouncilRow],
        tell: Callable[[PlanningNow], None],
    ) -> None:
        self.handed_in = 0
        self._feed = feed
        self._week = week
        self._rows = rows
        self._rounds = rounds
        self._councils = councils
        self._tell = tell
        self._stage: Stage = "handing in"
        self._done = self._total = 0
        self._signed: list[tuple[str, str]] = []

    def rounds(self) -> tuple[RoundRow, ...]:
        """Return the rounds so far, oldest first."""
        return tuple(sorted(self._rounds.rows.values(), key=lambda row: row.round))

    def folded(self) -> int:
        """Return how many events the week's rows hold."""
        return sum(row.sequence for row in self._rows.rows.values())

    async def run(self) -> None:
        # Rounds that an earlier start has opened tell that all was handed in then.
        await anext(self._rounds)
        await anext(self._rows)
        tasks = [
            asyncio.create_task(doing())
            for doing in (self._plan, self._follow, self._sign)
        ]
        try:
            # The others end by themselves only if the feed does, and say so.
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    await task
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # Private

    async def _plan(self) -> None:
        week = self._week
        lines = [*week.agenda, *week.lines]
        if not self.rounds():
            if self._has_planned_prices():
                raise NotPlanned(
                    f"{week.period} has planned prices and no rounds: the data "
                    "directory holds a demo of an earlier version; start with a "
                    "--data-dir of its own"
                )
            self._total = len(lines)
            await self._hand_in(lines)
            # Behind lines that Kafka has confirmed: no round ends before the workers
            # have folded what had reached Kafka by then.
            self._stage, self._total = "rounds", 0
            await self._hand_in([week.opening])
        self._stage = "rounds"
        await self._until(lambda: any(row.prices_stand for row in self.rounds()))
        await self._until(self._has_planned_prices)
        self.handed_in = len(lines) + 1 + SIGNATURES * len(self._signed)
        self._stage = "closed"
        self._show()

    async def _follow(self) -> None:
        async for _ in self._rounds:
            self._show()

    async def _sign(self) -> None:
        async for update in self._councils:
            for raw in update.raw:
                if _WAITS not in raw:
                    continue
                row = update.rows.decode(raw)
                line = (row.council_id, row.product_id)
                if row.council_id == FEDERATION and line not in self._signed:
                    self._signed.append(line)
                    await self._hand_in(signatures(self._week, DEFAULT_NAME, *line))

    async def _hand_in(self, events: Sequence[EventBase]) -> None:
        for begin in range(0, len(events), CHUNK):
            chunk = events[begin : begin + CHUNK]
            for result in await self._feed.publish(chunk):
                if result.error is not None:
                    raise NotPlanned(
                        f"the feed refused {result.event_id}: {result.error}: "
                        f"{result.detail}; start the demo with a --data-dir of its own"
                    )
            self._done = begin + len(chunk)
            self._show()

    def _has_planned_prices(self) -> bool:
        planned = sum(row.price.planned is not None for row in self._rows.rows.values())
        return planned >= len(self._week.products)

    async def _until(self, is_so: Callable[[], bool]) -> None:
        last: tuple[int, int] | None = None
        moved_at = time.monotonic()
        while not is_so():
            seen = (self.folded(), sum(row.sequence for row in self.rounds()))
            if seen != last:
                last, moved_at = seen, time.monotonic()
            elif time.monotonic() - moved_at > STALLED_S:
                raise NotPlanned(
                    f"planning of {self._week.period} stands still since "
                    f"{STALLED_S:.0f} s ({self._stage}, {len(self.rounds())} rounds); "
                    "see the logs of board and worker in the data directory"
                )
            await asyncio.sleep(LOOK_EVERY_S)

    def _show(self) -> None:
        self._tell(
            PlanningNow(
                period=self._week.period,
                stage=self._stage,
                done=self._done,
                total=self._total,
                rounds=self.rounds(),
                signed=tuple(self._signed),
            )
        )
