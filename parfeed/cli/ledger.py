"""`parfeed ledger`: what people ask of the ledger, by hand."""

from importlib import import_module
from typing import Final

import typer

COMMANDS: Final = ("terms", "budget", "rebids", "closing")
"""Modules of `parfeed.cli.trading`, in the order of the help text."""

_EXAMPLES = """
Examples:

  parfeed ledger terms 2011-W44 --planned-tax 5% --unplanned-tax 15%

  parfeed ledger budget 17850 2011-W44 120 --unplanned-share 25%

  parfeed ledger close 2011-W44
"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    ledger = typer.Typer(
        name="ledger",
        help="Set terms and budgets, ask for rebids and answer them, close a period.",
        no_args_is_help=True,
        epilog=_EXAMPLES,
    )
    for name in COMMANDS:
        import_module(f"parfeed.cli.trading.{name}").register(ledger)
    app.add_typer(ledger)
