"""`parfeed board announce`, `stand`, `set-price`: a person's word on a round."""

from typing import TYPE_CHECKING, Annotated

import typer

from parfeed.cli.feed_options import DEFAULT_WAIT_S, UrlOption, WaitOption
from parfeed.cli.options import ConfigOption
from parfeed.cli.planning.options import (
    DEFAULT_TIMEOUT_S,
    PeriodArgument,
    ProductArgument,
    Reach,
    ReasonOption,
    RoundArgument,
    TimeoutOption,
    said_now,
    typed,
)

if TYPE_CHECKING:
    from parfeed.client.feed import Feed

_ANNOUNCE = """
Examples:

  parfeed board announce 2011-W44 2 --rebid --reason "the mill burnt down"

  parfeed board announce 2011-W44 3 --stand
"""
_STAND = """
Examples:

  parfeed board stand 2011-W44 3
"""
_SET_PRICE = """
Examples:

  parfeed board set-price 2011-W44 2 bread 3.40 --reason "flour is dear"
"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog=_ANNOUNCE)(announce)
    app.command(epilog=_STAND)(stand)
    app.command("set-price", epilog=_SET_PRICE)(set_price)


def announce(
    period: PeriodArgument,
    round_: RoundArgument,
    rebid: Annotated[
        bool,
        typer.Option(
            "--rebid/--stand",
            help="Ask for a rebid at new prices, or let these stand.",
            show_default=False,
        ),
    ],
    reason: ReasonOption = "",
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    timeout: TimeoutOption = DEFAULT_TIMEOUT_S,
    config: ConfigOption = None,
) -> None:
    """End the round that runs: a rebid is asked for, or its prices stand."""
    _end_round(
        period,
        round_,
        reason,
        rebid=rebid,
        reach=Reach(url, config, wait, timeout),
    )


def stand(
    period: PeriodArgument,
    round_: RoundArgument,
    reason: ReasonOption = "",
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    timeout: TimeoutOption = DEFAULT_TIMEOUT_S,
    config: ConfigOption = None,
) -> None:
    """Let the prices of the round that runs stand; this closes the gate."""
    _end_round(
        period,
        round_,
        reason,
        rebid=False,
        reach=Reach(url, config, wait, timeout),
    )


def _end_round(
    period: str,
    round_: int,
    reason: str,
    *,
    rebid: bool,
    reach: Reach,
) -> None:
    from parfeed.cli.planning.asking import ask
    from parfeed.planning import cells
    from schemas.agenda import RoundAnnounced

    of = typed("PERIOD", period, cells.period)
    said = said_now()

    async def ended(feed: "Feed") -> list[str]:
        from parfeed.cli.planning.periods import later_round, standing_prices, status_of

        look = later_round if rebid else standing_prices
        return status_of(await look(feed, of, round_, timeout_s=reach.timeout_s))

    ask(
        [
            RoundAnnounced(
                event_id=said.new_id(),
                occurred_at=said.at,
                period=of,
                round=round_,
                rebid=rebid,
                reason=reason,
            )
        ],
        f"Round {round_} of {of} is ended: "
        + ("a rebid is asked for" if rebid else "its prices stand"),
        reach=reach,
        then=ended,
    )


def set_price(
    period: PeriodArgument,
    round_: RoundArgument,
    product: ProductArgument,
    price: Annotated[
        str, typer.Argument(metavar="PRICE", help="Of one unit, above 0.")
    ],
    reason: ReasonOption = "",
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    timeout: TimeoutOption = DEFAULT_TIMEOUT_S,
    config: ConfigOption = None,
) -> None:
    """Set a product's price for the next round, instead of the rule's."""
    from parfeed.cli.planning.asking import ask
    from parfeed.planning import cells
    from schemas.agenda import PriceSet

    of = typed("PERIOD", period, cells.period)
    name = typed("PRODUCT", product, cells.identifier)
    amount = typed("PRICE", price, cells.positive)
    said = said_now()
    ask(
        [
            PriceSet(
                event_id=said.new_id(),
                occurred_at=said.at,
                product_id=name,
                period=of,
                round=round_,
                price=amount,
                reason=reason,
            )
        ],
        f"{name} will be announced at {amount} with round {round_ + 1} of {of}",
        reach=Reach(url, config, wait, timeout),
    )
