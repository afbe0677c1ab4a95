"""`parfeed demo`: a whole deployment with real sales, in one command."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from parfeed.cli.options import (
    ConfigOption,
    DataDirOption,
    PortOption,
    WorkersOption,
    settings_from,
)
from parfeed.cli.replay import DEFAULT_SPEED, INTERRUPTED, SpeedOption

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from parfeed.demo.totals import Totals
    from parfeed.sources.grid_report import GridReport
    from parfeed.supervisor import Supervisor
    from schemas.settings import Settings

FOLDER: Final = "demo"
"""In the data directory: what the demo shows never mixes with what `up` serves."""

Data = Literal["retail", "grid"]

_EXAMPLES = """
Examples:

  parfeed demo                              real sales on a live table

  parfeed demo --speed 10000

  parfeed demo --data grid                  the hours of a power grid, planned and real

  parfeed demo --speed max --exit --json    all of it, then one line that adds it up

A second start finds its data again and goes on. While it runs, look at it from another
terminal: parfeed watch
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EXAMPLES)(demo)


def demo(
    data: Annotated[
        Data,
        typer.Option(
            "--data",
            help="`retail`: an online shop's sales. `grid`: the German power grid.",
        ),
    ] = "retail",
    speed: SpeedOption = DEFAULT_SPEED,
    exit_: Annotated[
        bool, typer.Option("--exit", help="End when all is replayed and shown.")
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print what it adds up to as one line of JSON."),
    ] = False,
    data_dir: DataDirOption = None,
    port: PortOption = None,
    workers: WorkersOption = None,
    config: ConfigOption = None,
) -> None:
    """
    Start everything, replay real sales, and show them on a live table.

    Four weeks of an online shop's sales; plans and bids are derived from the four weeks
    before (docs/retail.md). The first week is planned before it is traded: rounds of
    prices, councils, the gate. Or 24 weeks of a power grid, hour by hour, with what was
    planned the day before (docs/grid.md). Ctrl-C stops all of it.
    """
    from pathlib import Path

    from parfeed import signals
    from parfeed.cli.logs import log_to
    from parfeed.replay.pacing import parse_speed

    pace = parse_speed(speed)
    settings = _settings(data, config, data_dir, port, workers)
    log_to(Path(settings.data_dir) / "logs" / "demo.log", settings.log_level)
    totals = signals.run(_demo(data, settings, pace, ends=exit_, as_json=as_json))
    if totals is None and exit_:
        print("Stopped; the same command goes on from here.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED)


def _settings(
    data: Data,
    config: "Path | None",
    data_dir: "Path | None",
    port: int | None,
    workers: int | None,
) -> "Settings":
    from pathlib import Path

    import msgspec

    settings = settings_from(config, data_dir, port=port, workers=workers)
    # One log has periods of one length, so each demo has its own.
    folder = FOLDER if data == "retail" else f"{FOLDER}-{data}"
    period = "week" if data == "retail" else "hour"
    settings = msgspec.structs.replace(settings, period=period)
    if data_dir is None:
        own = Path(settings.data_dir) / folder
        settings = msgspec.structs.replace(settings, data_dir=str(own))
    if settings.broker:
        # A Kafka of somebody's own: its topics stay as they are.
        prefix = f"{settings.topic_prefix}-{folder}"
        settings = msgspec.structs.replace(settings, topic_prefix=prefix)
    return settings


async def _demo(
    data: Data,
    settings: "Settings",
    speed: float | None,
    *,
    ends: bool,
    as_json: bool,
) -> "Totals":
    from rich.console import Console

    from parfeed.cli.progress import shown_progress
    from parfeed.cli.supervised import unless_it_fails
    from parfeed.supervisor import Supervisor

    # What is to be read by programs alone goes to the standard output.
    console = Console(stderr=True, highlight=False)
    supervisor = Supervisor(settings, on_notice=lambda text: console.print(text))
    try:
        with shown_progress(console) as show:
            supervisor.on_progress = show
            await supervisor.start()
        console.print(f"The feed is at [bold]{supervisor.url}[/bold]")
        console.print(f"Its data and logs are in {settings.data_dir}")
        return await unless_it_fails(
            supervisor,
            _show(supervisor, data, speed, console, ends=ends, as_json=as_json),
        )
    except asyncio.CancelledError:
        console.print("Stopping...")
        raise
    finally:
        await supervisor.stop()


async def _show(
    supervisor: "Supervisor",
    data: Data,
    speed: float | None,
    console: "Console",
    *,
    ends: bool,
    as_json: bool,
) -> "Totals":
    from pathlib import Path

    from parfeed.cli.demo_screen import DERIVED, GRID, shown_demo
    from parfeed.client.connection import connect
    from parfeed.demo.replaying import replay_and_add_up
    from parfeed.demo.run import run_demo
    from parfeed.replay.grid_source import GridSource, grid_sample_source
    from parfeed.replay.source import planned_sample_source

    source = planned_sample_source() if data == "retail" else grid_sample_source()
    said = DERIVED if data == "retail" else GRID
    report = None
    async with (
        connect(supervisor.url, client="parfeed demo") as feed,
        shown_demo(feed, source.total, console, said) as shown,
    ):
        supervisor.on_notice = shown.notice
        settings = supervisor.settings
        data_dir = Path(settings.data_dir)
        if isinstance(source, GridSource):
            totals = await replay_and_add_up(
                source,
                feed,
                shown.rows,
                settings=settings,
                data_dir=data_dir,
                speed=speed,
                tell=shown.tell,
            )
            # Half a second of the one core: the screen goes on meanwhile.
            report = await asyncio.to_thread(source.report)
        else:
            totals = await run_demo(
                source,
                feed,
                shown.rows,
                settings=settings,
                data_dir=data_dir,
                speed=speed,
                tell=shown.tell,
                tell_planning=shown.tell_planning,
                planned=shown.planned,
            )
        if as_json:
            _print_json(totals, report)
        if not ends:
            await shown.closed()
    if not as_json:
        _print(totals, report, console)
    return totals


def _print_json(totals: "Totals", report: "GridReport | None") -> None:
    import msgspec

    from parfeed.cli.replay_report import figures

    said = msgspec.to_builtins(totals)
    if report is not None:
        said["report"] = figures(report)
    print(msgspec.json.encode(said).decode(), flush=True)


def _print(totals: "Totals", report: "GridReport | None", console: "Console") -> None:
    from parfeed.cli.replay_report import report_lines

    console.print(
        f"{totals.events:,} events in {totals.seconds:,.1f} s: {totals.folded:,} in "
        f"the rows of {totals.products:,} products, "
        f"{sum(totals.rejected.values()):,} refused"
    )
    for reason, count in totals.rejected.items():
        console.print(f"  {count:>8,}  {reason}")
    console.print(
        f"bought {totals.purchased_quantity} units for {totals.purchased_value}; "
        f"{totals.cancelled_quantity} were given back"
    )
    if report is not None:
        for line in report_lines(report):
            console.print(line, highlight=False, soft_wrap=True)
