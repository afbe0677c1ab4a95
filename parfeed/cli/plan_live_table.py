"""
Live planning as it goes: a table of rounds and a bar on a terminal, lines elsewhere.

A round's forecast stands beside what came, and what it took stage by stage. Colours are
the published ones, and carry no meaning alone.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Final, NamedTuple

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from parfeed.cli.layout import STYLES, plain
from parfeed.cli.numbers import ABSENT
from parfeed.economy.live import Doing, LiveRound, Stage
from streams.market.imbalance import colour_of

_STAGES: Final[dict[Stage, str]] = {
    "opening": "Listing products and opening the period",
    "answering": "Computing what all answer",
    "publishing": "Publishing the answers",
    "folding": "Folding them into the rows",
    "deciding": "The board looks for prices",
}

_FRAMES_PER_S: Final = 8.0
_CENT: Final = Decimal("0.01")


class Listeners(NamedTuple):
    """Hear where planning is, and of each round that is over."""

    doing: Callable[[Doing], None]
    came: Callable[[LiveRound], None]


@contextmanager
def shown_live(console: Console, products: int) -> Iterator[Listeners]:
    """
    Yield listeners that show planning until the context ends.

    Args:
        console: a terminal or not.
        products: how many are planned.
    """
    if not console.is_terminal or console.is_dumb_terminal:
        yield Listeners(lambda _: None, lambda came: _print(console, came, products))
        return
    table = _Table(console, products)
    # What is longer than the screen is cut while it grows, and whole in the end.
    with Live(
        table,
        console=console,
        refresh_per_second=_FRAMES_PER_S,
        vertical_overflow="ellipsis",
    ) as live:

        def came(round_: LiveRound) -> None:
            table.came(round_)
            live.refresh()

        yield Listeners(table.doing, came)
        table.is_over = True
        live.vertical_overflow = "visible"


def line(came: LiveRound, products: int) -> str:
    """Return a round as a line of text."""
    forecast = came.forecast_percent
    expected = "" if forecast is None else f", forecast {forecast:.2f} %"
    return (
        f"round {came.round}: worst {came.worst_percent:.2f} % "
        f"({plain(came.worst_product)}){expected}; {came.within_5} under 5 %, "
        f"{came.within_3} under 3 %, {came.within_1} under 1 % of {products}; "
        f"{came.events:,} events: answer {came.answer_s:.2f} s, publish "
        f"{came.publish_s:.2f} s, fold {came.fold_s:.2f} s, board {came.board_s:.2f} s"
    )


class _Table:
    # Rendered anew at every frame.

    def __init__(self, console: Console, products: int) -> None:
        self.is_over = False
        self._with_words = console.no_color or not console.color_system
        self._rounds: list[LiveRound] = []
        self._products = products
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
            console=console,
        )
        self._task = self._bar.add_task(_STAGES["opening"], total=products)

    def doing(self, doing: Doing) -> None:
        number = f"Round {doing.round}: " if doing.round else ""
        self._bar.update(
            self._task,
            description=number + _STAGES[doing.stage],
            completed=doing.done,
            total=doing.total,
        )

    def came(self, round_: LiveRound) -> None:
        self._rounds.append(round_)

    def __rich__(self) -> Group:
        table = Table(box=None, pad_edge=False)
        for name in ("Round", "worst", "forecast", "<5%", "<3%", "<1%", "events"):
            table.add_column(name, justify="right", no_wrap=True)
        for name in ("answer", "publish", "fold", "board"):
            table.add_column(name, justify="right", no_wrap=True)
        for came in self._rounds:
            forecast = came.forecast_percent
            table.add_row(
                str(came.round),
                self._coloured(came.worst_percent),
                ABSENT if forecast is None else f"{forecast:.2f}%",
                *(str(n) for n in (came.within_5, came.within_3, came.within_1)),
                f"{came.events:,}",
                *(
                    f"{seconds:.2f}s"
                    for seconds in (
                        came.answer_s,
                        came.publish_s,
                        came.fold_s,
                        came.board_s,
                    )
                ),
            )
        return Group(table) if self.is_over else Group(table, self._bar)

    def _coloured(self, percent: float) -> Text:
        colour = colour_of(Decimal(percent).quantize(_CENT))
        word = f" {colour}" if self._with_words else ""
        return Text(f"{percent:.2f}%{word}", style=STYLES[colour])


def _print(console: Console, came: LiveRound, products: int) -> None:
    console.print(line(came, products), soft_wrap=True, highlight=False, markup=False)
