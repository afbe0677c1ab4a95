"""`parfeed console`: what a company, a consumer or the board keeps open all day."""

import logging
import os
import sys
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from parfeed.cli.feed_options import ProductsOption, feed_address, products_of
from parfeed.cli.options import ConfigOption, settings_from

if TYPE_CHECKING:
    from parfeed.console.keys import View

_THEMES: Final = {
    "terminal": "ansi-dark",
    "light": "textual-light",
    "dark": "textual-dark",
}

_EXAMPLES = """
Examples:

  parfeed console --company bakery --products bread,rolls

  parfeed console --board --alert imbalance=5 --bell

  parfeed console --consumer ada

  parfeed console feed.example:8765 --period 2011-W44 --theme light
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EXAMPLES)(console)


def console(
    url: Annotated[
        str | None,
        typer.Argument(
            help="The feed's address.",
            show_default="this machine's feed, by the settings",
        ),
    ] = None,
    company: Annotated[
        str | None,
        typer.Option(
            "--company",
            help="Whose console it is: it can set its unplanned prices and bid.",
            show_default="nobody's: it only looks",
        ),
    ] = None,
    board: Annotated[
        bool,
        typer.Option(
            "--board", help="The board's: rounds, waiting signatures, alarms."
        ),
    ] = False,
    consumer: Annotated[
        str | None,
        typer.Option(
            "--consumer",
            help="A consumer's: what a unit costs and loses, and its two cards.",
        ),
    ] = None,
    products: ProductsOption = "*",
    period: Annotated[
        str | None,
        typer.Option(
            "--period",
            help="The period to show, such as 2011-W44.",
            show_default="the one that trades",
        ),
    ] = None,
    alert: Annotated[
        list[str] | None,
        typer.Option(
            "--alert",
            metavar="KIND=NUMBER",
            help="Tell when a figure reaches it: imbalance (%), pace (times the plan), "
            "difference (%), unplanned (%), undercut (%); off for never. Again for "
            "more.",
            show_default="imbalance=20, pace=1.5",
        ),
    ] = None,
    bell: Annotated[
        bool, typer.Option("--bell", help="Ring at every new alert.")
    ] = False,
    theme: Annotated[
        Literal["terminal", "light", "dark"],
        typer.Option("--theme", help="Colours: the terminal's own, or ours."),
    ] = "terminal",
    config: ConfigOption = None,
) -> None:
    """
    Keep products, rounds or prices in view all day, and answer with a key.

    Needs a terminal of 80 by 24 or more; press ? there for all keys. It connects again
    by itself. Without a terminal: parfeed watch.
    """
    if board and consumer is not None:
        raise typer.BadParameter(
            "is either --board or --consumer", param_hint="--board"
        )
    if company is not None and (board or consumer is not None):
        raise typer.BadParameter(
            "is a company's own; leave out --board and --consumer",
            param_hint="--company",
        )
    # Textual draws on the standard error.
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise typer.BadParameter(
            "needs a terminal; without one use: parfeed watch --json",
            param_hint="console",
        )
    _open(
        feed_address(url, config),
        view="board" if board else "company" if consumer is None else "consumer",
        company=company,
        consumer=consumer,
        products=products_of(products),
        period=period,
        thresholds=alert or [],
        has_bell=bell,
        theme=_THEMES[theme],
        length=settings_from(config).period,
    )


def _open(
    address: str,
    *,
    view: "View",
    company: str | None,
    consumer: str | None,
    products: list[str],
    period: str | None,
    thresholds: list[str],
    has_bell: bool,
    theme: str,
    length: Literal["week", "day", "hour"],
) -> None:
    from rich.console import Console

    from parfeed.cli.planning.options import said_now, typed_if
    from parfeed.console.alerts import Alerts, read_thresholds
    from parfeed.console.app import ConsoleApp
    from parfeed.console.desk import Desk
    from parfeed.console.errors import Unfit
    from parfeed.console.following import Following
    from parfeed.planning import cells
    from parfeed.signals import run

    pinned = typed_if("--period", period, cells.period)
    typed_if("--company", company, cells.identifier)
    typed_if("--consumer", consumer, cells.identifier)
    try:
        alerts = Alerts(read_thresholds(thresholds))
    except Unfit as exc:
        raise typer.BadParameter(str(exc), param_hint="--alert") from exc
    has_colours = "NO_COLOR" not in os.environ and Console().color_system is not None
    desk = Desk(
        view,
        alerts,
        company_id=company,
        consumer_id=consumer,
        with_words=not has_colours,
        has_bell=has_bell,
    )
    desk.is_pinned = pinned is not None
    # The first line says how the connection is; a warning would tear the screen.
    logging.getLogger().addHandler(logging.NullHandler())
    app = ConsoleApp(
        desk,
        lambda: Following(
            address, desk, products=products, length=length, pinned=pinned
        ),
        length=length,
        said=said_now,
        theme=theme,
        has_colours=has_colours,
    )
    # The terminal's own mouse, so that figures can be marked and copied.
    run(app.run_async(mouse=False))
    if app.return_code:
        raise typer.Exit(app.return_code)
