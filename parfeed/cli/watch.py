"""`parfeed watch`: rows as they change; a live table, or lines for programs."""

import logging
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from parfeed.cli.feed_options import (
    DEFAULT_WAIT_S,
    ChannelOption,
    PartyOption,
    PeriodOption,
    ProductsOption,
    WaitOption,
    feed_address,
    products_of,
)
from parfeed.cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from rich.console import Console

_EXAMPLES = """
Examples:

  parfeed watch

  parfeed watch localhost:8765 --products 85123A,22423

  parfeed watch --channel rounds --period 2011-W44

  parfeed watch --channel consumer --party consumer/17850

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
    channel: ChannelOption = "market",
    products: ProductsOption = "*",
    party: PartyOption = None,
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

    With --channel other rows: rounds of planning, companies' offers, a consumer's
    cards. On a terminal a table of what changes most; otherwise,
    or with --json, a line for each row there is and then for each that changes.
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
            # The header says how the connection is; a warning would tear the table.
            logging.getLogger().addHandler(logging.NullHandler())
            run(
                show_table(
                    address,
                    chosen,
                    period,
                    channel=channel,
                    party=party,
                    wait_s=wait,
                    console=console,
                )
            )
        else:
            run(
                _print_lines(
                    address,
                    chosen,
                    period,
                    channel=channel,
                    party=party,
                    as_json=json,
                    every=every,
                    wait_s=wait,
                )
            )


async def show_table(
    url: str,
    products: list[str],
    period: str | None,
    *,
    channel: str = "market",
    party: str | None = None,
    wait_s: float,
    console: "Console",
) -> None:
    """
    Show the live table until cancelled.

    Args:
        url: the feed's whole address.
        products: product_ids, or `["*"]`.
        period: one period, or None for all.
        channel: whose rows.
        party: of a private channel, whose rows of it.
        wait_s: how long to wait for a feed that is not there.
        console: a terminal.

    Raises:
        FeedError: if there is no feed, or it ends for good.
    """
    from parfeed.cli.channel_tables import CHANNEL_TABLES
    from parfeed.cli.screen import FRAMES_PER_S, Screen
    from parfeed.client.connection import connect

    async with connect(url, client="parfeed watch", open_timeout=wait_s) as feed:
        rows = feed.subscribe(
            channel,
            products=products,
            party=party,
            period=period,
            max_rate=FRAMES_PER_S,
        )
        table = CHANNEL_TABLES[channel]
        await Screen(feed, rows, console, table=table).show()


async def _print_lines(
    url: str,
    products: list[str],
    period: str | None,
    *,
    channel: str,
    party: str | None,
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
            channel,
            products=products,
            party=party,
            period=period,
            mode="stream" if every else "conflated",
        )
        async for update in rows:
            lines = (
                update.raw
                if as_json
                else [row_line(row).encode() for row in update.changed]
            )
            if lines:
                await output.write(b"\n".join(lines) + b"\n")
