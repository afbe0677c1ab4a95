"""
Latency: from a publish on the websocket to the update in another client.

Real processes on one machine: Kafka, one worker, one feed server, a client that
publishes (clients/publisher.py) and one that is subscribed to everything
(clients/subscriber.py), both with the Python client as users have it.

- An event's latency begins just before it is handed to the publishing client and ends
  when the subscribed client yields the first update whose row contains it: the row's
  position has reached the offset that the ack gave (matching.py). Exact for every
  event, merged versions included. Nothing is sampled.
- Both clocks are the machine's monotonic one.
- The rate is kept by the publisher's clock, not by the answers: a stall counts for
  every event that it held up. A run that reached less than 98 % of its rate, or whose
  publisher was itself late, measures something else, and says so.
- The first seconds are left out: partitions are opened and code warms up.
"""

import asyncio
import logging
import time
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.delays import Latencies, LatencyResult, Plan, latencies, sum_up
from benchmarks.matching import Published, Seen, match
from benchmarks.purchases import Purchases
from benchmarks.stage import (
    Stage,
    answers,
    environ_of,
    failed,
    free_port,
    python,
    running,
    succeeded,
)
from benchmarks.usage import cores_of_others, cpu_between, sampled
from parfeed.process import ChildProcess
from schemas.settings import Settings

log = logging.getLogger(__name__)

DRAIN_S: Final = 2.0
"""How long after the last ack an event may still be seen."""

READY_LIMIT_S: Final = 60.0

_POLL_S: Final = 0.05


async def run(plan: Plan, stage: Stage) -> LatencyResult:
    """
    Run every rate in every round.

    Raises:
        BenchmarkFailed: if a process failed or events were lost.
    """
    runs: dict[str, list[Latencies]] = {str(rate): [] for rate in plan.rates}
    for _ in range(plan.rounds):
        for rate in plan.rates:
            found = await _run(rate, plan, stage)
            log.info("%d events/s: p99 %.1f ms", rate, found.update_ms["p99"])
            runs[str(rate)].append(found)
    return sum_up(plan, runs)


# Private


async def _run(rate: int, plan: Plan, stage: Stage) -> Latencies:
    async with stage.deployment(port=free_port()) as settings:
        environ = environ_of(settings)
        async with (
            running(
                stage.directory, "worker", python("-m", "streams"), environ
            ) as worker,
            running(
                stage.directory, "feed_server", python("-m", "feed_server"), environ
            ) as feed,
        ):
            await answers(settings, feed, READY_LIMIT_S)
            return await _publish(rate, plan, stage, settings, worker, feed)


async def _publish(
    rate: int,
    plan: Plan,
    stage: Stage,
    settings: Settings,
    worker: ChildProcess,
    feed: ChildProcess,
) -> Latencies:
    url = f"ws://{settings.host}:{settings.port}"
    sent_file = stage.directory / f"{settings.topic_prefix}.published"
    seen_file = stage.directory / f"{settings.topic_prefix}.seen"
    watching = python("-m", "benchmarks.clients.subscriber", url, str(seen_file))
    publishing = python(
        *("-m", "benchmarks.clients.publisher", url, str(rate)),
        *(str(plan.warm_up_s + plan.seconds), plan.draw, str(sent_file)),
    )
    async with running(stage.directory, "subscriber", watching) as subscriber:
        await _exists(Path(f"{seen_file}.ready"), subscriber)
        async with running(stage.directory, "publisher", publishing) as publisher:
            pids = {
                "worker": worker.pid,
                "feed_server": feed.pid,
                "publisher": publisher.pid,
                "subscriber": subscriber.pid,
            }
            if stage.broker_pid is not None:
                pids["kafka"] = stage.broker_pid
            async with sampled(list(pids.values())) as samples:
                await succeeded(publisher)
        await asyncio.sleep(DRAIN_S)
    # Stopped by SIGTERM, at which it writes.
    await succeeded(subscriber)
    published = msgspec.msgpack.decode(sent_file.read_bytes(), type=Published)
    seen = msgspec.msgpack.decode(seen_file.read_bytes(), type=Seen)
    begin_ns = published.sent_ns[0] + int(plan.warm_up_s * 1e9)
    end_ns = begin_ns + int(plan.seconds * 1e9)
    # From the monotonic clock to that of the samples.
    shift_s = time.time() - time.monotonic()
    begin_s, end_s = begin_ns / 1e9 + shift_s, end_ns / 1e9 + shift_s - 0.5
    cores = {
        name: cpu_between(samples[pid], begin_s, end_s) / (end_s - begin_s)
        for name, pid in pids.items()
    }
    matched = match(published, seen, Purchases(plan.draw).product_ids, begin_ns, end_ns)
    others = cores_of_others(samples, begin_s, end_s)
    return latencies(matched, published, seen, rate, (begin_ns, end_ns), cores, others)


async def _exists(path: Path, writer: ChildProcess) -> None:
    deadline = time.monotonic() + READY_LIMIT_S
    while not await asyncio.to_thread(path.exists):
        if writer.exit_code is not None or time.monotonic() > deadline:
            raise failed(writer)
        await asyncio.sleep(_POLL_S)
