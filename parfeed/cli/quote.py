"""
`parfeed quote`: what a quantity costs, planned and at each company.

The contract for programs: `--json` prints the feed's answer, one `quoted` object.
"""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from parfeed.cli.feed_options import (
    DEFAULT_WAIT_S,
    UrlOption,
    WaitOption,
    feed_address,
)
from parfeed.cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from decimal import Decimal

    from schemas.feed import Quoted

_EXAMPLES = """
Examples:

  parfeed quote 85123A --quantity 7

  parfeed quote 85123A --consumer 17850 --json
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EXAMPLES)(quote)


def quote(
    product: Annotated[str, typer.Argument(metavar="PRODUCT", help="A product_id.")],
    quantity: Annotated[
        str, typer.Option("--quantity", "-q", help="Units wanted, above 0.")
    ] = "1",
    consumer: Annotated[
        str | None,
        typer.Option("--consumer", help="Show what is left on this one's cards."),
    ] = None,
    period: Annotated[
        str | None,
        typer.Option(
            "--period",
            help="In this period, such as 2011-W44.",
            show_default="the newest with an offer or a planned price",
        ),
    ] = None,
    json: JsonOption = False,
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    config: ConfigOption = None,
) -> None:
    """
    Ask what a quantity costs, planned and at each company, and what that loses.

    A quote promises nothing; a purchase is approved by `parfeed buy`.
    """
    from parfeed.cli.output import ended_by_reader
    from parfeed.cli.planning.options import typed, typed_if
    from parfeed.cli.trading.quote_lines import quote_lines
    from parfeed.planning import cells
    from parfeed.signals import run

    quoted = run(
        _ask(
            feed_address(url, config),
            typed("PRODUCT", product, cells.identifier),
            typed("--quantity", quantity, cells.positive),
            typed_if("--period", period, cells.period),
            typed_if("--consumer", consumer, cells.identifier),
            wait_s=wait,
        )
    )
    if quoted is None:
        raise typer.Exit(130)
    with ended_by_reader():
        if json:
            from schemas.codec import encode

            sys.stdout.buffer.write(encode(quoted) + b"\n")
        else:
            typer.echo("\n".join(quote_lines(quoted)))


async def _ask(
    url: str,
    product_id: str,
    quantity: "Decimal",
    period: str | None,
    consumer_id: str | None,
    *,
    wait_s: float,
) -> "Quoted":
    from parfeed.cli.planning.asking import open_feed

    async with open_feed(url, wait_s) as feed:
        return await feed.quote(
            product_id,
            quantity=quantity,
            period=period,
            party=None if consumer_id is None else f"consumer/{consumer_id}",
        )
