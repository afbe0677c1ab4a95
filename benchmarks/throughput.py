"""
Throughput: events/s of one worker, beside a ceiling and Kafka Streams.

Who runs, each as one process and alone on the machine with Kafka:

- `worker`: `python -m streams` as it is, transactions on.
- `ceiling`: aiokafka and msgspec, only decoding and adding (peers/ceiling.py).
- `kafka_streams` and `kafka_streams_exactly_once`: peers/KafkaStreamsPeer.java with
  one stream thread, memory store and caching as it comes, `at_least_once` and
  `exactly_once_v2`. The second is the like of ours, which is exact.

How it is measured, by one rule for all:

- The topic is full before anybody starts. All of a round read the same records.
- An event is done when it is committed: its row is written and final. Commits are
  read from Kafka's own log of them (commits.py), by the broker's clock, so no reader
  of rows takes CPU from what it measures, and nothing that was not final counts. The
  ceiling commits nothing; it tells after every fetch how far it is.
- The rate is that between the first commit after the warm-up and the last one before
  the end: start-up, a JVM's compiling and waiting for the last commit count for
  nobody. Between two commits lie whole intervals, so what committing costs is in it.
- Everybody commits once a second, the worker's default (Kafka Streams' own defaults
  are 30 s and, exactly once, 0.1 s: rows would come that seldom or that often).
- Afterwards the rows are read: a run whose sums are not exact is an error.
- Rounds are interleaved and each begins with another process, so that a machine that
  slows down slows all. Figures are medians, ratios those of each round.
"""

import asyncio
import logging
from collections.abc import Coroutine, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from benchmarks.commits import CommitLog, Point, follow, progress, window
from benchmarks.exactness import check_rows
from benchmarks.peers.ceiling import Ceiling
from benchmarks.peers.kafka_streams import (
    KafkaStreamsPeer,
    PeerUnavailable,
    changelog,
    prepare,
)
from benchmarks.purchases import DRAWS, Draw, Purchases, Totals
from benchmarks.rates import WORKER, Rates, Run, sum_up
from benchmarks.stage import (
    BenchmarkFailed,
    Stage,
    environ_of,
    failed,
    load,
    python,
    running,
    succeeded,
)
from benchmarks.usage import Sample, cores_of_others, cpu_between, sampled
from parfeed.errors import last_lines
from parfeed.process import ChildProcess
from schemas.settings import Settings
from schemas.topics import MARKET, PURCHASES, full_name

log = logging.getLogger(__name__)

CEILING: Final = "ceiling"
KAFKA_STREAMS: Final = "kafka_streams"
KAFKA_STREAMS_EXACT: Final = "kafka_streams_exactly_once"

GUARANTEES: Final = {
    KAFKA_STREAMS: "at_least_once",
    KAFKA_STREAMS_EXACT: "exactly_once_v2",
}

BEGIN: Final = datetime(2026, 1, 5, 8, tzinfo=UTC)
"""When the events happened; in the past, since a worker refuses the future."""

EVENTS_PER_S: Final = 20_000
"""How fast event time moves: it decides how many slices of windows a batch touches."""

START_LIMIT_S: Final = 60.0
LEAST_EVENTS_PER_S: Final = 10_000
"""A run that takes longer than to start and to do this much has got stuck."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """
    What to run.

    Attributes:
        events: in the topic.
        warm_up: how many of them nobody is measured on. A JVM compiles for ten seconds
            of work and then runs twice as fast: with less, Kafka Streams would look
            slower than it is.
        rounds: how often all run.
        draws: how products are drawn, one after another.
        only: who runs; the worker always does.
        commit_interval_s: of all that commit.
    """

    events: int = 1_600_000
    warm_up: int = 800_000
    rounds: int = 5
    draws: tuple[Draw, ...] = DRAWS
    only: tuple[str, ...] = (WORKER, CEILING, KAFKA_STREAMS, KAFKA_STREAMS_EXACT)
    commit_interval_s: float = 1.0


class ThroughputResult(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        left_out: why a peer did not run, by its name.
        draws: results by how products were drawn.
    """

    plan: Plan
    left_out: dict[str, str]
    draws: dict[str, Rates]


async def run(plan: Plan, stage: Stage) -> ThroughputResult:
    """
    Run all rounds.

    Raises:
        BenchmarkFailed: if a run fails, is inexact or too short to be measured.
    """
    left_out: dict[str, str] = {}
    peer = None
    if any(name in GUARANTEES for name in plan.only):
        try:
            peer = await prepare(stage.directory)
        except PeerUnavailable as exc:
            left_out = {name: str(exc) for name in GUARANTEES if name in plan.only}
    names = [name for name in plan.only if name not in left_out]
    draws: dict[str, Rates] = {}
    async with follow(stage.bootstrap) as commits:
        bench = _Bench(plan, stage, commits, peer)
        for draw in plan.draws:
            runs: dict[str, list[Run]] = {name: [] for name in names}
            event_bytes = 0.0
            for number in range(plan.rounds):
                turn = number % len(names)
                event_bytes = await bench.round(draw, names[turn:] + names[:turn], runs)
            draws[draw] = sum_up(event_bytes, runs, tuple(left_out))
    return ThroughputResult(plan=plan, left_out=left_out, draws=draws)


class _Bench:
    # The rounds of one command.

    def __init__(
        self,
        plan: Plan,
        stage: Stage,
        commits: CommitLog,
        peer: KafkaStreamsPeer | None,
    ) -> None:
        self._plan = plan
        self._stage = stage
        self._commits = commits
        self._peer = peer

    async def round(
        self, draw: Draw, names: Sequence[str], runs: dict[str, list[Run]]
    ) -> float:
        # Everybody once, on one topic. Returns the mean length of an event.
        purchases = Purchases(draw)
        length = 0

        def counted() -> Iterator[tuple[int, bytes]]:
            nonlocal length
            for number, event in purchases.take(self._plan.events, BEGIN, EVENTS_PER_S):
                length += len(event)
                yield number, event

        async with self._stage.deployment(
            commit_interval_s=self._plan.commit_interval_s
        ) as settings:
            await load(settings, purchases.product_ids, counted())
            for name in names:
                ran = await self._run(name, settings, purchases.totals)
                log.info("%s, %s: %.0f events/s", draw, name, ran.events_per_s)
                runs[name].append(ran)
        return length / self._plan.events

    async def _run(self, name: str, settings: Settings, totals: Totals) -> Run:
        if name == CEILING:
            return await self._run_ceiling(settings, totals)
        topic = full_name(settings.topic_prefix, PURCHASES)
        if name == WORKER:
            group = f"{settings.topic_prefix}.workers"
            rows = full_name(settings.topic_prefix, MARKET)
            command, environ = python("-m", "streams"), environ_of(settings)
        else:
            if self._peer is None:
                raise AssertionError(f"{name} was not prepared")
            group = f"{settings.topic_prefix}.{name}"
            rows = changelog(group)
            command = self._peer.command(
                settings.broker,
                group,
                topic,
                GUARANTEES[name],
                settings.commit_interval_s,
            )
            environ = environ_of()
        async with (
            running(self._stage.directory, name, command, environ) as process,
            sampled(self._watched(process)) as samples,
        ):
            await self._until(
                name, process, self._commits.reached(topic, group, totals.events)
            )
        points = progress(self._commits.of(topic, group), settings.commit_interval_s)
        measured = self._measure(name, process.pid, points, samples)
        written = await check_rows(name, rows, settings, totals)
        return msgspec.structs.replace(measured, events_per_row=totals.events / written)

    async def _run_ceiling(self, settings: Settings, totals: Totals) -> Run:
        output = self._stage.directory / f"{settings.topic_prefix}.ceiling.json"
        command = python(
            *("-m", "benchmarks.peers.ceiling", settings.broker),
            full_name(settings.topic_prefix, PURCHASES),
            *(str(settings.partitions), str(totals.events), str(output)),
        )
        async with (
            running(self._stage.directory, CEILING, command) as process,
            sampled(self._watched(process)) as samples,
        ):
            await self._until(CEILING, process, succeeded(process))
        found = msgspec.json.decode(output.read_bytes(), type=Ceiling)
        points = [Point(*point) for point in found.points]
        measured = self._measure(CEILING, process.pid, points, samples)
        units = totals.planned_quantity + totals.unplanned_quantity
        paid = totals.planned_value + totals.unplanned_value
        if (found.quantity, found.value) != (units, paid):
            raise BenchmarkFailed(
                f"the ceiling added up {found.quantity} units for {found.value}, it "
                f"must be {units} for {paid}"
            )
        return measured

    def _watched(self, process: ChildProcess) -> list[int]:
        broker = self._stage.broker_pid
        return [process.pid] if broker is None else [process.pid, broker]

    async def _until(
        self, name: str, process: ChildProcess, done: Coroutine[None, None, None]
    ) -> None:
        # Until it is done, or has died, or takes too long.
        limit_s = START_LIMIT_S + self._plan.events / LEAST_EVENTS_PER_S
        doing = asyncio.ensure_future(done)
        dying = asyncio.ensure_future(process.wait())
        try:
            await asyncio.wait(
                {doing, dying},
                timeout=limit_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if doing.done():
                doing.result()
                return
            if dying.done():
                raise failed(process)
            raise BenchmarkFailed(
                f"{name} was not done within {limit_s:.0f} s; the end of its log:\n"
                f"{last_lines(process.log)}"
            )
        finally:
            doing.cancel()
            dying.cancel()
            await asyncio.gather(doing, dying, return_exceptions=True)

    def _measure(
        self,
        name: str,
        pid: int,
        points: Sequence[Point],
        samples: dict[int, list[Sample]],
    ) -> Run:
        plan = self._plan
        found = window(points, plan.warm_up, plan.events)
        if found is None:
            raise BenchmarkFailed(
                f"{name} was too fast to be measured: fewer than two commits between "
                f"{plan.warm_up} and {plan.events} events, there were "
                f"{[point.events for point in points]}; raise --events"
            )
        begin, end = found
        events = end.events - begin.events
        used = {
            watched: cpu_between(of_one, begin.at_s, end.at_s) / events * 1_000_000
            for watched, of_one in samples.items()
        }
        broker = self._stage.broker_pid
        return Run(
            events_per_s=events / (end.at_s - begin.at_s),
            measured_events=events,
            measured_s=end.at_s - begin.at_s,
            cpu_us_per_event=used[pid],
            broker_cpu_us_per_event=None if broker is None else used[broker],
            others_cores=cores_of_others(samples, begin.at_s, end.at_s),
            points=[(point.at_s - points[0].at_s, point.events) for point in points],
        )
