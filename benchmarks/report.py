"""PURE. Results as tables, for a terminal and for Markdown."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from benchmarks.figures import Spread

NOTHING = "-"
"""What stands for a figure that there is none of."""


class Table(NamedTuple):
    """
    Attributes:
        title: what it shows.
        head: the columns' names; the first column is of names, the others of figures.
        rows: as long as the head each.
        notes: sentences below it.
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()


def number(form: str = "{:,.0f}") -> Callable[[float], str]:
    """Return a function that writes a number in a form."""
    return form.format


_WHOLE = number()


def spread(value: Spread | None, write: Callable[[float], str] = _WHOLE) -> str:
    """Write a spread as `median (least to greatest)`, a single value without them."""
    if value is None:
        return NOTHING
    if value.min == value.max:
        return write(value.median)
    return f"{write(value.median)} ({write(value.min)} to {write(value.max)})"


def worded(name: str) -> str:
    """Write a name of the JSON in words."""
    return name.replace("_", " ")


def text(table: Table) -> str:
    """Write a table for a terminal."""
    lines = [table.head, *table.rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    written = [
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([table.title, "", written[0], rule, *written[1:], *_notes(table)])


def markdown(table: Table) -> str:
    """Write a table in Markdown."""

    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"

    rule = ["---", *["---:"] * (len(table.head) - 1)]
    return "\n".join(
        [
            f"**{table.title}**",
            "",
            line(table.head),
            line(rule),
            *map(line, table.rows),
            *_notes(table),
        ]
    )


def _notes(table: Table) -> list[str]:
    return ["", *table.notes] if table.notes else []
