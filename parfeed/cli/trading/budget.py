"""`parfeed ledger budget`: a consumer's income, and its two cards."""

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
    typed_if,
)

_EXAMPLES = """
Examples:

  parfeed ledger budget 17850 2011-W44 120

  parfeed ledger budget 17850 2011-W44 120 --unplanned-share 25% --council leeds
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EXAMPLES)(budget)


def budget(
    consumer: Annotated[str, typer.Argument(metavar="CONSUMER", help="A consumer_id.")],
    period: PeriodArgument,
    income: Annotated[
        str, typer.Argument(metavar="INCOME", help="Money of the period.")
    ],
    unplanned_share: Annotated[
        str | None,
        typer.Option(
            "--unplanned-share",
            metavar="PART",
            help="Of the income, that the unplanned card gets.",
            show_default="the least of the board's window",
        ),
    ] = None,
    council: Annotated[
        str | None,
        typer.Option(
            "--council", help="Whose pool pays the consumer's unplanned purchases."
        ),
    ] = None,
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    timeout: TimeoutOption = DEFAULT_TIMEOUT_S,
    config: ConfigOption = None,
) -> None:
    """
    Set a consumer's budget of a period; it replaces an earlier one.

    Without a budget no purchase is approved. Many at once: `parfeed send`.
    """
    from parfeed.cli.planning.asking import ask
    from parfeed.cli.trading.options import rate
    from parfeed.planning import cells
    from schemas.trading import BudgetSet

    of = typed("PERIOD", period, cells.period)
    whose = typed("CONSUMER", consumer, cells.identifier)
    said = said_now()
    event = BudgetSet(
        event_id=said.new_id(),
        occurred_at=said.at,
        consumer_id=whose,
        period=of,
        income=typed("INCOME", income, cells.quantity),
        unplanned_share=typed_if("--unplanned-share", unplanned_share, rate),
        council_id=typed_if("--council", council, cells.identifier),
        revision=said.revision,
    )
    ask(
        [event],
        f"{whose} has {event.income} for {of}; see the cards with: parfeed snapshot "
        f"--channel consumer --party consumer/{whose}",
        reach=Reach(url, config, wait, timeout),
    )
