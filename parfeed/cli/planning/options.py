"""Options of the commands of planning, and how what is typed becomes a value."""

import sys
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple, TypeVar

import typer

if TYPE_CHECKING:
    from parfeed.planning.said import Said
    from parfeed.planning.table import Column

T = TypeVar("T")

PeriodArgument = Annotated[
    str, typer.Argument(metavar="PERIOD", help="Such as 2011-W44.")
]
RoundArgument = Annotated[
    int,
    typer.Argument(
        metavar="ROUND", min=1, max=1_000, help="The round that runs, as status shows."
    ),
]
ProductArgument = Annotated[
    str, typer.Argument(metavar="PRODUCT", help="A product_id.")
]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="Why, for everybody to read.")
]
TimeoutOption = Annotated[
    float,
    typer.Option(
        "--timeout",
        min=0.1,
        help="Seconds to wait for the answer of the board and the workers.",
    ),
]

DEFAULT_TIMEOUT_S: Final = 30.0
"""What became of an event is final within a second, 5 s while many come; a worker that
takes over needs some 10 s. After 20 s the feed says that nobody knows."""


class Reach(NamedTuple):
    """
    How a command reaches its feed, as its options say.

    Attributes:
        url: the feed's address.
        config: the settings' file.
        wait_s: how long to wait for a feed that is not there.
        timeout_s: how long to wait for answers.
    """

    url: str | None
    config: Path | None
    wait_s: float
    timeout_s: float


def said_now() -> "Said":
    """Return what events that are said now have in common."""
    from parfeed.planning.said import Said

    return Said(at=datetime.now(UTC), new_id=lambda: uuid.uuid4().hex)


def typed(name: str, text: str, kind: Callable[[str], T]) -> T:
    """
    Make a value of what was typed.

    Args:
        name: the option or argument, for the complaint.
        text: what was typed.
        kind: makes the value, or raises UnfitCell.

    Raises:
        typer.BadParameter: if it is no such value.
    """
    from parfeed.planning.errors import UnfitCell

    try:
        return kind(text)
    except UnfitCell as exc:
        raise typer.BadParameter(str(exc), param_hint=name) from exc


def typed_if(name: str, text: str | None, kind: Callable[[str], T]) -> T | None:
    """Make a value of what was typed, if anything was."""
    return None if text is None else typed(name, text, kind)


def file_of(text: str) -> bytes:
    """
    Read a file that was named, or the standard input for `-`.

    Raises:
        typer.BadParameter: if it cannot be read.
    """
    from parfeed.planning.table import MAX_TABLE_BYTES

    # A byte more than may be, so that the table says that there is too much.
    if text == "-":
        return sys.stdin.buffer.read(MAX_TABLE_BYTES + 1)
    try:
        with Path(text).open("rb") as file:
            return file.read(MAX_TABLE_BYTES + 1)
    except OSError as exc:
        raise typer.BadParameter(
            f"cannot read {text}: {exc.strerror}", param_hint="FILE"
        ) from exc


def column_help(columns: "tuple[Column, ...]") -> str:
    """Return the columns of a file, as lines for a help text or a template."""
    width = max(len(column.name) for column in columns)
    return "\n".join(
        f"  {column.name:<{width}}  {column.meaning}"
        + (" (needed)" if column.is_needed else "")
        for column in columns
    )
