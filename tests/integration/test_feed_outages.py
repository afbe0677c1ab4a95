"""Kafka stops, loses, refuses: the feed server waits, says so, or ends."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from support.feed_process import health, publish, purchase, ready
from support.polling import SCALE, eventually
from support.processes import Processes, free_port
from support.sockets import RowWriter, Socket

from feed_server.channels import Channels
from feed_server.consumer import LogConsumer
from feed_server.errors import Overloaded, SourceLost
from feed_server.publisher import Publisher
from feed_server.view import View
from parfeed.broker import EmbeddedBroker
from parfeed.deployment import set_up
from schemas.errors import IntegrityError
from schemas.settings import Settings
from schemas.topics import MARKET, PURCHASES, full_name

pytestmark = pytest.mark.kafka


@pytest.fixture
async def own_broker(tmp_path: Path) -> AsyncIterator[EmbeddedBroker]:
    """A Kafka that this test may stop."""
    broker = EmbeddedBroker(tmp_path / "kafka")
    await broker.start()
    yield broker
    await broker.stop()


@pytest.fixture
async def own(own_broker: EmbeddedBroker, tmp_path: Path) -> Settings:
    """A deployment on it."""
    settings = Settings(
        broker=own_broker.bootstrap, data_dir=str(tmp_path), port=free_port()
    )
    await set_up(own_broker.bootstrap, settings)
    return settings


async def kill(broker: EmbeddedBroker) -> None:
    """Kill -9, and wait until it is gone."""
    os.kill(broker.pid, signal.SIGKILL)
    await broker.wait()
    await broker.stop()


def event(number: int, **changes: object) -> bytes:
    return json.dumps(purchase(number, **changes)).encode()


class Publishing:
    """A publisher that runs; an async context manager."""

    def __init__(self, settings: Settings, **options: float) -> None:
        self._publisher = Publisher(settings, **options)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Publisher:
        await self._publisher.open()
        self._task = asyncio.create_task(self._publisher.run())
        return self._publisher

    async def __aexit__(self, *exc: object) -> None:
        await self._publisher.close()
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class Following:
    """A consumer that fills channels; an async context manager."""

    def __init__(self, settings: Settings, **options: float) -> None:
        self._consumer = LogConsumer(settings, **options)
        self._settings = settings
        self.channels: Channels
        self.task: asyncio.Task[None]

    @property
    def rows(self) -> int:
        """How many the view holds; raises what has ended the consumer."""
        if self.task.done():
            self.task.result()
        return len(self.channels.view)

    async def __aenter__(self) -> "Following":
        epoch = await self._consumer.open()
        self.channels = Channels(View(epoch, self._settings.partitions))
        await self._consumer.load(self.channels.apply)
        self.task = asyncio.create_task(
            self._consumer.follow(self.channels.apply, lambda _: None, lambda: None)
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self._consumer.close()


async def test_a_broker_that_is_killed_and_comes_back_is_waited_for(
    own_broker: EmbeddedBroker, own: Settings, processes: Processes
) -> None:
    server = await ready(processes, own)
    async with Socket(own) as socket:
        await socket.subscribe()
        async with RowWriter(own) as rows:
            await rows.write("rye", "salt")
        await socket.until_has("s", {"rye": 1, "salt": 1})
        await kill(own_broker)
        await socket.say(publish("lost", purchase(1)))
        ack = await socket.until(lambda message: message["type"] == "ack")
        assert ack["results"][0]["error"] == "unavailable"
        assert ack["results"][0]["event_id"] == "e-1"
        await own_broker.start()

        async def is_taken() -> bool:
            await socket.say(publish("again", purchase(1)))
            ack = await socket.until(lambda message: message["type"] == "ack")
            return "offset" in ack["results"][0]

        await eventually(is_taken, within_s=40)
        async with RowWriter(own) as rows:
            rows.sequences = {"rye": 1, "salt": 1}
            await rows.write("rye")
        await socket.until_has("s", {"rye": 2, "salt": 1})
        assert server.exit_code is None


async def test_a_server_stops_in_time_although_kafka_is_gone(
    own_broker: EmbeddedBroker, own: Settings, processes: Processes
) -> None:
    server = await ready(processes, own)
    async with Socket(own) as socket:
        await socket.subscribe()
        await kill(own_broker)
        await socket.say(publish("p", purchase(1)))
        began = time.monotonic()
        os.kill(server.pid, signal.SIGTERM)
        await socket.until(lambda message: message["type"] == "closing")
        await eventually(lambda: server.exit_code is not None, within_s=5)
        assert server.exit_code == 0
        assert time.monotonic() - began < 3.5 * SCALE


async def test_a_broker_that_stays_away_is_a_lost_source(
    own_broker: EmbeddedBroker, own: Settings
) -> None:
    async with Following(own, lost_after_s=1.0, probe_s=0.2) as following:
        await kill(own_broker)
        with pytest.raises(SourceLost, match="silent"):
            await asyncio.wait_for(following.task, 20 * SCALE)


async def test_a_market_that_was_cut_is_a_lost_source(settings: Settings) -> None:
    async with RowWriter(settings) as rows, Following(settings) as following:
        for _ in range(3):
            await rows.write("rye", "salt", "oats", "hops", "flax")
        await eventually(lambda: following.rows == 5)
        admin = AIOKafkaAdminClient(bootstrap_servers=settings.broker)
        await admin.start()
        name = full_name(settings.topic_prefix, MARKET)
        await admin.delete_topics([name])

        async def is_made() -> bool:
            # While the old one is being deleted, the answer is that there is one.
            made = await admin.create_topics([NewTopic(name, settings.partitions, 1)])
            return bool(made.topic_errors[0][1] == 0)

        await eventually(is_made)
        await admin.close()
        with pytest.raises(SourceLost, match="cut"):
            await asyncio.wait_for(following.task, 30 * SCALE)


async def test_topics_with_other_partitions_than_the_settings_say_are_refused(
    settings: Settings,
) -> None:
    other = msgspec.structs.replace(settings, partitions=3)
    consumer = LogConsumer(other)
    with pytest.raises(IntegrityError, match="4 partitions, PARFEED_PARTITIONS is 3"):
        await consumer.open()
    await consumer.close()
    with pytest.raises(IntegrityError, match="4 partitions, PARFEED_PARTITIONS is 3"):
        await Publisher(other).open()


async def test_a_batch_that_kafka_refuses_is_unavailable_and_the_next_one_works(
    settings: Settings,
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.broker)
    await admin.start()
    await admin.alter_configs(
        [
            ConfigResource(
                ConfigResourceType.TOPIC,
                full_name(settings.topic_prefix, PURCHASES),
                configs={"max.message.bytes": "2000"},
            )
        ]
    )
    await admin.close()
    async with Publishing(settings) as publisher:

        async def is_refused() -> bool:
            (result,) = await publisher.publish([event(1)])
            large = [event(n) for n in range(200)]
            results = await publisher.publish(large)
            assert result.error in (None, "unavailable")
            return {each.error for each in results} == {"unavailable"}

        await eventually(is_refused)

        async def is_taken() -> bool:
            (result,) = await publisher.publish([event(2)])
            return result.offset is not None

        await eventually(is_taken)
        assert publisher.waiting == 0


async def test_what_kafka_does_not_confirm_in_time_is_unavailable(
    own_broker: EmbeddedBroker, own: Settings
) -> None:
    small = msgspec.structs.replace(own, publish_waiting=100)
    async with Publishing(small, confirm_s=0.5) as publisher:
        (first,) = await publisher.publish([event(0)])
        assert first.offset == 0
        await kill(own_broker)
        began = time.monotonic()
        under_way = publisher.publish([event(1)])
        await asyncio.sleep(0)
        behind = publisher.publish([event(n) for n in range(2, 101)])
        with pytest.raises(Overloaded) as refused:
            publisher.publish([event(101)])
        assert "100 events wait" in str(refused.value)
        results = [*await under_way, *await behind]
        assert [each.error for each in results] == ["unavailable"] * 100
        assert [each.event_id for each in results] == [f"e-{n}" for n in range(1, 101)]
        assert time.monotonic() - began < 3 * SCALE
        assert publisher.waiting == 0
        await own_broker.start()

        async def is_taken() -> bool:
            (result,) = await publisher.publish([event(102)])
            return result.offset is not None

        await eventually(is_taken, within_s=30)


async def test_a_publisher_that_closes_answers_what_waits(settings: Settings) -> None:
    async with Publishing(settings) as publisher:
        waiting = publisher.publish([event(n) for n in range(10)])
    results = await waiting
    assert len(results) == 10
    assert {each.error for each in results} <= {None, "unavailable"}
    assert publisher.waiting == 0
    (late,) = await publisher.publish([event(11)])
    assert late.error == "unavailable"


async def test_a_session_without_a_market_is_let_in_nowhere(
    own: Settings, processes: Processes
) -> None:
    unset = msgspec.structs.replace(own, topic_prefix="later")
    await processes.feed_server(unset)

    async def is_loading() -> bool:
        try:
            return bool((await health(unset))["status"] == "loading")
        except OSError:
            return False

    await eventually(is_loading, within_s=20)
    await set_up(unset.broker, unset)
    await eventually(lambda: processes.is_ready(unset), within_s=20)
    async with Socket(unset) as socket:
        await socket.subscribe()
