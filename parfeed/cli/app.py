"""
The command line: one Typer app, one module per command.

A command's module has `register(app)`, which adds it. Whatever takes long to import is
imported in the command's body, so that `parfeed --help` and shell completion are quick.
"""

from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Final

import typer

COMMANDS: Final = (
    "demo",
    "up",
    "watch",
    "console",
    "snapshot",
    "send",
    "settle",
    "replay",
    "plan",
    "board",
    "bid",
    "quote",
    "buy",
    "statement",
    "ledger",
    "topics",
    "schema",
    "doctor",
)
"""Modules of `parfeed.cli`, in the order of the help text."""

app = typer.Typer(
    name="parfeed",
    help="The live feed of a participatory economy: supply, demand and price, "
    "planned and unplanned.",
    epilog="Start with: parfeed demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"parfeed {version('parfeed')}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Print the version and end.",
        ),
    ] = False,
) -> None:
    # Options of all commands; the app's help stands in for a docstring.
    return


for _name in COMMANDS:
    import_module(f"parfeed.cli.{_name}").register(app)
