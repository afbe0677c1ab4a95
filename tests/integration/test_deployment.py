"""Setting a deployment up in a real Kafka."""

import asyncio

import msgspec
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from parfeed.broker import EmbeddedBroker
from parfeed.deployment import (
    COMPACTED_SEGMENT_BYTES,
    partition_count,
    read_epoch,
    set_up,
    topic_config,
)
from parfeed.errors import BrokerFailed
from schemas.errors import InvalidSettings
from schemas.settings import Settings
from schemas.topics import ALL, EPOCH, MARKET, PURCHASES, full_name

pytestmark = pytest.mark.kafka


async def test_every_topic_is_made_with_its_partitions_and_settings(
    broker: EmbeddedBroker, settings: Settings
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        for topic in ALL:
            name = full_name(settings.topic_prefix, topic)
            (described,) = await admin.describe_topics([name])
            assert len(described["partitions"]) == partition_count(topic, settings)
            (answer,) = await admin.describe_configs(
                [ConfigResource(ConfigResourceType.TOPIC, name)]
            )
            found = {entry[0]: entry[1] for entry in answer.resources[0][4]}
            for key, value in topic_config(topic, settings.replication).items():
                assert found[key] == value
    finally:
        await admin.close()


async def test_setting_up_twice_changes_nothing(settings: Settings) -> None:
    before = await read_epoch(settings.broker, settings)
    await set_up(settings.broker, settings)
    assert await read_epoch(settings.broker, settings) == before
    assert len(before) == 32


async def test_several_may_set_up_at_once(
    broker: EmbeddedBroker, settings: Settings
) -> None:
    fresh = msgspec.structs.replace(settings, topic_prefix=f"{settings.topic_prefix}-b")
    await asyncio.gather(*(set_up(broker.bootstrap, fresh) for _ in range(3)))
    assert await read_epoch(broker.bootstrap, fresh)


async def test_another_number_of_partitions_is_refused(settings: Settings) -> None:
    other = msgspec.structs.replace(settings, partitions=settings.partitions + 1)
    with pytest.raises(
        InvalidSettings, match=f"PARFEED_PARTITIONS={settings.partitions}"
    ):
        await set_up(settings.broker, other)


async def test_more_copies_than_brokers_are_refused(settings: Settings) -> None:
    other = msgspec.structs.replace(
        settings, replication=3, topic_prefix=f"{settings.topic_prefix}-c"
    )
    with pytest.raises(InvalidSettings, match="PARFEED_REPLICATION"):
        await set_up(settings.broker, other)


async def test_a_market_made_anew_gets_another_epoch(settings: Settings) -> None:
    before = await read_epoch(settings.broker, settings)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.broker)
    await admin.start()
    try:
        await admin.delete_topics([full_name(settings.topic_prefix, MARKET)])
    finally:
        await admin.close()
    await set_up(settings.broker, settings)
    assert await read_epoch(settings.broker, settings) != before


async def test_no_epoch_says_how_to_set_up(settings: Settings) -> None:
    other = msgspec.structs.replace(settings, topic_prefix="never-set-up")
    with pytest.raises(InvalidSettings, match="parfeed topics"):
        await read_epoch(settings.broker, other)


async def test_a_kafka_that_is_not_there_is_named(settings: Settings) -> None:
    with pytest.raises(BrokerFailed, match=r"127\.0\.0\.1:9 .*PARFEED_BROKER"):
        await set_up("127.0.0.1:9", settings)


def test_only_what_is_compacted_has_small_segments() -> None:
    assert topic_config(MARKET, 1)["segment.bytes"] == str(COMPACTED_SEGMENT_BYTES)
    assert "segment.bytes" not in topic_config(PURCHASES, 1)


def test_three_copies_ask_for_two_in_step() -> None:
    assert "min.insync.replicas" not in topic_config(PURCHASES, 1)
    assert topic_config(PURCHASES, 3)["min.insync.replicas"] == "2"
    assert topic_config(EPOCH, 3)["cleanup.policy"] == "compact"
