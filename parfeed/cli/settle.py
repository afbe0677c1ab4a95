"""
`parfeed settle`: settle what a file of events says, without Kafka or a feed.

So that anybody can check the board: the same code as the ledger's, on a file of one's
own. With `--json` one object with all postings, balances and statements; what was
refused stands in it. Otherwise a summary, and what was refused on the standard error.
"""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from parfeed.cli.options import ConfigOption, JsonOption, settings_from

if TYPE_CHECKING:
    from typing import BinaryIO

    from parfeed.cli.event_lines import EventLine
    from parfeed.settlement.offline import OfflineLedger, SettledPeriod
    from streams.market.periods import Calendar, PeriodLength

_EXAMPLES = """
Examples:

  parfeed settle events.jsonl

  parfeed settle year.jsonl.xz --period 2011-W44 --json > settled.json

  some-program | parfeed settle -
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EXAMPLES)(settle)


def settle(
    file: Annotated[
        str,
        typer.Argument(
            help="A file of JSON lines, also .gz or .xz; - for the standard input."
        ),
    ],
    json: JsonOption = False,
    period: Annotated[
        str | None,
        typer.Option(
            "--period",
            metavar="PERIOD",
            help="Print this period only, such as 2011-W44.",
            show_default="all",
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """
    Settle the periods of a file of events, and print what everybody gets and pays.

    Takes events as `send` does, and from the ledger's requests `budget`, `terms`,
    `close` and `correction`. A period that the file does not close is settled as it
    stands at the end. Ends with 1 if a line was refused.
    """
    from parfeed.cli.output import ended_by_reader
    from parfeed.settlement.offline import OfflineLedger
    from parfeed.settlement.printing import refused_text

    path = None if file == "-" else Path(file)
    if path is not None and not path.is_file() and not path.is_fifo():
        raise typer.BadParameter(f"there is no file {file}", param_hint="FILE")
    ledger = OfflineLedger(_calendar(period, config))
    _take(ledger, path)
    with ended_by_reader():
        if not _print(ledger, period, as_json=json):
            typer.echo(f"{file} says nothing of {period}", err=True)
            raise typer.Exit(1)
    if ledger.refused:
        if not json:
            for refused in ledger.refused:
                typer.echo(refused_text(refused), err=True)
        raise typer.Exit(1)


def _calendar(period: str | None, config: Path | None) -> "Calendar":
    from parfeed.cli.planning.options import typed
    from parfeed.planning import cells
    from streams.market.periods import Calendar

    if period is None:
        return Calendar(settings_from(config).period)
    of = typed("--period", period, cells.period)
    length: PeriodLength = "week" if "W" in of else "hour" if "T" in of else "day"
    return Calendar(length)


def _take(ledger: "OfflineLedger", path: Path | None) -> None:
    import lzma

    from schemas.codec import MAX_EVENT_BYTES, decode_event
    from schemas.errors import Refused

    try:
        for line in _lines(path):
            if line.is_too_long:
                detail = f"{line.size} bytes; {MAX_EVENT_BYTES} may be"
                ledger.refuse(line.number, Refused("too_large", detail))
                continue
            try:
                event = decode_event(line.text)
            except Refused as refused:
                ledger.refuse(line.number, refused)
                continue
            ledger.take(line.number, line.text, event)
    except (OSError, EOFError, lzma.LZMAError) as exc:
        typer.echo(f"cannot read {path or 'the standard input'}: {exc}", err=True)
        raise typer.Exit(1) from exc


def _lines(path: Path | None) -> "Iterator[EventLine]":
    from parfeed.cli.event_lines import LineSplitter
    from parfeed.sources.opening import open_text

    splitter = LineSplitter()
    if path is None:
        for piece in _pieces(sys.stdin.buffer):
            yield from splitter.feed(piece)
    else:
        with closing(open_text(path)) as text:
            for piece in _pieces(text.buffer):
                yield from splitter.feed(piece)
    yield from splitter.close()


def _pieces(opened: "BinaryIO") -> Iterator[bytes]:
    from parfeed.cli.input import PIECE_BYTES

    while piece := opened.read(PIECE_BYTES):
        yield piece


def _print(ledger: "OfflineLedger", period: str | None, *, as_json: bool) -> bool:
    # Tells whether there was something of the period that is asked for.
    from parfeed.settlement.printing import json_pieces, period_lines

    printed = 0

    def chosen() -> "Iterator[SettledPeriod]":
        nonlocal printed
        for each in ledger.settled():
            if period in (None, each.period):
                printed += 1
                yield each

    if as_json:
        for piece in json_pieces(ledger, chosen()):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.write(b"\n")
    else:
        for each in chosen():
            typer.echo("\n".join(period_lines(each)))
        left_out = ", ".join(f"{n:,} {tag}" for tag, n in ledger.left_out.items())
        typer.echo(
            f"{ledger.taken:,} events counted, {len(ledger.refused):,} refused"
            + (f"; left out: {left_out}" if left_out else "")
        )
    return printed > 0 or period is None
