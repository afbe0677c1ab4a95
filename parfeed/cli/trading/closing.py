"""`parfeed ledger close` and `correct`: settle a period, and settle it anew."""

import typer

from parfeed.cli.feed_options import DEFAULT_WAIT_S, UrlOption, WaitOption
from parfeed.cli.options import ConfigOption
from parfeed.cli.planning.options import (
    DEFAULT_TIMEOUT_S,
    PeriodArgument,
    Reach,
    ReasonOption,
    TimeoutOption,
    said_now,
    typed,
)

_CLOSE = """
Examples:

  parfeed ledger close 2011-W44
"""
_CORRECT = """
Examples:

  parfeed ledger correct 2011-W44 --reason "a till was offline"
"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog=_CLOSE)(close)
    app.command(epilog=_CORRECT)(correct)


def close(
    period: PeriodArgument,
    reason: ReasonOption = "",
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    timeout: TimeoutOption = DEFAULT_TIMEOUT_S,
    config: ConfigOption = None,
) -> None:
    """End the trading of a period: it is settled, and later events are refused."""
    from parfeed.cli.planning.asking import ask
    from parfeed.planning import cells
    from schemas.trading import PeriodClosed

    of = typed("PERIOD", period, cells.period)
    said = said_now()
    ask(
        [
            PeriodClosed(
                event_id=said.new_id(), occurred_at=said.at, period=of, reason=reason
            )
        ],
        f"Trading of {of} has ended; once all workers know, within seconds, it is "
        f"settled: parfeed snapshot --channel settlements --period {of}",
        reach=Reach(url, config, wait, timeout),
    )


def correct(
    period: PeriodArgument,
    reason: ReasonOption = "",
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    timeout: TimeoutOption = DEFAULT_TIMEOUT_S,
    config: ConfigOption = None,
) -> None:
    """
    Settle a settled period anew, with what came too late for it.

    Nothing settled is rewritten: accounts get new statements that name those they
    correct.
    """
    from parfeed.cli.planning.asking import ask
    from parfeed.planning import cells
    from schemas.trading import CorrectionRequested

    of = typed("PERIOD", period, cells.period)
    said = said_now()
    ask(
        [
            CorrectionRequested(
                event_id=said.new_id(), occurred_at=said.at, period=of, reason=reason
            )
        ],
        f"{of} is settled anew; see the corrections with: parfeed statement ACCOUNT "
        f"{of}",
        reach=Reach(url, config, wait, timeout),
    )
