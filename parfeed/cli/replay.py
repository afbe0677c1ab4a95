"""`parfeed replay`: play recorded sales, a grid's hours or events to a running feed."""

import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

from parfeed.cli.feed_options import UrlOption, feed_address
from parfeed.cli.options import ConfigOption, DataDirOption, JsonOption, settings_from

if TYPE_CHECKING:
    from pathlib import Path

    from parfeed.replay.record import Record
    from parfeed.replay.source import Source
    from parfeed.sources.grid_report import GridReport

DEFAULT_SPEED: Final = "1440"
"""A day in a minute: four weeks of sales take some 10, nights being shortened."""

OPEN_TIMEOUT_S: Final = 15.0
"""For a feed that is just being started; one that is lost later is waited for."""

INTERRUPTED: Final = 130
"""Exit code after Ctrl-C, as shells have it."""

_EXAMPLES = """
Examples:

  parfeed replay retail                        the packaged sales, a day in a minute

  parfeed replay retail --speed max            as fast as the feed takes them

  parfeed replay online_retail.csv.gz --from 2011-W32

  parfeed replay grid --from 2023-10-28 --until 2023-10-30

  parfeed replay grid_germany.csv.gz --dry-run --json

  parfeed replay events.jsonl --speed 60 --url ws://feed.example.org/

A grid's periods are hours, so its feed is started with: PARFEED_PERIOD=hour parfeed up

A second start goes on where the first one stopped. What the rows become: docs/retail.md
and docs/grid.md
"""

SpeedOption = Annotated[
    str,
    typer.Option(
        "--speed",
        "-s",
        metavar="1..max",
        help="How many times as fast as it happened; nights are shortened. `max`: as "
        "fast as the feed confirms.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EXAMPLES)(replay)


def replay(
    source: Annotated[
        str,
        typer.Argument(
            help="`retail` (the packaged sales), `grid` (the packaged hours of the "
            "German grid), a shop's or grid's .csv, or events as .jsonl; files also as "
            ".gz or .xz.",
            metavar="retail|grid|FILE",
        ),
    ],
    speed: SpeedOption = DEFAULT_SPEED,
    url: UrlOption = None,
    first: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="WEEK|DAY",
            help="The first to replay: of a shop's file a week such as 2011-W32, "
            "earlier ones being history for its plans; of a grid's hours a week or a "
            "day such as 2023-10-29.",
            show_default="all of it",
        ),
    ] = None,
    last: Annotated[
        str | None,
        typer.Option(
            "--until",
            metavar="WEEK|DAY",
            help="Of a grid's hours, the last week or day to replay.",
            show_default="all of it",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            help="What event ids of a shop's or grid's file begin with. A file with "
            "other figures than the packaged ones needs its own.",
            show_default="retail or grid",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Read all of it, say what it becomes, and send nothing."
        ),
    ] = False,
    from_start: Annotated[
        bool,
        typer.Option(
            "--from-start", help="Send all again; what the feed has counts once."
        ),
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """
    Play recorded sales, hours of a grid or events to a running feed, at any speed.

    Prints how many events were accepted, and how many refused and why; of a grid's
    hours also what they add up to, and what not planning cost. Ends with 1 if the feed
    refused any.
    """
    from pathlib import Path

    from parfeed import signals
    from parfeed.replay.counting import count
    from parfeed.replay.finding import find_source
    from parfeed.replay.grid_source import GridSource
    from parfeed.replay.pacing import parse_speed

    pace = parse_speed(speed)
    found = find_source(source, first, name, last)
    if dry_run:
        record: Record | None = count(found)
    else:
        settings = settings_from(config, data_dir)
        record = signals.run(
            _replay(
                found,
                feed_address(url, config),
                Path(settings.data_dir),
                pace,
                from_start,
            )
        )
    if record is None:
        print("Stopped; the same command goes on from here.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED)
    report = found.report() if isinstance(found, GridSource) else None
    _print(record, report, as_json=as_json, dry_run=dry_run)
    if record.refused or (found.refused_is_fault and record.dirt):
        raise typer.Exit(1)


async def _replay(
    source: "Source",
    url: str,
    data_dir: "Path",
    speed: float | None,
    from_start: bool,
) -> "Record":
    from rich.console import Console

    from parfeed.cli.replay_bar import shown_replay
    from parfeed.client.connection import connect
    from parfeed.replay import run

    console = Console(stderr=True, highlight=False)
    async with connect(
        url, client="parfeed replay", open_timeout=OPEN_TIMEOUT_S
    ) as feed:
        with shown_replay(console, source.total) as tell:
            path, record = await run.open_record(
                source, feed, data_dir, from_start=from_start
            )
            await run.replay(source, feed, path, record, speed=speed, tell=tell)
            return record


def _print(
    record: "Record", report: "GridReport | None", *, as_json: bool, dry_run: bool
) -> None:
    import msgspec

    from parfeed.cli.replay_report import figures, report_lines

    taken = "events" if dry_run else "accepted"
    if as_json:
        said = {
            taken: record.accepted,
            "refused": record.refused,
            "no_event": record.dirt,
            "examples": record.examples,
            "seconds": round(record.seconds, 3),
        }
        if report is not None:
            said["report"] = figures(report)
        print(msgspec.json.encode(said).decode())
        return
    print(f"{taken:<8}  {record.accepted:>12,}" + ("" if dry_run else "  events"))
    for title, counts in (("refused", record.refused), ("no event", record.dirt)):
        for reason, number in sorted(counts.items()):
            example = record.examples.get(reason, "")
            print(f"{title:<8}  {number:>12,}  {reason}  ({example})")
    if report is not None:
        print("\n".join(report_lines(report)))
