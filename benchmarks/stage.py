"""
Where a benchmark runs: a Kafka, a deployment of its own, and events in its topics.

A Kafka is the embedded one in a temporary directory, or the one that `--broker`
names. Each run has its own topic prefix, so no run finds anything of another's; its
topics are deleted after it, so that a long benchmark fits a small disk.
"""

import asyncio
import os
import socket
import sys
import tempfile
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.partitioner import murmur2

from parfeed.broker import EmbeddedBroker
from parfeed.deployment import set_up
from parfeed.errors import last_lines
from parfeed.ports import http_status
from parfeed.process import ChildProcess
from schemas.settings import PREFIX, Settings, to_environ
from schemas.topics import PURCHASES, full_name

TOPIC_PREFIX: Final = "benchmark"

_BATCH_BYTES: Final = 512 * 1024
# Of one Kafka batch: some 2,000 events; brokers take 1 MiB unless told otherwise.

_UNDER_WAY: Final = 8
# Batches sent and not confirmed: 4 MiB, after which loading waits for the oldest.

_STOP_LIMIT_S: Final = 10.0

_POLL_S: Final = 0.02


class BenchmarkFailed(Exception):
    """A run that measures nothing; the text says why, and what to do."""


class Stage:
    """
    A Kafka to run on; made by `open_stage`.

    Attributes:
        bootstrap: host:port of Kafka.
        broker_pid: of an embedded broker; None of a Kafka elsewhere.
        directory: for logs and compiled peers; gone afterwards.
    """

    def __init__(self, bootstrap: str, broker_pid: int | None, directory: Path) -> None:
        self.bootstrap = bootstrap
        self.broker_pid = broker_pid
        self.directory = directory

    @asynccontextmanager
    async def deployment(self, **changed: Any) -> AsyncIterator[Settings]:
        """
        Set up a deployment of the run's own, and delete its topics afterwards.

        Args:
            changed: settings that differ from the defaults.
        """
        prefix = f"{TOPIC_PREFIX}-{uuid.uuid4().hex[:10]}"
        settings = Settings(
            broker=self.bootstrap,
            topic_prefix=prefix,
            data_dir=str(self.directory / prefix),
            **changed,
        )
        await set_up(self.bootstrap, settings)
        try:
            yield settings
        finally:
            await self._delete_topics(prefix)

    async def _delete_topics(self, prefix: str) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            ours = [name for name in await admin.list_topics() if prefix in name]
            await admin.delete_topics(ours)
        finally:
            await admin.close()


@asynccontextmanager
async def open_stage(bootstrap: str | None) -> AsyncIterator[Stage]:
    """
    Open a stage on a Kafka.

    Args:
        bootstrap: host:port of the Kafka to use; None for an embedded one.
    """
    with tempfile.TemporaryDirectory(prefix="parfeed-benchmark-") as name:
        directory = Path(name)
        if bootstrap is not None:
            yield Stage(bootstrap, None, directory)
            return
        broker = EmbeddedBroker(directory)
        await broker.start()
        try:
            yield Stage(broker.bootstrap, broker.pid, directory)
        finally:
            await broker.stop()


@asynccontextmanager
async def running(
    directory: Path,
    name: str,
    command: Sequence[str],
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator[ChildProcess]:
    """
    Run a process until the block ends.

    Args:
        directory: for its log.
        name: of its log.
        command: and its arguments; see `python`.
        environ: the whole environment; without settings if None.
    """
    process = await ChildProcess.start(
        list(command),
        log=directory / "logs" / f"{name}-{uuid.uuid4().hex[:6]}.log",
        environ=environ_of() if environ is None else environ,
    )
    try:
        yield process
    finally:
        await process.stop(_STOP_LIMIT_S)


def environ_of(settings: Settings | None = None) -> dict[str, str]:
    """Return our environment with these settings, and none of the caller's own."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(PREFIX)
    }
    return clean if settings is None else {**clean, **to_environ(settings)}


def python(*arguments: str) -> list[str]:
    """Return the command that runs this Python with these arguments."""
    return [sys.executable, *arguments]


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        port: int = probing.getsockname()[1]
    return port


async def answers(settings: Settings, process: ChildProcess, within_s: float) -> None:
    """
    Wait until the feed server of these settings is ready.

    Args:
        settings: with its host and port.
        process: that it is, or that starts it.
        within_s: how long that may take.

    Raises:
        BenchmarkFailed: if the process ended or took longer.
    """
    deadline = time.monotonic() + within_s
    while await http_status(settings.host, settings.port) != 200:
        if process.exit_code is not None or time.monotonic() > deadline:
            raise failed(process)
        await asyncio.sleep(_POLL_S)


async def succeeded(process: ChildProcess) -> None:
    """
    Wait until a process has ended by itself.

    Raises:
        BenchmarkFailed: if it did not end well.
    """
    if await process.wait() != 0:
        raise failed(process)


def failed(process: ChildProcess) -> BenchmarkFailed:
    """Return the error that tells how a process ended, with the end of its log."""
    how = (
        "is not ready yet"
        if process.exit_code is None
        else f"ended with exit code {process.exit_code}"
    )
    return BenchmarkFailed(
        f"{process.log.stem} {how}; the end of its log:\n{last_lines(process.log)}"
    )


def partition_of(product_id: str, partitions: int) -> int:
    """Return where Kafka's default partitioner puts a product."""
    hashed: int = murmur2(product_id.encode())
    return (hashed & 0x7FFFFFFF) % partitions


async def load(
    settings: Settings, product_ids: Sequence[str], events: Iterable[tuple[int, bytes]]
) -> None:
    """
    Write events into the `purchases` topic, in batches.

    Args:
        settings: of a deployment that is set up.
        product_ids: the products by number.
        events: each with its product's number.
    """
    topic = full_name(settings.topic_prefix, PURCHASES)
    keys = [product_id.encode() for product_id in product_ids]
    homes = [
        partition_of(product_id, settings.partitions) for product_id in product_ids
    ]
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.broker,
        acks="all",
        enable_idempotence=True,
        max_batch_size=_BATCH_BYTES,
        max_request_size=_BATCH_BYTES * 2,
    )
    await producer.start()
    under_way: deque[asyncio.Future[Any]] = deque()

    async def send(builder: Any, partition: int) -> None:
        while len(under_way) >= _UNDER_WAY:
            await under_way.popleft()
        under_way.append(await producer.send_batch(builder, topic, partition=partition))

    try:
        builders = [producer.create_batch() for _ in range(settings.partitions)]
        for number, event in events:
            home = homes[number]
            key = keys[number]
            if builders[home].append(key=key, value=event, timestamp=None) is None:
                await send(builders[home], home)
                builders[home] = producer.create_batch()
                builders[home].append(key=key, value=event, timestamp=None)
        for home, builder in enumerate(builders):
            if builder.record_count():
                await send(builder, home)
        while under_way:
            await under_way.popleft()
    finally:
        await producer.stop()


async def newest_values(
    bootstrap: str, topic: str, partitions: int
) -> tuple[list[bytes], int]:
    """
    Read a topic whole, what is uncommitted left out.

    Returns:
        The newest value of every key, and how many records there were.
    """
    sources = [TopicPartition(topic, number) for number in range(partitions)]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=8 * 1024 * 1024,
        fetch_max_wait_ms=20,
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(sources)
        consumer.assign(sources)
        await consumer.seek_to_beginning(*sources)
        newest: dict[bytes, bytes] = {}
        count = 0
        while any([await consumer.position(tp) < ends[tp] for tp in sources]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                count += len(records)
                newest.update((record.key, record.value) for record in records)
        return list(newest.values()), count
    finally:
        await consumer.stop()
