"""
What Kafka says of events: refusals, decisions, where they end, and what is committed.

Committed records only, from where the topics end when it is opened. Decisions have a
consumer of their own: a till waits for them, and must not wait for a group's answer.
"""

import logging
from collections.abc import Mapping
from typing import Final

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, KafkaTimeoutError

from feed_server.verdicts import Lane
from schemas.codec import decode_rejected
from schemas.errors import IntegrityError
from schemas.rows import RejectedRecord
from schemas.settings import Settings
from schemas.topics import (
    AGENDA,
    DECISIONS,
    REJECTED,
    SOURCES,
    Topic,
    full_name,
    group_name,
)
from schemas.trading_rows import DecisionRow

READ_MS: Final = 100
"""How long is waited for records before something else is done."""

BATCH_RECORDS: Final = 2_000
"""Records that are read without a pause: some 10 ms."""

FETCH_WAIT_MS: Final = 20
"""How long a broker that has nothing keeps a question for decisions open. What comes
meanwhile is answered at once; what a fetch holds back is others' on the connection."""

logger = logging.getLogger(__name__)


class VerdictSource:
    """
    Reads `rejected` and `decisions`, and asks what is committed.

    Args:
        settings: broker, prefix and partitions are read from it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._partitions = self._places(REJECTED)
        self._decided = self._places(DECISIONS)
        self._records = self._consumer("read_committed")
        self._decisions = self._consumer("read_committed", FETCH_WAIT_MS)
        # Nothing is read by it: it is only asked where `rejected` ends for real, open
        # transactions included.
        self._ends = self._consumer("read_uncommitted")
        self._admin = AIOKafkaAdminClient(bootstrap_servers=settings.broker)
        self._started: list[AIOKafkaConsumer] = []

    async def open(self) -> None:
        """
        Connect, and begin at the ends.

        Raises:
            KafkaError: if Kafka does not answer.
        """
        for consumer in (self._records, self._decisions, self._ends):
            self._started.append(consumer)
            await consumer.start()
        await self._admin.start()
        self._ends.assign(self._partitions)
        self._ends.pause(*self._partitions)
        for consumer, places in (
            (self._records, self._partitions),
            (self._decisions, self._decided),
        ):
            # Sought at once: a position that nobody has set is an error.
            consumer.assign(places)
            if not await consumer.seek_to_end(*places):
                raise KafkaTimeoutError(
                    f"Kafka does not say where {places[0].topic} ends"
                )

    async def close(self) -> None:
        """Disconnect."""
        await self._admin.close()
        for consumer in self._started:
            await consumer.stop()

    async def refusals(self) -> list[ConsumerRecord]:
        """Return the next records of `rejected`; none if none come soon."""
        return await _next_of(self._records)

    async def decisions(self) -> list[ConsumerRecord]:
        """Return the next records of `decisions`; none if none come soon."""
        return await _next_of(self._decisions)

    async def ends(self) -> dict[TopicPartition, int]:
        """Return where `rejected` ends, open transactions included."""
        ends: dict[TopicPartition, int] = await self._ends.end_offsets(self._partitions)
        return ends

    async def has_reached(self, targets: Mapping[TopicPartition, int]) -> bool:
        """Tell whether all refusals before some ends have been read."""
        for place, target in targets.items():
            if await self._records.position(place) < target:
                return False
        return True

    async def committed(self, lanes: set[Lane]) -> dict[Lane, int]:
        """Return the next offset to be taken of topics' partitions."""
        prefix = self._settings.topic_prefix
        by_group: dict[str, dict[TopicPartition, Lane]] = {}
        for topic in (*SOURCES, AGENDA):
            for lane in lanes:
                if lane[0] == topic.name:
                    place = TopicPartition(full_name(prefix, topic), lane[1])
                    by_group.setdefault(group_name(prefix, topic), {})[place] = lane
        committed: dict[Lane, int] = {}
        for group, places in by_group.items():
            try:
                found = await self._admin.list_consumer_group_offsets(
                    group, partitions=list(places)
                )
            except KafkaError as exc:
                if not exc.retriable:
                    raise
                # A group without a coordinator just now has committed nothing new.
                logger.debug("group %s does not answer: %r", group, exc)
                continue
            for place, at in found.items():
                committed[places[place]] = at.offset
        return committed

    def _places(self, topic: Topic) -> list[TopicPartition]:
        name = full_name(self._settings.topic_prefix, topic)
        return [TopicPartition(name, n) for n in range(self._settings.partitions)]

    def _consumer(self, isolation: str, wait_ms: int = 500) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            bootstrap_servers=self._settings.broker,
            group_id=None,
            enable_auto_commit=False,
            isolation_level=isolation,
            # What was cut off below was not read.
            auto_offset_reset="none",
            fetch_max_wait_ms=wait_ms,
        )


async def _next_of(consumer: AIOKafkaConsumer) -> list[ConsumerRecord]:
    batches = await consumer.getmany(timeout_ms=READ_MS, max_records=BATCH_RECORDS)
    return [record for batch in batches.values() for record in batch]


def refusal_of(record: ConsumerRecord) -> RejectedRecord:
    """
    Read a record of `rejected`.

    Raises:
        IntegrityError: if no worker wrote it.
    """
    try:
        return decode_rejected(record.value or b"")
    except msgspec.DecodeError as exc:
        raise IntegrityError(
            f"{record.topic} partition {record.partition} offset {record.offset} "
            f"holds no refusal: {exc}"
        ) from exc


class _Tag(msgspec.Struct):
    type: str


_decode_tag = msgspec.json.Decoder(_Tag).decode
_decode_decision = msgspec.json.Decoder(DecisionRow).decode
_DECIDED = str(DecisionRow.__struct_config__.tag)


def decision_of(record: ConsumerRecord) -> DecisionRow | None:
    """
    Read a record of `decisions`; None if it tells of something else than a request.

    Raises:
        IntegrityError: if no ledger wrote it.
    """
    value = record.value or b""
    try:
        return _decode_decision(value) if _decode_tag(value).type == _DECIDED else None
    except msgspec.DecodeError as exc:
        raise IntegrityError(
            f"{record.topic} partition {record.partition} offset {record.offset} "
            f"holds no decision: {exc}"
        ) from exc
