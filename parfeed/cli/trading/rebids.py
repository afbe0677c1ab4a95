"""`parfeed ledger rebid` and `answer`: a new planned price in mid-period."""

from typing import Annotated

import typer

from parfeed.cli.feed_options import DEFAULT_WAIT_S, UrlOption, WaitOption
from parfeed.cli.options import ConfigOption
from parfeed.cli.planning.options import (
    DEFAULT_TIMEOUT_S,
    PeriodArgument,
    ProductArgument,
    Reach,
    ReasonOption,
    TimeoutOption,
    said_now,
    typed,
    typed_if,
)
from parfeed.cli.trading.options import CompanyArgument

_REBID = """
Examples:

  parfeed ledger rebid lights-and-candles 85123A 2011-W44 --reason "glass is dear"
"""
_ANSWER = """
Examples:

  parfeed ledger answer 85123A 2011-W44 --price 2.80 --reason "demand outruns supply"

  parfeed ledger answer 85123A 2011-W44 --decline
"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog=_REBID)(rebid)
    app.command(epilog=_ANSWER)(answer)


def rebid(
    company: CompanyArgument,
    product: ProductArgument,
    period: PeriodArgument,
    reason: ReasonOption = "",
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    timeout: TimeoutOption = DEFAULT_TIMEOUT_S,
    config: ConfigOption = None,
) -> None:
    """
    Ask, as a company, for a new planned price, since demand outruns the plan.

    It can be asked for once the product's pace is over the threshold of the terms.
    """
    from parfeed.cli.planning.asking import ask
    from parfeed.planning import cells
    from schemas.trading import RebidRequested

    of = typed("PERIOD", period, cells.period)
    name = typed("PRODUCT", product, cells.identifier)
    said = said_now()
    ask(
        [
            RebidRequested(
                event_id=said.new_id(),
                occurred_at=said.at,
                company_id=typed("COMPANY", company, cells.identifier),
                product_id=name,
                period=of,
                reason=reason,
            )
        ],
        f"A rebid of {name} in {of} is requested; follow it with: parfeed watch "
        "--channel alerts",
        reach=Reach(url, config, wait, timeout),
    )


def answer(
    product: ProductArgument,
    period: PeriodArgument,
    price: Annotated[
        str | None,
        typer.Option("--price", help="The new planned price of a unit, above 0."),
    ] = None,
    decline: Annotated[
        bool, typer.Option("--decline", help="Let the planned price stand.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="TIME",
            help="From when on it counts, by the time of purchases; local time unless "
            "it has an offset.",
            show_default="the newest time seen of the product",
        ),
    ] = None,
    reason: ReasonOption = "",
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    timeout: TimeoutOption = DEFAULT_TIMEOUT_S,
    config: ConfigOption = None,
) -> None:
    """
    Answer a requested rebid, as the board: a new price for the rest of the period.

    What was bought before keeps the price that it was bought at.
    """
    from parfeed.cli.planning.asking import ask
    from parfeed.planning import cells
    from schemas.trading import RebidAnswered

    if (price is None) is not decline:
        raise typer.BadParameter(
            "name a --price, or --decline", param_hint="--price / --decline"
        )
    of = typed("PERIOD", period, cells.period)
    name = typed("PRODUCT", product, cells.identifier)
    said = said_now()
    event = RebidAnswered(
        event_id=said.new_id(),
        occurred_at=said.at,
        product_id=name,
        period=of,
        planned_price=typed_if("--price", price, cells.positive),
        stands_from=typed_if("--from", since, cells.moment),
        reason=reason,
    )
    ask(
        [event],
        f"The planned price of {name} in {of} "
        + ("stands" if decline else f"is {event.planned_price} from now on"),
        reach=Reach(url, config, wait, timeout),
    )
