"""The embedded Kafka: its own processes, its own directories, killed and started."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from support.processes import free_port

from parfeed.broker import HOST, EmbeddedBroker
from parfeed.deployment import read_epoch, set_up
from parfeed.errors import AlreadyRunning, PortTaken
from parfeed.kafka_probe import probe
from parfeed.progress import Step
from schemas.settings import Settings
from schemas.topics import PURCHASES, full_name

pytestmark = pytest.mark.kafka

DEPLOYMENT = Settings(topic_prefix="test", partitions=2)


@pytest.fixture
async def own_broker(tmp_path: Path) -> AsyncIterator[EmbeddedBroker]:
    """A broker that the test may kill."""
    embedded = EmbeddedBroker(tmp_path / "data")
    yield embedded
    await embedded.stop()


async def produce(bootstrap: str, values: list[bytes]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(
                full_name("test", PURCHASES), value, partition=0
            )
    finally:
        await producer.stop()


async def consume(bootstrap: str) -> list[bytes]:
    where = TopicPartition(full_name("test", PURCHASES), 0)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([where])
        await consumer.seek_to_beginning(where)
        end = (await consumer.end_offsets([where]))[where]
        values: list[bytes] = []
        while len(values) < end:
            batch = await consumer.getmany(where, timeout_ms=500)
            values += [record.value for record in batch.get(where, ())]
        return values
    finally:
        await consumer.stop()


async def test_what_was_acknowledged_outlives_a_restart_and_a_kill(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    await own_broker.start()
    address = own_broker.bootstrap
    await set_up(address, DEPLOYMENT)
    epoch = await read_epoch(address, DEPLOYMENT)
    await produce(address, [b"one", b"two"])

    await own_broker.stop()
    again = EmbeddedBroker(tmp_path / "data")
    await again.start()
    try:
        assert again.bootstrap == address
        assert await consume(address) == [b"one", b"two"]
        await produce(address, [b"three"])

        os.kill(again.pid, signal.SIGKILL)
        assert await again.wait() == -signal.SIGKILL
        await again.start()
        assert again.bootstrap == address
        assert await consume(address) == [b"one", b"two", b"three"]
        assert await read_epoch(address, DEPLOYMENT) == epoch
    finally:
        await again.stop()


async def test_a_directory_has_one_broker(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    await own_broker.start()
    with pytest.raises(AlreadyRunning, match=str(os.getpid())):
        await EmbeddedBroker(tmp_path / "data").start()
    found = await probe(HOST, int(own_broker.bootstrap.rpartition(":")[2]))
    assert found is not None


async def test_another_kafka_on_the_port_is_never_taken_for_ours(
    broker: EmbeddedBroker, own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    foreign = int(broker.bootstrap.rpartition(":")[2])
    insisting = EmbeddedBroker(tmp_path / "data", port=foreign)
    with pytest.raises(PortTaken, match=f"port {foreign}.*PARFEED_BROKER"):
        await insisting.start()
    # The failed start has let go of the directory, and a free port is found.
    await own_broker.start()
    assert own_broker.bootstrap != broker.bootstrap


async def test_a_port_that_somebody_took_meanwhile_is_left_to_them(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    wanted = free_port()
    first = EmbeddedBroker(tmp_path / "data", port=wanted)
    await first.start()
    await first.stop()
    other = await asyncio.start_server(lambda _r, w: w.close(), HOST, wanted)
    async with other:
        await own_broker.start()
        assert own_broker.bootstrap != f"{HOST}:{wanted}"


async def test_the_start_says_what_it_does(own_broker: EmbeddedBroker) -> None:
    steps: list[Step] = []
    await own_broker.start(steps.append)
    assert [step.what for step in steps] == ["Setting up Kafka", "Starting Kafka"]


async def test_a_start_that_is_cancelled_leaves_nothing_behind(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    begun = asyncio.Event()

    def on_progress(step: Step) -> None:
        if step.what == "Starting Kafka":
            begun.set()

    starting = asyncio.create_task(own_broker.start(on_progress))
    await begun.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await own_broker.start()
    assert await probe(HOST, int(own_broker.bootstrap.rpartition(":")[2]))
