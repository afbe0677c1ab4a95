"""
The live table as a screen: reads a subscription, and draws its channel's table.

Reading and drawing are apart, so that a slow terminal merges rows rather than delays
them: the reader takes what comes, and a frame shows what is newest.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live

from parfeed.cli.channel_tables import CHANNEL_TABLES, ChannelTable
from parfeed.cli.ranking import Ranking, arranged
from parfeed.cli.table import HEADER_LINES, Connection, header
from parfeed.client.feed import Feed
from parfeed.client.row_kinds import Key
from parfeed.client.subscription import Subscription
from schemas.channels import MARKET_CHANNEL

FRAMES_PER_S: Final = 4.0
"""What a person can follow; the feed merges what comes faster."""

FRESH_S: Final = 1.0
"""For so long a changed row is shown as new."""


class Screen:
    """
    The table of one subscription on one terminal.

    Args:
        feed: that it comes from.
        rows: what is shown; with `FRAMES_PER_S`, since nobody sees more.
        console: a terminal.
        more: makes lines below the header, if there is more to say.
        more_lines: how many.
        table: of the rows' channel.
    """

    def __init__(
        self,
        feed: Feed,
        rows: Subscription,
        console: Console,
        more: Callable[[], RenderableType] | None = None,
        more_lines: int = 1,
        table: ChannelTable = CHANNEL_TABLES[MARKET_CHANNEL.name],
    ) -> None:
        self._feed = feed
        self._rows = rows
        self._ranking = Ranking()
        self._console = console
        self._table = table
        self._more = more
        self._taken = HEADER_LINES + (more_lines if more is not None else 0)
        self._fresh: dict[Key, float] = {}
        self._changes_per_s = 0.0
        self._counted_at = asyncio.get_running_loop().time()

    async def show(self) -> None:
        """
        Show the table until cancelled.

        Raises:
            FeedError: if the feed ends for good.
        """
        reader = asyncio.create_task(self._read())
        try:
            with Live(console=self._console, screen=True, auto_refresh=False) as live:
                while not reader.done():
                    live.update(self.frame(), refresh=True)
                    await asyncio.wait([reader], timeout=1 / FRAMES_PER_S)
            await reader
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    def frame(self) -> RenderableType:
        """Return what is to be seen now."""
        now = asyncio.get_running_loop().time()
        self._fresh = {k: at for k, at in self._fresh.items() if now - at < FRESH_S}
        width, height = self._console.size
        keys = self._keys(max(1, height - self._taken))
        # A new epoch may have emptied the rows before its snapshot is read here.
        rows = [self._rows.rows[key] for key in keys if key in self._rows.rows]
        periods = {str(row.period) for row in rows}
        feed = self._feed
        is_live = feed.is_open and self._rows.is_current
        occurred_at = feed.watermark.occurred_at
        connection = Connection(
            url=feed.url,
            state="live" if is_live else "loading" if feed.is_open else "reconnecting",
            is_live=is_live,
            lag=self._rows.lag,
            silence=timedelta(seconds=feed.silence_s),
            occurred_at=f"{occurred_at:%Y-%m-%d %H:%M:%S}" if occurred_at else "",
            rows=len(self._rows.rows),
            period=periods.pop() if len(periods) == 1 else "",
            changes_per_s=self._changes_per_s if now - self._counted_at < 2 else 0.0,
            note="" if feed.is_open else feed.last_loss,
        )
        table = self._table.make(
            rows,
            width=width,
            changed=frozenset(self._fresh),
            with_words=self._console.no_color or not self._console.color_system,
        )
        more = () if self._more is None else (self._more(),)
        return Group(header(connection, width), *more, table)

    # Private

    def _keys(self, places: int) -> list[Key]:
        if self._table.newest_first:
            # By period and round: all are about the same products.
            return sorted(self._rows.rows, reverse=True)[:places]
        return arranged(self._ranking.shown(places))

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        async for update in self._rows:
            now = loop.time()
            keys = update.keys
            if update.is_snapshot:
                self._ranking.clear()
                self._ranking.note(keys, now, weight=0.0)
                continue
            self._ranking.note(keys, now)
            for key in keys:
                self._fresh[key] = now
            # A mean that forgets: over the last two seconds or so.
            gap_s = max(now - self._counted_at, 1e-3)
            share = min(1.0, gap_s / 2)
            rate = (len(keys) + update.merged) / gap_s
            self._changes_per_s += share * (rate - self._changes_per_s)
            self._counted_at = now
