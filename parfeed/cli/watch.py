"""`parfeed watch`: the market as it changes; a live table, or lines for programs."""

import asyncio
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from parfeed.cli.feed_options import (
    DEFAULT_WAIT_S,
    PeriodOption,
    ProductsOption,
    WaitOption,
    feed_address,
    products_of,
)
from parfeed.cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from parfeed.cli.ranking import Ranking
    from parfeed.client.feed import Feed
    from parfeed.client.subscription import Subscription

FRAMES_PER_S: Final = 4.0
"""What a person can follow; the feed merges what comes faster."""

FRESH_S: Final = 1.0
"""For so long a changed row is shown as new."""

_EXAMPLES = """
Examples:

  parfeed watch

  parfeed watch localhost:8765 --products 85123A,22423

  parfeed watch --json | jq -c '[.product_id, .price]'
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EXAMPLES)(watch)


def watch(
    url: Annotated[
        str | None,
        typer.Argument(
            help="The feed's address.",
            show_default="this machine's feed, by the settings",
        ),
    ] = None,
    products: ProductsOption = "*",
    period: PeriodOption = None,
    json: JsonOption = False,
    every: Annotated[
        bool,
        typer.Option(
            "--every",
            help="With lines: every version of a row, not just the newest when many "
            "follow on each other.",
        ),
    ] = False,
    wait: WaitOption = DEFAULT_WAIT_S,
    config: ConfigOption = None,
) -> None:
    """
    Watch products live: supply, demand, price, imbalance. Ctrl-C ends it.

    On a terminal a table of the products that change most; otherwise, or with --json,
    a line for each row there is and then for each that changes.
    """
    from rich.console import Console

    from parfeed.cli.output import ended_by_reader
    from parfeed.signals import run

    address = feed_address(url, config)
    console = Console()
    as_table = console.is_terminal and not console.is_dumb_terminal and not json
    chosen = products_of(products)
    with ended_by_reader():
        if as_table:
            run(show_table(address, chosen, period, wait_s=wait, console=console))
        else:
            run(
                _print_lines(
                    address, chosen, period, as_json=json, every=every, wait_s=wait
                )
            )


async def show_table(
    url: str,
    products: list[str],
    period: str | None,
    *,
    wait_s: float,
    console: "Console",
) -> None:
    """
    Show the live table until cancelled.

    Args:
        url: the feed's whole address.
        products: product_ids, or `["*"]`.
        period: one period, or None for all.
        wait_s: how long to wait for a feed that is not there.
        console: a terminal.

    Raises:
        FeedError: if there is no feed, or it ends for good.
    """
    from rich.live import Live

    from parfeed.cli.ranking import Ranking
    from parfeed.client.connection import connect

    async with connect(url, client="parfeed watch", open_timeout=wait_s) as feed:
        rows = feed.subscribe(products=products, period=period, max_rate=FRAMES_PER_S)
        screen = _Screen(feed, rows, Ranking(), console)
        reader = asyncio.create_task(screen.read())
        try:
            with Live(console=console, screen=True, auto_refresh=False) as live:
                while not reader.done():
                    live.update(screen.frame(), refresh=True)
                    await asyncio.wait([reader], timeout=1 / FRAMES_PER_S)
            await reader
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)


class _Screen:
    # What the table shows besides the rows: which ones, which are new, how many change.

    def __init__(
        self, feed: "Feed", rows: "Subscription", ranking: "Ranking", console: "Console"
    ) -> None:
        self._feed = feed
        self._rows = rows
        self._ranking = ranking
        self._console = console
        self._fresh: dict[tuple[str, str], float] = {}
        self._changes_per_s = 0.0
        self._counted_at = asyncio.get_running_loop().time()

    async def read(self) -> None:
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

    def frame(self) -> "RenderableType":
        from rich.console import Group

        from parfeed.cli.table import HEADER_LINES, Connection, header, rows_table

        now = asyncio.get_running_loop().time()
        self._fresh = {k: at for k, at in self._fresh.items() if now - at < FRESH_S}
        width, height = self._console.size
        keys = self._ranking.shown(max(1, height - HEADER_LINES))
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
        table = rows_table(
            rows,
            width=width,
            changed=frozenset(self._fresh),
            with_words=self._console.no_color or not self._console.color_system,
        )
        return Group(header(connection, width), table)


async def _print_lines(
    url: str,
    products: list[str],
    period: str | None,
    *,
    as_json: bool,
    every: bool,
    wait_s: float,
) -> None:
    from parfeed.cli.output import open_output
    from parfeed.cli.row_lines import row_line
    from parfeed.client.connection import connect

    output = await open_output(sys.stdout.fileno())
    async with connect(url, client="parfeed watch", open_timeout=wait_s) as feed:
        rows = feed.subscribe(
            products=products, period=period, mode="stream" if every else "conflated"
        )
        async for update in rows:
            lines = (
                update.raw
                if as_json
                else [row_line(row).encode() for row in update.changed]
            )
            if lines:
                await output.write(b"\n".join(lines) + b"\n")
