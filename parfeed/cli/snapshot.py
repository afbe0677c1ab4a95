"""
`parfeed snapshot`: the rows as they are now, once.

The contract for programs: `--json` prints one object, `{"cursor": "...", "rows":
[...]}`, rows sorted by product_id, period and what else names them, each byte for byte
as the feed sent it.
"""

import sys
from typing import TYPE_CHECKING

import typer

from parfeed.cli.feed_options import (
    DEFAULT_WAIT_S,
    ChannelOption,
    PartyOption,
    PeriodOption,
    ProductsOption,
    UrlOption,
    WaitOption,
    feed_address,
    products_of,
)
from parfeed.cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from parfeed.client.row_kinds import Key
    from parfeed.client.rows import Update

_WIDTH_WITHOUT_TERMINAL = 120

_EXAMPLES = """
Examples:

  parfeed snapshot --period 2011-W44

  parfeed snapshot --products 85123A,22423 --json

  parfeed snapshot --channel councils --period 2011-W44

  parfeed snapshot --channel settlements --period 2011-W44
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EXAMPLES)(snapshot)


def snapshot(
    channel: ChannelOption = "market",
    products: ProductsOption = "*",
    party: PartyOption = None,
    period: PeriodOption = None,
    json: JsonOption = False,
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    config: ConfigOption = None,
) -> None:
    """
    Print the rows as they are now, once.

    With --json one object: {"cursor": "...", "rows": [...]}, sorted by product and
    period, then by what else names a row of the channel.
    """
    from parfeed.cli.output import ended_by_reader
    from parfeed.signals import run

    taken = run(
        _take(
            feed_address(url, config),
            channel,
            products_of(products),
            party,
            period,
            wait_s=wait,
        )
    )
    if taken is None:
        raise typer.Exit(130)
    with ended_by_reader():
        if json:
            sys.stdout.buffer.write(_as_json(taken))
        else:
            _print_table(channel, taken)


async def _take(
    url: str,
    channel: str,
    products: list[str],
    party: str | None,
    period: str | None,
    *,
    wait_s: float,
) -> "Update":
    from parfeed.client.connection import connect

    # The same patience for the whole: a server that loses its source closes again.
    async with connect(
        url,
        client="parfeed snapshot",
        timeout=max(wait_s, DEFAULT_WAIT_S),
        open_timeout=wait_s,
    ) as feed:
        rows = feed.subscribe(channel, products=products, party=party, period=period)
        async for update in rows:
            if update.is_snapshot:
                return update
    raise AssertionError("a subscription ended without a word")


def _sorted_keys(taken: "Update") -> "list[Key]":
    return sorted(taken.rows)


def _as_json(taken: "Update") -> bytes:
    import msgspec

    rows = b",".join(taken.rows.raw[key] for key in _sorted_keys(taken))
    return b'{"cursor":%b,"rows":[%b]}\n' % (msgspec.json.encode(taken.cursor), rows)


def _print_table(channel: str, taken: "Update") -> None:
    from rich.console import Console

    from parfeed.cli.channel_tables import CHANNEL_TABLES

    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH_WITHOUT_TERMINAL)
    rows = [taken.rows[key] for key in _sorted_keys(taken)]
    periods = {str(row.period) for row in rows}
    console.print(
        f"{len(rows):,} rows{f' of {periods.pop()}' if len(periods) == 1 else ''} at "
        f"{taken.cursor}",
        highlight=False,
        markup=False,
    )
    console.print(
        CHANNEL_TABLES[channel].make(
            rows,
            width=console.width,
            with_words=console.no_color or not console.color_system,
        )
    )
