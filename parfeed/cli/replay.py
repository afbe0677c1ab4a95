"""`parfeed replay`: play recorded sales or events to a running feed."""

import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

from parfeed.cli.feed_options import UrlOption, feed_address
from parfeed.cli.options import ConfigOption, DataDirOption, JsonOption, settings_from

if TYPE_CHECKING:
    from pathlib import Path

    from parfeed.replay.record import Record
    from parfeed.replay.source import Source

DEFAULT_SPEED: Final = "1440"
"""A day in a minute: the packaged four weeks take some 10, nights being shortened."""

OPEN_TIMEOUT_S: Final = 15.0
"""For a feed that is just being started; one that is lost later is waited for."""

INTERRUPTED: Final = 130
"""Exit code after Ctrl-C, as shells have it."""

_EXAMPLES = """
Examples:

  parfeed replay retail                        the packaged sales, a day in a minute

  parfeed replay retail --speed max            as fast as the feed takes them

  parfeed replay online_retail.csv.gz --from 2011-W32

  parfeed replay events.jsonl --speed 60 --url ws://feed.example.org/

A second start goes on where the first one stopped. What the rows become: docs/retail.md
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
            help="`retail` (the packaged sales), a shop's .csv, or events as .jsonl; "
            "files also as .gz or .xz.",
            metavar="retail|FILE",
        ),
    ],
    speed: SpeedOption = DEFAULT_SPEED,
    url: UrlOption = None,
    first_week: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="WEEK",
            help="Of a shop's file, the first ISO week to replay, such as 2011-W32; "
            "earlier ones are history for its plans.",
            show_default="all of it",
        ),
    ] = None,
    name: Annotated[
        str,
        typer.Option(
            "--name",
            help="What event ids of a shop's file begin with. A file other than the "
            "Online Retail data set needs its own.",
        ),
    ] = "retail",
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
    Play recorded sales or events to a running feed, at any speed.

    Prints how many events were accepted, and how many refused and why. Ends with 1 if
    the feed refused any.
    """
    from pathlib import Path

    from parfeed import signals
    from parfeed.replay.pacing import parse_speed
    from parfeed.replay.source import find_source

    settings = settings_from(config, data_dir)
    pace = parse_speed(speed)
    found = find_source(source, first_week, name)
    address = feed_address(url, config)
    record = signals.run(
        _replay(found, address, Path(settings.data_dir), pace, from_start)
    )
    if record is None:
        print("Stopped; the same command goes on from here.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED)
    _print(record, as_json)
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


def _print(record: "Record", as_json: bool) -> None:
    import msgspec

    if as_json:
        print(
            msgspec.json.encode(
                {
                    "accepted": record.accepted,
                    "refused": record.refused,
                    "no_event": record.dirt,
                    "examples": record.examples,
                    "seconds": round(record.seconds, 3),
                }
            ).decode()
        )
        return
    print(f"accepted  {record.accepted:>12,}  events")
    for title, counts in (("refused", record.refused), ("no event", record.dirt)):
        for reason, count in sorted(counts.items()):
            example = record.examples.get(reason, "")
            print(f"{title:<8}  {count:>12,}  {reason}  ({example})")
