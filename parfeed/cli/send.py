"""
`parfeed send`: JSON lines to the feed, each answered.

Refusals are printed with their line's number; with `--json` they go to the standard
error and one object with the sums to the standard output. Exit code 0 only if every
event was taken.
"""

import asyncio
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from parfeed.cli.feed_options import (
    DEFAULT_WAIT_S,
    UrlOption,
    WaitOption,
    feed_address,
)
from parfeed.cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from parfeed.cli.event_lines import EventLine
    from parfeed.cli.send_report import Report
    from parfeed.client.feed import Feed
    from schemas.feed import Outcome, Result

PIECES_UNDER_WAY: Final = 4
"""Pieces of input that are being published while the next is read. Four of 256 KiB keep
the connection busy; what a crash leaves unanswered stays small."""

OUTAGE_S: Final = 60.0
"""How long a feed may be away in the middle before the command gives up. A restart
takes a few seconds."""

_EXAMPLES = """
Examples:

  parfeed send events.jsonl

  parfeed send bids.jsonl --verdicts

  some-program | parfeed send - --json
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EXAMPLES)(send)


def send(
    file: Annotated[
        str, typer.Argument(help="A file of JSON lines; - for the standard input.")
    ],
    json: JsonOption = False,
    verdicts: Annotated[
        bool,
        typer.Option(
            "--verdicts",
            help="Wait until it is final what became of each event, and print what the "
            "workers and the board refused as well. [dim]Takes seconds per 256 KiB."
            "[/dim]",
        ),
    ] = False,
    url: UrlOption = None,
    wait: WaitOption = DEFAULT_WAIT_S,
    config: ConfigOption = None,
) -> None:
    """
    Send events, one JSON object per line, and print what was refused and why.

    An event sent again under its event_id counts once, so a file may be sent again.
    Ends with 1 if anything was refused. Without --verdicts that is what the feed itself
    refuses; a bid that comes after the gate is not among it.
    """
    from parfeed.cli.output import ended_by_reader
    from parfeed.cli.send_report import Report
    from parfeed.signals import run

    address = feed_address(url, config)
    path = None if file == "-" else Path(file)
    if path is not None and not path.is_file() and not path.is_fifo():
        raise typer.BadParameter(f"there is no file {file}", param_hint="FILE")
    report = Report(as_json=json)
    with ended_by_reader():
        try:
            is_done = run(_send(address, path, report, verdicts=verdicts, wait_s=wait))
        finally:
            report.finish()
    if not is_done:
        raise typer.Exit(130)
    if not report.is_all_taken:
        raise typer.Exit(1)


async def _send(
    url: str,
    path: Path | None,
    report: "Report",
    *,
    verdicts: bool,
    wait_s: float,
) -> bool:
    from parfeed.cli.event_lines import LineSplitter
    from parfeed.cli.input import open_pieces
    from parfeed.cli.send_report import shown_bytes
    from parfeed.client.connection import connect
    from parfeed.client.errors import FeedError

    under_way: deque[asyncio.Task[None]] = deque()
    splitter = LineSplitter()
    async with connect(
        url, client="parfeed send", timeout=OUTAGE_S, open_timeout=wait_s
    ) as feed:
        try:
            with shown_bytes(path) as show:
                done_bytes = 0
                async for piece in open_pieces(path):
                    await _queue(
                        feed, splitter.feed(piece), report, under_way, verdicts
                    )
                    done_bytes += len(piece)
                    show(done_bytes)
                await _queue(feed, splitter.close(), report, under_way, verdicts)
                while under_way:
                    await under_way[0]
                    under_way.popleft()
        except FeedError:
            # The others end the same way, now, and still have results to report.
            await asyncio.wait(under_way)
            raise
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
    return True


async def _queue(
    feed: "Feed",
    lines: "list[EventLine]",
    report: "Report",
    under_way: "deque[asyncio.Task[None]]",
    verdicts: bool,
) -> None:
    if not lines:
        return
    while len(under_way) >= PIECES_UNDER_WAY:
        await under_way[0]
        under_way.popleft()
    before = under_way[-1] if under_way else None
    under_way.append(
        asyncio.create_task(_publish(feed, lines, report, before, verdicts))
    )


async def _publish(
    feed: "Feed",
    lines: "list[EventLine]",
    report: "Report",
    before: "asyncio.Task[None] | None",
    verdicts: bool,
) -> None:
    from parfeed.client.errors import PublishInterrupted

    sendable = [line for line in lines if not line.is_too_long]
    events = [line.text for line in sendable]
    results: list[Result | None]
    try:
        if verdicts:
            outcomes = await feed.publish(events, verdict=True)
            results = [_as_result(outcome) for outcome in outcomes]
        else:
            results = [*await feed.publish(events)]
    except PublishInterrupted as exc:
        report.note(lines, dict(zip(_numbers(sendable), exc.results, strict=True)))
        raise
    except asyncio.CancelledError:
        report.note(lines, {})
        raise
    if before is not None:
        # Reported in the order of the lines. It has an owner who awaits it too.
        await asyncio.wait([before])
    report.note(lines, dict(zip(_numbers(sendable), results, strict=True)))


def _as_result(outcome: "Outcome") -> "Result | None":
    from schemas.feed import Result

    if outcome.verdict == "unknown":
        return None
    return Result(event_id=outcome.event_id, error=outcome.error, detail=outcome.detail)


def _numbers(lines: "list[EventLine]") -> list[int]:
    return [line.number for line in lines]
