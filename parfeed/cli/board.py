"""`parfeed board`: the board's and the councils' part of planning, by hand."""

from importlib import import_module
from typing import Final

import typer

COMMANDS: Final = ("listing", "opening", "status", "word", "councils", "audit")
"""Modules of `parfeed.cli.planning`, in the order of the help text."""

_EXAMPLES = """
Examples:

  parfeed board list 2011-W44 prices.csv

  parfeed board open 2011-W44 --round 60

  parfeed board status --follow
"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    board = typer.Typer(
        name="board",
        help="Open a period, follow its rounds, sign for councils, close the gate.",
        no_args_is_help=True,
        epilog=_EXAMPLES,
    )
    for name in COMMANDS:
        import_module(f"parfeed.cli.planning.{name}").register(board)
    app.add_typer(board)
