"""
`parfeed buy`: a purchase at the till, approved or declined.

The contract for programs: `--json` prints one object with `approved` (true, false, or
null if nobody told in time), the request's `event_id`, and what it comes to or why not.
Exit code 0 only if it was approved.
"""

import sys
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from parfeed.cli.feed_options import (
    DEFAULT_WAIT_S,
    UrlOption,
    WaitOption,
    feed_address,
)
from parfeed.cli.options import ConfigOption, JsonOption
from parfeed.cli.planning.options import (
    DEFAULT_TIMEOUT_S,
    ProductArgument,
    TimeoutOption,
    said_now,
    typed,
    typed_if,
)
from parfeed.cli.trading.options import ConsumerOption

if TYPE_CHECKING:
    from parfeed.cli.trading.buying import Bought
    from schemas.trading import PurchaseRequested

DECLINED: Final = 1

_EXAMPLES = """
Examples:

  parfeed buy 85123A --company lights-and-candles --quantity 7 --consumer 17850

  parfeed buy 85123A --company lights-and-candles --quantity 7 --consumer 17850 \
--use planned

  parfeed buy 22423 --company cakes --quantity 1 --consumer 17850 --greatest-price 13
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EXAMPLES)(buy)


def buy(
    product: ProductArgument,
    company: Annotated[str, typer.Option("--company", help="Who sells: a company_id.")],
    quantity: Annotated[
        str,
        typer.Option("--quantity", "-q", help="Units; all are approved, or none."),
    ],
    consumer: ConsumerOption,
    use: Annotated[
        Literal["any", "planned", "unplanned"],
        typer.Option(
            "--use",
            help="From the plan line only, without it, or from what is left of it "
            "first.",
        ),
    ] = "any",
    greatest_price: Annotated[
        str | None,
        typer.Option(
            "--greatest-price",
            metavar="PRICE",
            help="Decline if an unplanned unit costs more, before tax.",
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="TIME",
            help="When it happens; local time unless it has an offset.",
            show_default="now",
        ),
    ] = None,
    event_id: Annotated[
        str | None,
        typer.Option(
            "--event-id",
            help="The request's own id: sent again under it, it counts once.",
            show_default="a new one",
        ),
    ] = None,
    json: JsonOption = False,
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    timeout: TimeoutOption = DEFAULT_TIMEOUT_S,
    config: ConfigOption = None,
) -> None:
    """
    Ask for a purchase to be approved, and book it if it is.

    The ledger decides by the consumer's two cards, what is left of the plan line, and
    the company's unplanned price. Ends with 1 if it is declined.
    """
    from parfeed.cli.output import ended_by_reader
    from parfeed.cli.planning.asking import open_feed
    from parfeed.cli.trading.buying import buy_at
    from parfeed.planning import cells
    from parfeed.signals import run
    from schemas.trading import PurchaseRequested
    from schemas.values import Quantity

    said = said_now()
    own_id = typed_if("--event-id", event_id, cells.identifier)
    greatest = typed_if("--greatest-price", greatest_price, cells.quantity)
    request = PurchaseRequested(
        event_id=own_id or said.new_id(),
        occurred_at=typed_if("--at", at, cells.moment) or said.at,
        consumer_id=typed("--consumer", consumer, cells.identifier),
        product_id=typed("PRODUCT", product, cells.identifier),
        company_id=typed("--company", company, cells.identifier),
        quantity=typed("--quantity", quantity, cells.positive),
        use=use,
        greatest_price=None if greatest is None else Quantity(str(greatest)),
    )
    address = feed_address(url, config)

    async def buying() -> "Bought":
        async with open_feed(address, wait) as feed:
            return await buy_at(feed, request, timeout_s=timeout)

    bought = run(buying())
    if bought is None:
        raise typer.Exit(130)
    with ended_by_reader():
        if json:
            _print_json(request, bought)
        else:
            _print(bought)
    if not bought.is_approved:
        raise typer.Exit(DECLINED)


def _print(bought: "Bought") -> None:
    from parfeed.cli.planning.cures import complaint
    from parfeed.cli.trading.quote_lines import approval_lines, card_line

    if bought.is_approved:
        for line in approval_lines(bought.outcome, bought.loss):
            typer.echo(line)
    else:
        word = "declined" if bought.outcome.verdict == "refused" else "not decided"
        typer.echo(f"parfeed: {word}: {complaint(bought.outcome)}", err=True)
    if bought.card is not None:
        typer.echo(card_line(bought.card), err=not bought.is_approved)


def _print_json(request: "PurchaseRequested", bought: "Bought") -> None:
    from parfeed.cli.trading.buying import as_json

    sys.stdout.buffer.write(as_json(request, bought) + b"\n")
