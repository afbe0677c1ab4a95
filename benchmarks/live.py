"""
Live: 6,000 councils plan through Kafka, worker, board and feed, until prices stand.

`parfeed plan --live --json` on the packaged economy, as a user gives it: a deployment
of its own, all bidders over one connection, 79,491 events a round. What counts begins
when the opening is handed in and ends when the rows hold the answers of the round in
which every product is within 3 %; the start of the processes is told apart. What each
stage is: parfeed/economy/live.py. CPU time is that of each process from its start to
its end, sampled while it runs: it tells who would be the first to want another core.
"""

import asyncio
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import psutil  # type: ignore[import-untyped]  # it ships no types

from benchmarks.figures import Spread
from benchmarks.footprint import ROLES, role_of
from benchmarks.report import Table, number, spread, worded
from benchmarks.stage import BenchmarkFailed, environ_of, failed, python, running
from parfeed import kafka_jars
from parfeed.process import ChildProcess

log = logging.getLogger(__name__)

SAMPLE_EVERY_S: Final = 0.1
LIMIT_S: Final = 300.0
"""Of one run; some 15 s are usual."""

CLOSE_PERCENT: Final = 3.0
"""What the target is about: every product closer to clearing than that."""

STAGES: Final = ("answer_s", "publish_s", "fold_s", "board_s")
COUNCILS: Final = "councils"
"""The role of the command itself, which answers for all of them."""


class LiveRound(msgspec.Struct, frozen=True, kw_only=True):
    """Of a round, what is measured; see parfeed/economy/live.py."""

    round: int
    events: int
    answer_s: float
    publish_s: float
    fold_s: float
    board_s: float
    ended_s: float
    worst_percent: float


class LiveRun(msgspec.Struct, frozen=True, kw_only=True):
    """
    One run.

    Attributes:
        start_s: of the deployment; counts for nobody.
        close_s: from the opening to the first round within 3 %, its answers in the
            rows.
        planned_s: from the opening to the planned prices.
        rounds: as they came.
        cpu_s: by role.
    """

    start_s: float
    close_s: float
    planned_s: float
    rounds: list[LiveRound]
    cpu_s: dict[str, float]


class LiveResult(msgspec.Struct, frozen=True, kw_only=True):
    """
    All runs, and the spreads of what counts.

    Attributes:
        stages: by stage, of all rounds of all runs.
        cpu_s: by role.
    """

    runs: list[LiveRun]
    start_s: Spread
    close_s: Spread
    planned_s: Spread
    stages: dict[str, Spread]
    cpu_s: dict[str, Spread]


class _Live(msgspec.Struct):
    start_s: float
    seconds: float
    rounds: list[LiveRound]


class _Said(msgspec.Struct):
    # What of the command's line of JSON is used.
    live: _Live


async def run(rounds: int) -> LiveResult:
    """
    Plan several times, each with a deployment of its own.

    Raises:
        BenchmarkFailed: if prices do not come to stand within 3 %.
    """
    await asyncio.to_thread(kafka_jars.resolve)
    runs = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="parfeed-benchmark-") as directory:
            runs.append(await _plan(Path(directory)))
        log.info("within 3 %% after %.1f s", runs[-1].close_s)
    return result_of(runs)


def result_of(runs: list[LiveRun]) -> LiveResult:
    """Sum the runs up."""
    return LiveResult(
        runs=runs,
        start_s=Spread.of([run.start_s for run in runs]),
        close_s=Spread.of([run.close_s for run in runs]),
        planned_s=Spread.of([run.planned_s for run in runs]),
        stages={
            stage: Spread.of(
                [getattr(round_, stage) for run in runs for round_ in run.rounds]
            )
            for stage in STAGES
        },
        cpu_s={
            role: Spread.of([run.cpu_s.get(role, 0.0) for run in runs])
            for role in (*ROLES, COUNCILS)
        },
    )


def run_of(line: bytes, cpu_s: dict[str, float]) -> LiveRun:
    """
    Make a run of what the command said.

    Args:
        line: of JSON.
        cpu_s: by role.

    Raises:
        BenchmarkFailed: if no round was within 3 %.
    """
    live = msgspec.json.decode(line, type=_Said).live
    close = [each for each in live.rounds if each.worst_percent < CLOSE_PERCENT]
    if not close:
        raise BenchmarkFailed(
            f"no round was within {CLOSE_PERCENT:g} %; the last was off by "
            f"{live.rounds[-1].worst_percent:.2f} %"
        )
    return LiveRun(
        start_s=live.start_s,
        close_s=close[0].ended_s,
        planned_s=live.seconds,
        rounds=live.rounds,
        cpu_s=cpu_s,
    )


async def _plan(directory: Path) -> LiveRun:
    command = python("-m", "parfeed", "plan", "--live", "--json")
    async with running(directory, "plan", command, environ_of()) as plan:
        cpu_s = await _watch(plan)
        if plan.exit_code != 0:
            raise failed(plan)
        lines = plan.log.read_bytes().splitlines()
    return run_of(next(one for one in reversed(lines) if one.startswith(b"{")), cpu_s)


async def _watch(plan: ChildProcess) -> dict[str, float]:
    # By process, since one that was started again has a time of its own.
    used: dict[tuple[str, int], float] = {}
    ending = asyncio.create_task(plan.wait())
    try:
        async with asyncio.timeout(LIMIT_S):
            while not ending.done():
                used |= await asyncio.to_thread(_cpu_times, plan.pid)
                await asyncio.wait({ending}, timeout=SAMPLE_EVERY_S)
    except TimeoutError as exc:
        raise failed(plan) from exc
    finally:
        ending.cancel()
        await asyncio.gather(ending, return_exceptions=True)
    by_role: dict[str, float] = {}
    for (role, _), seconds in used.items():
        by_role[role] = by_role.get(role, 0.0) + seconds
    return by_role


def _cpu_times(pid: int) -> dict[tuple[str, int], float]:
    found: dict[tuple[str, int], float] = {}
    try:
        main = psutil.Process(pid)
        processes = [main, *main.children(recursive=True)]
    except psutil.NoSuchProcess:
        return found
    for process in processes:
        try:
            times = process.cpu_times()
            is_main = _is_command(process.cmdline())
            role = COUNCILS if is_main else role_of(process.cmdline())
        except psutil.Error:
            continue  # it has ended since
        if role is not None:
            found[role, process.pid] = times.user + times.system
    return found


def _is_command(command: Sequence[str]) -> bool:
    # Itself, not the watchdog that has the same words.
    return list(command[1:4]) == ["-m", "parfeed", "plan"]


def tables(result: LiveResult) -> list[Table]:
    """Return the runs as tables."""
    seconds = number("{:.2f} s")
    rounds = max(len(run.rounds) for run in result.runs)
    events = result.runs[0].rounds[0].events
    totals = Table(
        title=f"6,000 councils, {events:,} events a round",
        head=("", "time"),
        rows=[
            (
                "from the opening until all is within 3 %",
                spread(result.close_s, seconds),
            ),
            ("until the planned prices stand", spread(result.planned_s, seconds)),
            ("before it: the deployment's start", spread(result.start_s, seconds)),
        ],
        notes=[f"In {rounds} rounds at most."],
    )
    stages = Table(
        title="a round, stage by stage",
        head=("", "time"),
        rows=[
            (worded(stage.removesuffix("_s")), spread(result.stages[stage], seconds))
            for stage in STAGES
        ],
    )
    cpu = Table(
        title="CPU time of a run, start and end included",
        head=("", "time"),
        rows=[(worded(role), spread(of, seconds)) for role, of in result.cpu_s.items()],
    )
    return [totals, stages, cpu]
