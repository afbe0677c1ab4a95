"""`parfeed ledger terms`: taxes, the window of cards, pace, from a period on."""

from typing import Annotated

import typer

from parfeed.cli.feed_options import DEFAULT_WAIT_S, UrlOption, WaitOption
from parfeed.cli.options import ConfigOption
from parfeed.cli.planning.options import (
    DEFAULT_TIMEOUT_S,
    PeriodArgument,
    Reach,
    TimeoutOption,
    said_now,
    typed,
)

_EXAMPLES = """
Examples:

  parfeed ledger terms 2011-W44 --planned-tax 5% --unplanned-tax 15%

  parfeed ledger terms 2011-W44 --rebid 10% --pace 130%
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EXAMPLES)(terms)


def terms(
    period: PeriodArgument,
    planned_tax: Annotated[
        str, typer.Option("--planned-tax", metavar="PART", help="On planned sales.")
    ] = "5%",
    unplanned_tax: Annotated[
        str, typer.Option("--unplanned-tax", metavar="PART", help="On unplanned ones.")
    ] = "15%",
    pass_through: Annotated[
        str,
        typer.Option(
            "--pass-through",
            metavar="PART",
            help="Of the post-sale adjustment, the part that companies bear.",
        ),
    ] = "50%",  # noqa: S107 - a part of money, no password
    decimals: Annotated[
        int,
        typer.Option(
            "--decimals", min=0, max=6, help="Of the currency's smallest unit."
        ),
    ] = 2,
    least_share: Annotated[
        str,
        typer.Option(
            "--least-share",
            metavar="PART",
            help="Of an income, that the unplanned card gets at least.",
        ),
    ] = "10%",
    greatest_share: Annotated[
        str,
        typer.Option("--greatest-share", metavar="PART", help="And at most."),
    ] = "50%",
    pace: Annotated[
        str,
        typer.Option(
            "--pace",
            metavar="PERCENT",
            help="From that pace on an alert stands and a rebid may be requested.",
        ),
    ] = "120%",
    rebid: Annotated[
        str,
        typer.Option(
            "--rebid",
            metavar="PERCENT",
            help="How far an automatic answer may move a planned price; 0 leaves it to "
            "a person.",
        ),
    ] = "0%",
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    timeout: TimeoutOption = DEFAULT_TIMEOUT_S,
    config: ConfigOption = None,
) -> None:
    """
    Set the terms of trade from a period on, until others are set.

    What is not said has the value that the help shows, not that of the terms before.
    """
    from parfeed.cli.planning.asking import ask
    from parfeed.cli.trading.options import (
        percent,
        positive_percent,
        positive_rate,
        rate,
    )
    from parfeed.planning import cells
    from schemas.trading import TermsSet

    of = typed("PERIOD", period, cells.period)
    said = said_now()
    event = TermsSet(
        event_id=said.new_id(),
        occurred_at=said.at,
        period=of,
        planned_tax=typed("--planned-tax", planned_tax, rate),
        unplanned_tax=typed("--unplanned-tax", unplanned_tax, rate),
        pass_through=typed("--pass-through", pass_through, rate),
        decimals=decimals,
        least_share=typed("--least-share", least_share, positive_rate),
        greatest_share=typed("--greatest-share", greatest_share, positive_rate),
        pace_percent=typed("--pace", pace, positive_percent),
        rebid_percent=typed("--rebid", rebid, percent),
        revision=said.revision,
    )
    ask(
        [event],
        f"From {of} on these terms stand: tax {event.planned_tax} planned, "
        f"{event.unplanned_tax} unplanned; rebids answered by "
        + (
            f"themselves within {event.rebid_percent}%"
            if event.rebid_percent
            else "a person"
        ),
        reach=Reach(url, config, wait, timeout),
    )
