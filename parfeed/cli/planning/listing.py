"""`parfeed board list`: the products of a period and their start prices."""

from typing import Annotated

import typer

from parfeed.cli.feed_options import DEFAULT_WAIT_S, UrlOption, WaitOption
from parfeed.cli.options import ConfigOption
from parfeed.cli.planning.options import (
    DEFAULT_TIMEOUT_S,
    PeriodArgument,
    Reach,
    TimeoutOption,
    file_of,
    said_now,
    typed,
)

_EXAMPLES = """
Examples:

  parfeed board list 2011-W44 prices.csv

  parfeed board list 2011-W44 --product bread --price 3.20

The file is CSV with the header product_id,price or JSON lines with these fields.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("list", epilog=_EXAMPLES)(list_products)


def list_products(
    period: PeriodArgument,
    file: Annotated[
        str | None,
        typer.Argument(
            help="CSV or JSON lines; - for the standard input.", show_default=False
        ),
    ] = None,
    product: Annotated[
        str | None, typer.Option("--product", help="One product instead of a file.")
    ] = None,
    price: Annotated[
        str | None, typer.Option("--price", help="Its price in round 1, above 0.")
    ] = None,
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    timeout: TimeoutOption = DEFAULT_TIMEOUT_S,
    config: ConfigOption = None,
) -> None:
    """
    List the products that are planned in a period, with their start prices.

    Before the opening only. A product that is listed again gets the newer price.
    """
    from parfeed.cli.planning.asking import ask
    from parfeed.planning import cells
    from parfeed.planning.products import Listed, listing_events, read_products

    of = typed("PERIOD", period, cells.period)
    if file is None:
        if product is None or price is None:
            raise typer.BadParameter(
                "name a FILE, or one product by --product and --price"
            )
        listed = [
            Listed(
                typed("--product", product, cells.identifier),
                typed("--price", price, cells.positive),
            )
        ]
    else:
        if product is not None or price is not None:
            raise typer.BadParameter("either a FILE, or --product and --price")
        listed = read_products(file_of(file))
    if not listed:
        typer.echo("The file lists no products; nothing was sent.")
        return
    ask(
        listing_events(listed, of, said_now()),
        f"{len(listed):,} {'product' if len(listed) == 1 else 'products'} listed for "
        f"{of}; begin its planning with: parfeed board open {of}",
        reach=Reach(url, config, wait, timeout),
        lines=[each.line for each in listed] if file is not None else (),
    )
