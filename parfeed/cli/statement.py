"""
`parfeed statement`: what an account was credited and debited with in a period.

The contract for programs: `--json` prints one object, `{"statements": [...]}`, in the
order of accounts and revisions; `--csv` a line for each line of each statement.
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
from parfeed.cli.planning.options import PeriodArgument, typed

if TYPE_CHECKING:
    from parfeed.cli.trading.statements import Statement
    from parfeed.client.subscription import Subscription
    from schemas.trading_rows import StatementRow

WHOLE_S = 5.0
"""How long to wait for the last part of a statement: all are final at once."""

_EXAMPLES = """
Examples:

  parfeed statement consumer/17850 2011-W44

  parfeed statement company/lights-and-candles 2011-W44 --csv > statement.csv

  parfeed statement board/tax 2011-W44 --json
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EXAMPLES)(statement)


def statement(
    account: Annotated[
        str,
        typer.Argument(
            metavar="ACCOUNT",
            help="An account such as consumer/17850/planned, or a party for all of its "
            "accounts: consumer/17850, company/mill, council/leeds, board.",
        ),
    ],
    period: PeriodArgument,
    revision: Annotated[
        int | None,
        typer.Option(
            "--revision",
            min=0,
            help="This one only: 0 the first statement, 1 its first correction.",
            show_default="all",
        ),
    ] = None,
    json: JsonOption = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, with a head.")] = False,
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    config: ConfigOption = None,
) -> None:
    """
    Print an account's statements of a settled period, each line with its formula.

    A correction is a statement of its own and says which one it corrects.
    """
    from parfeed.cli.output import ended_by_reader
    from parfeed.cli.trading.statements import as_csv, as_json, statement_lines
    from parfeed.planning import cells
    from parfeed.signals import run

    if json and csv:
        raise typer.BadParameter("choose --json or --csv", param_hint="--csv")
    of = typed("PERIOD", period, cells.period)
    found = run(_read(feed_address(url, config), account, of, wait_s=wait))
    if found is None:
        raise typer.Exit(130)
    chosen = [each for each in found if revision in (None, each.revision)]
    if not chosen:
        typer.echo(
            f"parfeed: {account} has no such statement for {of}; is the period "
            "settled? `parfeed snapshot --channel settlements` shows which are",
            err=True,
        )
        raise typer.Exit(1)
    with ended_by_reader():
        if json:
            sys.stdout.buffer.write(as_json(chosen) + b"\n")
        elif csv:
            typer.echo(as_csv(chosen), nl=False)
        else:
            shown = ["\n".join(statement_lines(each)) for each in chosen]
            typer.echo("\n\n".join(shown))


async def _read(
    url: str, account: str, period: str, *, wait_s: float
) -> "list[Statement]":
    from parfeed.cli.planning.asking import open_feed, shown
    from parfeed.cli.trading.statements import party_of, whole_statements

    def look(rows: "Subscription[StatementRow]") -> "list[Statement] | None":
        # No rows before the snapshot does not mean that there are none.
        if not rows.is_current:
            return None
        return whole_statements(rows.rows.values(), account)

    async with (
        open_feed(url, wait_s) as feed,
        feed.subscribe("statements", party=party_of(account), period=period) as rows,
    ):
        return await shown(
            rows, look, timeout_s=WHOLE_S, what="not all parts of a statement came"
        )
