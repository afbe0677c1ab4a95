"""
`parfeed plan --live`: the bidders of an economy plan through a running deployment.

Without `--url` a deployment of its own is started, with its data in a temporary
directory that is gone afterwards; what its start took is said, and counts for nobody.

The contract for programs: the line of `parfeed plan --json`, with `live` beside:
`{"events": n, "start_s": s, "seconds": s, "rounds": [{"round": n, "events": n,
"answer_s": s, "publish_s": s, "fold_s": s, "board_s": s, "ended_s": s,
"worst_percent": v, "forecast_percent": v, "prices": [...], "supply": [...],
"demand": [...], ...}], "planned_prices": [...]}`.
"""

import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import msgspec
import typer
from rich.console import Console

from parfeed import signals
from parfeed.cli.logs import log_to
from parfeed.cli.plan_live_table import shown_live
from parfeed.cli.progress import shown_progress
from parfeed.cli.replay import INTERRUPTED, OPEN_TIMEOUT_S
from parfeed.cli.supervised import unless_it_fails
from parfeed.client.connection import connect
from parfeed.economy.council_tree import council_tree
from parfeed.economy.live import Asked, Planned, plan_live
from parfeed.economy.playing import rounds_to
from parfeed.supervisor import Supervisor
from schemas.agenda import CouncilFormed
from schemas.settings import Settings
from schemas.values import Period

if TYPE_CHECKING:
    from parfeed.economy.economy import Bidders

PUBLISH_PER_S: Final = 1_000_000
"""Events per second that the deployment of our own takes from one client: all bidders
come over one connection here, and its bound is meant for single ones."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the command was given.

    Attributes:
        url: of a running deployment; None for one of its own.
        period: to plan; None for next week.
        workers: of the deployment of its own.
        councils: whether consumers have a tree of councils.
        tolerance_percent, quiet_s, max_rounds: see `Asked`.
    """

    url: str | None
    period: str | None
    workers: int
    councils: bool
    tolerance_percent: float
    quiet_s: float
    max_rounds: int


def run(
    bidders: "Bidders", options: Options, levels: tuple[int, ...], *, as_json: bool
) -> None:
    """
    Plan live, and print what came.

    Args:
        bidders: who answer.
        options: what the command was given.
        levels: in percent, what is told of.
        as_json: whether one line of JSON is the answer.

    Raises:
        LiveFailed: if prices do not stand in the end.
        ParfeedError: if the deployment cannot be started, or the feed is gone.
    """
    console = Console(stderr=as_json, highlight=False)
    found = signals.run(_planned(bidders, options, console))
    if found is None:
        print("Stopped.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED)
    start_s, planned = found
    if as_json:
        typer.echo(_as_json(planned, start_s, levels))
        return
    last = planned.rounds[-1]
    console.print(
        f"Prices stand after {last.round} rounds and {planned.seconds:.2f} s; "
        f"the worst imbalance is {last.worst_percent:.2f} %, known after "
        f"{last.ended_s:.2f} s. {planned.events:,} events."
    )


def _as_json(planned: Planned, start_s: float, levels: tuple[int, ...]) -> bytes:
    worst = [each.worst_percent for each in planned.rounds]
    return msgspec.json.encode(
        {
            "rounds_to": {str(level): rounds_to(worst, level) for level in levels},
            "worst_percent": worst,
            "seconds": planned.seconds,
            "live": {
                "start_s": round(start_s, 4),
                **msgspec.structs.asdict(planned),
            },
        }
    )


async def _planned(
    bidders: "Bidders", options: Options, console: Console
) -> tuple[float, Planned]:
    # Another run is another series of events, whatever the feed remembers.
    run_id = f"live-{uuid4().hex[:12]}"
    tree, council_of = _councils(bidders, run_id) if options.councils else ((), ())
    asked = Asked(
        run=run_id,
        period=Period(options.period or next_week(datetime.now(UTC))),
        tolerance_percent=options.tolerance_percent,
        quiet_s=options.quiet_s,
        max_rounds=options.max_rounds,
        councils=tree,
        council_of=council_of,
    )
    began_s = time.perf_counter()
    async with (
        _deployment(options, console) as (url, supervisor),
        connect(url, client="parfeed plan", open_timeout=OPEN_TIMEOUT_S) as feed,
    ):
        start_s = time.perf_counter() - began_s
        if supervisor is not None:
            console.print(
                f"A deployment of its own is up after {start_s:.1f} s; it plans "
                f"{asked.period} and is gone afterwards."
            )
        with shown_live(console, len(bidders.names)) as (doing, came):
            planned = await unless_it_fails(
                supervisor, plan_live(feed, bidders, asked, doing=doing, came=came)
            )
    return start_s, planned


def _councils(
    bidders: "Bidders", run_id: str
) -> tuple[tuple[CouncilFormed, ...], tuple[str, ...]]:
    consumer = bidders.answer(bidders.start_prices).plans.consumer
    return council_tree(run_id, int(consumer.max(initial=-1)) + 1, datetime.now(UTC))


@asynccontextmanager
async def _deployment(
    options: Options, console: Console
) -> AsyncIterator[tuple[str, Supervisor | None]]:
    if options.url is not None:
        yield options.url, None
        return
    with tempfile.TemporaryDirectory(prefix="parfeed-plan-") as folder:
        log_to(Path(folder) / "logs" / "plan.log", "INFO")
        supervisor = Supervisor(
            Settings(
                data_dir=folder,
                port=_free_port(),
                workers=options.workers,
                publish_per_s=PUBLISH_PER_S,
            ),
            on_notice=console.print,
        )
        try:
            with shown_progress(Console(stderr=True)) as show:
                supervisor.on_progress = show
                await supervisor.start()
            yield supervisor.url, supervisor
        finally:
            await supervisor.stop()


def next_week(now: datetime) -> str:
    """Return the ISO week after that of a moment."""
    year, week, _ = (now + timedelta(weeks=1)).isocalendar()
    return f"{year}-W{week:02}"


def _free_port() -> int:
    # Nobody else needs to know it, so any will do.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
