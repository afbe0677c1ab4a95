"""
The console's feed: connected again and again, its rows handed to the desk.

One task per subscription, all owned by `Following.run`. Rows come no faster than a
person can look and are taken in slices, so that a key never waits for more than one of
them. The frame timer calls `turn`, which notices when another period is to be shown.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Final

from parfeed.client.connection import connect
from parfeed.client.errors import FeedError, FeedUnreachable, SubscriptionRefused
from parfeed.client.feed import Feed
from parfeed.client.subscription import Subscription
from parfeed.console.desk import Desk
from parfeed.console.periods import planned_periods, shown_period, trading_period
from parfeed.console.status import Condition, Link, condition_of
from schemas.rows import MarketRow
from streams.market.periods import PeriodLength

RATE_PER_S: Final = 2.0
"""Updates of a subscription: what a person can follow; the feed merges the rest. One of
4,000 rows is taken in one step of 25 ms, which a key may have to wait for."""

SLICE_ROWS: Final = 100
"""Taken at once: 1 ms. A key goes through some ten turns of the loop until it is seen,
and each may have to wait for a slice."""

ATTEMPT_S: Final = 2.0
"""After so long without a feed the screen says why, and goes on trying."""

FIRST_HEARTBEAT_S: Final = 1.5
"""How long to wait for the market's time before the clock's is taken."""


class Following:
    """
    The feed of one console.

    Args:
        url: of the feed.
        desk: takes the rows.
        products: product_ids, or `["*"]`.
        length: of periods.
        pinned: the period that the user named; None for the one that trades.

    Attributes:
        pinned: the same; changed by the user.
        feed: while there is one.
    """

    def __init__(
        self,
        url: str,
        desk: Desk,
        *,
        products: list[str],
        length: PeriodLength,
        pinned: str | None = None,
    ) -> None:
        self.pinned = pinned
        self.feed: Feed | None = None
        self._url = url
        self._desk = desk
        self._products = products
        self._length = length
        self._loop = asyncio.get_running_loop()
        self._turned = asyncio.Event()
        self._market: Subscription[MarketRow] | None = None
        self._shown: str | None = None
        self._empty: set[str] = set()
        self._opened_at = 0.0
        self._proved_at: float | None = None
        self._condition: Condition = "connecting"
        self._note = ""
        self._changes_per_s = 0.0
        self._counted_at = self._loop.time()

    async def run(self) -> None:
        """Follow the feed until cancelled, or until it says not to come back."""
        while True:
            try:
                async with connect(
                    self._url, client="parfeed console", open_timeout=ATTEMPT_S
                ) as feed:
                    self.feed = feed
                    self._opened_at = self._loop.time()
                    await _until_first(
                        self._follow_rounds(feed), self._follow_periods(feed)
                    )
            except FeedUnreachable as exc:
                self._condition = "loading" if exc.is_loading else "connecting"
                self._note = f"no feed ({exc.reason}); start one with: parfeed up"
            except FeedError as exc:
                self._condition = "ended"
                self._note = str(exc)
                return
            finally:
                self.feed = None
                self._market = None

    def wanted_period(self) -> str | None:
        """Return the period to show; None while the market's time is not known."""
        if self.pinned is not None:
            return self.pinned
        feed = self.feed
        if feed is None:
            return self._shown
        market_at = feed.watermark.occurred_at
        if market_at is None and self._age_s() < FIRST_HEARTBEAT_S:
            return self._shown
        trading = trading_period(market_at, datetime.now(UTC), self._length)
        planned = planned_periods(self._desk.rounds.values())
        return shown_period(self._desk.view, trading, planned, self._empty)

    def turn(self) -> None:
        """Look what is to be followed now; called with every frame."""
        feed = self.feed
        if feed is None:
            return
        self._desk.tell_time(feed.watermark.occurred_at)
        if self._market is not None and feed.is_open and self._market.is_current:
            self._proved_at = self._loop.time() - feed.silence_s
        if self.wanted_period() != self._shown:
            self._turned.set()

    def link(self) -> Link:
        """Return how it stands with the feed."""
        feed, now = self.feed, self._loop.time()
        stale_s = None if self._proved_at is None else now - self._proved_at
        if feed is None:
            return Link(
                url=self._url,
                condition=self._condition,
                note=self._note,
                stale_s=stale_s,
            )
        return Link(
            url=feed.url,
            condition=condition_of(
                is_open=feed.is_open,
                is_current=self._market is not None and self._market.is_current,
                silence_s=feed.silence_s,
                was_open=True,
            ),
            note="" if feed.is_open else feed.last_loss,
            lag_ms=feed.watermark.lag_ms,
            silence_s=feed.silence_s,
            stale_s=stale_s,
            losses=feed.losses,
            changes_per_s=self._changes_per_s if now - self._counted_at < 2 else 0.0,
            occurred_at=feed.watermark.occurred_at,
        )

    # Private.

    def _age_s(self) -> float:
        return self._loop.time() - self._opened_at

    async def _follow_rounds(self, feed: Feed) -> None:
        async with feed.subscribe("rounds", max_rate=RATE_PER_S) as rounds:
            async for update in rounds:
                if update.is_snapshot:
                    self._desk.begin_rounds()
                self._desk.take_rows(update.keys, update.changed)

    async def _follow_periods(self, feed: Feed) -> None:
        # One after the other, each until it is another's turn.
        while True:
            self._turned.clear()
            self._shown = period = self.wanted_period()
            if period is None:
                await self._turned.wait()
                continue
            desk = self._desk
            # Before both snapshots, whichever comes first.
            desk.begin_offers()
            reading = [self._read_market(feed, period)]
            if desk.view == "board":
                reading.append(
                    self._read(feed, "councils", period, desk.begin_councils)
                )
                reading.append(self._read(feed, "alerts", period, desk.begin_told))
            else:
                reading.append(self._read(feed, "offers", period, desk.begin_offers))
            if desk.consumer_id is not None:
                party = f"consumer/{desk.consumer_id}"
                reading.append(
                    self._read(feed, "consumer", period, desk.begin_cards, party)
                )
            await _until_first(self._turn_comes(), *reading)

    async def _turn_comes(self) -> None:
        await self._turned.wait()

    async def _read_market(self, feed: Feed, period: str) -> None:
        desk = self._desk
        async with feed.subscribe(
            products=self._products, period=period, max_rate=RATE_PER_S
        ) as market:
            self._market = market
            async for update in market:
                if update.is_snapshot:
                    desk.begin_market(period)
                    self._note_empty(period, is_empty=not update.raw)
                else:
                    self._count(len(update.raw) + update.merged)
                rows = update.raw
                for start in range(0, len(rows), SLICE_ROWS):
                    desk.products.take(rows[start : start + SLICE_ROWS])
                    # Keys have their turn.
                    await asyncio.sleep(0)

    async def _read(
        self,
        feed: Feed,
        channel: str,
        period: str,
        begin: Callable[[], None],
        party: str | None = None,
    ) -> None:
        about = {"products": self._products} if party is None else {"party": party}
        try:
            async with feed.subscribe(
                channel, period=period, max_rate=RATE_PER_S, **about
            ) as lines:
                async for update in lines:
                    if update.is_snapshot:
                        begin()
                    keys, rows = update.keys, update.raw
                    for start in range(0, len(rows), SLICE_ROWS):
                        end = start + SLICE_ROWS
                        decoded = [lines.rows.decode(raw) for raw in rows[start:end]]
                        self._desk.take_rows(keys[start:end], decoded)
                        await asyncio.sleep(0)
        except SubscriptionRefused as exc:
            # The products are still worth looking at.
            self._desk.message = f"{channel} is not shown: {exc}"
            await self._turned.wait()

    def _note_empty(self, period: str, *, is_empty: bool) -> None:
        if is_empty:
            self._empty.add(period)
        else:
            self._empty.discard(period)

    def _count(self, changes: int) -> None:
        # A mean that forgets: over the last two seconds or so.
        now = self._loop.time()
        gap_s = max(now - self._counted_at, 1e-3)
        share = min(1.0, gap_s / 2)
        self._changes_per_s += share * (changes / gap_s - self._changes_per_s)
        self._counted_at = now


async def _until_first(*working: Coroutine[Any, Any, None]) -> None:
    # Runs until one of them ends, and raises what it raised; the others are cancelled.
    tasks = [asyncio.ensure_future(each) for each in working]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
