"""`parfeed board status`: where planning stands, once or live."""

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from parfeed.cli.feed_options import (
    DEFAULT_WAIT_S,
    UrlOption,
    WaitOption,
    feed_address,
)
from parfeed.cli.options import ConfigOption, JsonOption
from parfeed.cli.planning.options import typed_if

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from parfeed.client.feed import Feed
    from parfeed.client.subscription import Subscription
    from schemas.board_rows import RoundRow
    from schemas.values import Period

FRAMES_PER_S: Final = 2.0
"""What is left until a deadline is shown in seconds."""

_EXAMPLES = """
Examples:

  parfeed board status

  parfeed board status 2011-W44 --follow

  parfeed board status --json | jq '.rows[-1].worst_percent'
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EXAMPLES)(status)


def status(
    period: Annotated[
        str | None,
        typer.Argument(
            metavar="PERIOD", help="Of this period only.", show_default="all"
        ),
    ] = None,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow", "-f", help="Stay, and show every change until Ctrl-C."
        ),
    ] = False,
    json: JsonOption = False,
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    config: ConfigOption = None,
) -> None:
    """
    Show where planning stands: phase, round, imbalance, answers, who is out.

    With --json one object, {"cursor": "...", "rows": [...]}, the rounds sorted by
    period and round; with --follow a line for each round that there is or that changes.
    """
    from rich.console import Console

    from parfeed.cli.output import ended_by_reader
    from parfeed.planning import cells
    from parfeed.signals import run

    address = feed_address(url, config)
    of = typed_if("PERIOD", period, cells.period)
    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    with ended_by_reader():
        if not follow:
            if run(_once(address, of, console, as_json=json, wait_s=wait)) is None:
                raise typer.Exit(130)
        elif console.is_terminal and not console.is_dumb_terminal and not json:
            run(_live(address, of, console, wait_s=wait))
        else:
            run(_lines(address, of, as_json=json, wait_s=wait))


async def _once(
    url: str,
    period: "Period | None",
    console: "Console",
    *,
    as_json: bool,
    wait_s: float,
) -> bool:
    from parfeed.cli.planning.asking import open_feed
    from parfeed.cli.planning.periods import rounds_in

    async with (
        open_feed(url, wait_s) as feed,
        feed.subscribe("rounds", period=period) as rounds,
    ):
        await _loaded(rounds)
        rows = rounds_in(rounds)
        if as_json:
            _print_json(rows, rounds.cursor)
        elif rows:
            now = datetime.now(UTC).astimezone()
            console.print(_screen(rows, now, console.width))
        else:
            console.print(_nothing(period), markup=False, highlight=False)
    return True


async def _loaded(rounds: "Subscription[RoundRow]") -> None:
    async for update in rounds:
        if update.is_snapshot:
            return


def _nothing(period: "Period | None") -> str:
    if period is None:
        return (
            "No period has been opened. Begin with: parfeed board list PERIOD FILE, "
            "then parfeed board open PERIOD"
        )
    return (
        f"{period} has not been opened. Begin with: parfeed board list {period} FILE, "
        f"then parfeed board open {period}"
    )


def _print_json(rows: "list[RoundRow]", cursor: str | None) -> None:
    import msgspec

    from schemas.codec import encode

    lines = b",".join(encode(row) for row in rows)
    sys.stdout.buffer.write(
        b'{"cursor":%b,"rows":[%b]}\n' % (msgspec.json.encode(cursor), lines)
    )


def _screen(rows: "list[RoundRow]", now: datetime, width: int) -> "RenderableType":
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    from parfeed.cli.board_tables import rounds_table
    from parfeed.cli.planning.round_lines import by_period, status_lines

    parts: list[RenderableType] = []
    for rounds in by_period(rows).values():
        head, *lines = status_lines(rounds, now)
        parts.append(Text(head, style="bold"))
        parts += [
            Text(line, style="bold red" if line.startswith("  ALARM") else "")
            for line in lines
        ]
        # The newest round is what the lines above tell.
        if len(rounds) > 1:
            table = rounds_table(rounds, width=width - 2)
            parts.append(Padding(table, (1, 0, 0, 2)))
        parts.append(Text())
    return Group(*parts)


async def _live(
    url: str, period: "Period | None", console: "Console", *, wait_s: float
) -> None:
    import asyncio

    from rich.live import Live

    from parfeed.cli.planning.asking import open_feed
    from parfeed.cli.planning.periods import rounds_in

    async with (
        open_feed(url, wait_s) as feed,
        feed.subscribe("rounds", period=period, max_rate=FRAMES_PER_S) as rounds,
    ):
        reader = asyncio.create_task(_read(rounds))
        try:
            with Live(console=console, screen=True, auto_refresh=False) as live:
                while not reader.done():
                    rows = rounds_in(rounds)
                    live.update(_frame(feed, rows, period, console.width), refresh=True)
                    await asyncio.wait([reader], timeout=1 / FRAMES_PER_S)
            await reader
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)


async def _read(rounds: "Subscription[RoundRow]") -> None:
    async for _ in rounds:
        pass  # The subscription's rows move on while its updates are taken.


def _frame(
    feed: "Feed", rows: "list[RoundRow]", period: "Period | None", width: int
) -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    state = "live" if feed.is_open else "reconnecting"
    head = Text.assemble(
        ("parfeed ", "bold"),
        (f" {state} ", "black on green" if feed.is_open else "bright_white on red"),
        f" {feed.url}",
        *([f"  {feed.last_loss}"] if not feed.is_open else []),
    )
    now = datetime.now(UTC).astimezone()
    return Group(head, _screen(rows, now, width) if rows else Text(_nothing(period)))


async def _lines(
    url: str, period: "Period | None", *, as_json: bool, wait_s: float
) -> None:
    from parfeed.cli.output import open_output
    from parfeed.cli.planning.round_lines import round_line
    from parfeed.client.connection import connect

    output = await open_output(sys.stdout.fileno())
    async with (
        connect(url, client="parfeed", open_timeout=wait_s) as feed,
        feed.subscribe("rounds", period=period) as rounds,
    ):
        async for update in rounds:
            lines = (
                [*update.raw]
                if as_json
                else [round_line(row).encode() for row in update.changed]
            )
            if lines:
                await output.write(b"\n".join(lines) + b"\n")
