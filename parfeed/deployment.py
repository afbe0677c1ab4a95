"""
Set up a deployment in Kafka: the topics of `schemas.topics`, and the log's epoch.

Idempotent: what is there already is compared, never changed. The number of partitions
decides which products lie where, so it is fixed when a topic is made; a deployment that
is set up with another number refuses to start rather than split a product in two.
"""

import asyncio
import time
import uuid
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, for_code

from parfeed.errors import BrokerFailed
from schemas.errors import InvalidSettings
from schemas.settings import Settings
from schemas.topics import ALL, EPOCH, MARKET, Topic, full_name

EPOCH_KEY: Final = b"market"
"""Key of the record that names the market's log."""

COMPACTED_SEGMENT_BYTES: Final = 64 * 1024 * 1024
"""Kafka compacts closed segments only, and whoever starts reads the open one with every
version of a row: 64 MiB are 0.3 s, the default of 1 GiB 5 s per partition."""

_VISIBLE_LIMIT_S: Final = 30.0
"""From the creation of a topic until all its partitions have leaders: 0.1 s here, a few
seconds in a cluster that has just started."""

_POLL_S: Final = 0.05

_TOPIC_ALREADY_EXISTS: Final = 36
_INVALID_REPLICATION_FACTOR: Final = 38


class _Epoch(msgspec.Struct, frozen=True):
    epoch: str


async def set_up(bootstrap: str, settings: Settings) -> None:
    """
    Make the topics that are missing, and name the market's log if it has no name.

    Safe to run again, and by several at once.

    Args:
        bootstrap: host:port list of Kafka.
        settings: prefix, partitions and replication.

    Raises:
        InvalidSettings: if topics exist that do not fit the settings, or Kafka has
            too few brokers for the copies asked for.
        BrokerFailed: if Kafka is not reached or does not answer in time.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        existing = await _describe(admin, settings)
        for topic in ALL:
            if topic in existing:
                _check(topic, existing[topic], settings)
        absent = [topic for topic in ALL if topic not in existing]
        made = await _create(admin, absent, settings)
        await _visible(admin, settings)
        if MARKET in made or await _find_epoch(bootstrap, settings) is None:
            await _write_epoch(bootstrap, settings)
    except KafkaError as exc:
        raise BrokerFailed(
            f"Kafka at {bootstrap} could not be set up ({exc!r}); see whether it runs "
            "and whether PARFEED_BROKER names it"
        ) from exc
    finally:
        await admin.close()


async def read_epoch(bootstrap: str, settings: Settings) -> str:
    """
    Return the epoch of the market's log.

    Raises:
        InvalidSettings: if the deployment has not been set up.
        BrokerFailed: if Kafka is not reached.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        # A consumer would wait for a topic that is not there.
        existing = await _describe(admin, settings)
        epoch = await _find_epoch(bootstrap, settings) if EPOCH in existing else None
    except KafkaError as exc:
        raise BrokerFailed(
            f"Kafka at {bootstrap} does not answer ({exc!r}); see whether it runs and "
            "whether PARFEED_BROKER names it"
        ) from exc
    finally:
        await admin.close()
    if epoch is None:
        raise InvalidSettings(
            f"{full_name(settings.topic_prefix, EPOCH)} at {bootstrap} names no log; "
            "set the deployment up with: parfeed topics"
        )
    return epoch


def topic_config(topic: Topic, replication: int) -> dict[str, str]:
    """
    Return a topic's settings in Kafka, given the number of its copies.

    With three copies or more a write is confirmed when two hold it, so that one broker
    may be lost with nothing confirmed.
    """
    config = topic.config()
    if topic.cleanup == "compact":
        config["segment.bytes"] = str(COMPACTED_SEGMENT_BYTES)
    if replication >= 3:
        config["min.insync.replicas"] = "2"
    return config


def partition_count(topic: Topic, settings: Settings) -> int:
    """Return how many partitions a topic has in a deployment."""
    return 1 if topic.single_partition else settings.partitions


# Private.


async def _describe(
    admin: AIOKafkaAdminClient, settings: Settings
) -> dict[Topic, list[dict[str, Any]]]:
    # Asked for by name, a topic that is not there comes back with an error code.
    names = {full_name(settings.topic_prefix, topic): topic for topic in ALL}
    return {
        names[described["topic"]]: described["partitions"]
        for described in await admin.describe_topics(list(names))
        if described["error_code"] == 0
    }


def _check(topic: Topic, partitions: list[dict[str, Any]], settings: Settings) -> None:
    wanted = partition_count(topic, settings)
    if len(partitions) != wanted:
        name = full_name(settings.topic_prefix, topic)
        raise InvalidSettings(
            f"topic {name} has {len(partitions)} partitions, the settings say {wanted};"
            f" set PARFEED_PARTITIONS={len(partitions)}, or start a deployment of its "
            "own with another PARFEED_TOPIC_PREFIX"
        )


async def _create(
    admin: AIOKafkaAdminClient, absent: list[Topic], settings: Settings
) -> set[Topic]:
    if not absent:
        return set()
    response = await admin.create_topics(
        [
            NewTopic(
                full_name(settings.topic_prefix, topic),
                partition_count(topic, settings),
                settings.replication,
                topic_configs=topic_config(topic, settings.replication),
            )
            for topic in absent
        ]
    )
    names = {full_name(settings.topic_prefix, topic): topic for topic in absent}
    made = set()
    for name, code, *message in response.topic_errors:
        if code == 0:
            made.add(names[name])
        elif code == _INVALID_REPLICATION_FACTOR:
            raise InvalidSettings(
                f"Kafka cannot keep {settings.replication} copies of {name}: "
                f"{message[0] if message else 'too few brokers'}; set "
                "PARFEED_REPLICATION to at most the number of brokers"
            )
        elif code != _TOPIC_ALREADY_EXISTS:  # made by another set-up meanwhile
            raise for_code(code)(f"{name}: {message[0] if message else ''}")
    return made


async def _visible(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    deadline = time.monotonic() + _VISIBLE_LIMIT_S
    while True:
        described = await _describe(admin, settings)
        led = [
            topic
            for topic, partitions in described.items()
            if len(partitions) == partition_count(topic, settings)
            and all(
                partition["error_code"] == 0 and partition["leader"] >= 0
                for partition in partitions
            )
        ]
        if len(led) == len(ALL):
            return
        if time.monotonic() > deadline:
            waiting = ", ".join(topic.name for topic in ALL if topic not in led)
            raise BrokerFailed(
                f"topics without a leader after {_VISIBLE_LIMIT_S:.0f} s: {waiting}; "
                "see whether all brokers run"
            )
        await asyncio.sleep(_POLL_S)


async def _write_epoch(bootstrap: str, settings: Settings) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True)
    await producer.start()
    try:
        await producer.send_and_wait(
            full_name(settings.topic_prefix, EPOCH),
            msgspec.json.encode(_Epoch(uuid.uuid4().hex)),
            key=EPOCH_KEY,
            partition=0,
        )
    finally:
        await producer.stop()


async def _find_epoch(bootstrap: str, settings: Settings) -> str | None:
    # The newest record stands; there are as many as the market was made.
    where = TopicPartition(full_name(settings.topic_prefix, EPOCH), 0)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, fetch_max_wait_ms=20
    )
    await consumer.start()
    try:
        consumer.assign([where])
        begin = (await consumer.beginning_offsets([where]))[where]
        end = (await consumer.end_offsets([where]))[where]
        epoch = None
        consumer.seek(where, begin)
        while begin < end:
            for record in (await consumer.getmany(where, timeout_ms=1_000)).get(
                where, ()
            ):
                if record.key == EPOCH_KEY:
                    epoch = msgspec.json.decode(record.value, type=_Epoch).epoch
            begin = await consumer.position(where)
        return epoch
    finally:
        await consumer.stop()
