"""
Rounds of planning as they come: a table on a terminal, a line each elsewhere.

A round's forecast stands beside what came. Colours are the published ones, and carry
no meaning alone.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from parfeed.cli.layout import STYLES, plain
from parfeed.cli.numbers import ABSENT
from parfeed.economy.playing import Played, farthest
from streams.market.imbalance import colour_of

if TYPE_CHECKING:
    from streams.market.price_rule.rule import Announcement

LEVELS_PERCENT: Final = (5, 3, 1)
"""Closer to clearing than that: how many products are has a column each."""

_CENT = Decimal("0.01")


def show(
    rounds: "Iterable[Played[Announcement]]", names: Sequence[str], console: Console
) -> "list[Played[Announcement]]":
    """
    Show rounds until there are no more.

    Args:
        rounds: as they come.
        names: of the products.
        console: a terminal or not.

    Returns:
        All rounds.
    """
    if console.is_terminal and not console.is_dumb_terminal:
        return _show_table(rounds, names, console)
    shown = []
    for played in rounds:
        shown.append(played)
        console.print(line(played, names), soft_wrap=True, highlight=False)
    return shown


def line(played: "Played[Announcement]", names: Sequence[str]) -> Text:
    """Return a round as a line of text."""
    product, percent = played.worst()
    counts = ", ".join(
        f"{played.within(level)} under {level} %" for level in LEVELS_PERCENT
    )
    text = (
        f"round {played.number}: worst {percent:+z.2f} % ({plain(names[product])}); "
        f"{counts} of {int(played.tradable.sum())}"
    )
    announced = played.announced
    if announced is not None:
        text += f"; forecast {_forecast(played):+z.2f} % by {announced.method}"
        text += "; STABILITY ALARM" if announced.alarm else ""
    return Text(text)


def _show_table(
    rounds: "Iterable[Played[Announcement]]", names: Sequence[str], console: Console
) -> "list[Played[Announcement]]":
    shown: list[Played[Announcement]] = []
    with_words = console.no_color or not console.color_system
    # What is longer than the screen is cut while it grows; Live shows it whole when it
    # ends.
    with Live(
        console=console, auto_refresh=False, vertical_overflow="ellipsis"
    ) as live:
        for played in rounds:
            shown.append(played)
            live.update(_table(shown, names, with_words), refresh=True)
    return shown


def _table(
    rounds: "Sequence[Played[Announcement]]", names: Sequence[str], with_words: bool
) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("Round", justify="right")
    table.add_column("Worst", justify="left", overflow="ellipsis", max_width=20)
    table.add_column("imbalance", justify="right")
    table.add_column("forecast", justify="right")
    for level in LEVELS_PERCENT:
        table.add_column(f"<{level}%", justify="right")
    table.add_column(f"of {int(rounds[0].tradable.sum())}; found by", justify="left")
    for column in table.columns:
        column.no_wrap = True
    for played in rounds:
        product, percent = played.worst()
        announced = played.announced
        found_by = Text(ABSENT if announced is None else announced.method)
        if announced is not None and announced.alarm:
            found_by.append(" ALARM", style="bold red")
        table.add_row(
            str(played.number),
            plain(names[product]),
            _coloured(percent, with_words),
            ABSENT if announced is None else f"{_forecast(played):+z.2f}%",
            *(str(played.within(level)) for level in LEVELS_PERCENT),
            found_by,
        )
    return table


def _coloured(percent: float, with_word: bool) -> Text:
    colour = colour_of(Decimal(percent).quantize(_CENT))
    word = f" {colour}" if with_word else ""
    return Text(f"{percent:+z.2f}%{word}", style=STYLES[colour])


def _forecast(played: "Played[Announcement]") -> float:
    # The worst of the forecast, wherever it was.
    if played.announced is None:
        raise AssertionError("nobody forecast the first round")
    expected = played.announced.forecast_percent
    return float(expected[farthest(expected, played.tradable)])
