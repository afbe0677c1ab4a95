"""
What the board writes: events, rows and refusals, all of one step in one transaction.

One transactional producer. Making it fences every earlier board: from then on their
writes fail, whatever they still believe. A step becomes final with the agenda's offset
that it took, or never; so a board that is killed has announced all of a round or none.
"""

import logging
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced
from aiokafka.partitioner import murmur2
from aiokafka.structs import OffsetAndMetadata

from schemas.board_rows import CouncilRow, RoundRow
from schemas.codec import encode, encode_key, event_type
from schemas.errors import IntegrityError
from schemas.events import Event
from schemas.planning import PeriodAnnounced
from schemas.rows import RejectedRecord
from schemas.settings import Settings
from schemas.topics import AGENDA, BOARD, MARKET, REJECTED, Topic, full_name, group_name
from streams.publisher import MAX_BATCH_BYTES

log = logging.getLogger(__name__)

TRANSACTION_TIMEOUT_MS: Final = 10_000
"""How long Kafka keeps the transaction of a board that vanished, if no other follows.
One takes 30 ms, of ten thousand products a second. A worker that restores rows waits
for it, since its own may lie behind."""

REQUEST_TIMEOUT_MS: Final = 20_000
"""For Kafka to confirm a write, an election included; then the board starts anew."""

_Records = list[tuple[bytes | None, bytes]]
# Keys and values.


class Step(msgspec.Struct, kw_only=True):
    """
    What one step of the board says. Filled while it is taken, then published.

    Attributes:
        events: for the topic `board`.
        rows: for the feed.
        refused: of the agenda.
        taken: the agenda's next offset after it; None if it took nothing.
        taken_before: the agenda's next offset before it.
    """

    events: list[Event] = []
    rows: list[RoundRow | CouncilRow] = []
    refused: list[RejectedRecord] = []
    taken: int | None = None
    taken_before: int = 0

    def __bool__(self) -> bool:
        return bool(self.events or self.rows or self.refused or self.taken is not None)


def group_id(settings: Settings) -> str:
    """Return the name of the boards' group, which is their transactional id as well."""
    return group_name(settings.topic_prefix, AGENDA)


class BoardPublisher:
    """
    The writing side of the board.

    Args:
        settings: of the deployment, with a broker.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer = AIOKafkaProducer(
            bootstrap_servers=settings.broker,
            transactional_id=group_id(settings),
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            acks="all",
            max_batch_size=MAX_BATCH_BYTES,
            max_request_size=MAX_BATCH_BYTES * 2,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )
        self._partition_of: dict[str, int] = {}

    async def open(self) -> None:
        """
        Fence earlier boards and end what they left open.

        Raises:
            KafkaError: if the transaction coordinator cannot be reached.
        """
        await self._producer.start()

    async def close(self) -> None:
        """Give it up; what is not published is void."""
        await self._producer.stop()

    def partition_of(self, product_id: str) -> int:
        """Return the partition that Kafka's default partitioner gives a product."""
        partition = self._partition_of.get(product_id)
        if partition is None:
            hashed: int = murmur2(product_id.encode())
            partition = (hashed & 0x7FFFFFFF) % self._settings.partitions
            self._partition_of[product_id] = partition
        return partition

    async def publish(self, step: Step, open_periods: Iterable[str]) -> None:
        """
        Make all of a step final at once.

        Args:
            step: what to say.
            open_periods: being planned after it: what the next board has to read.

        Raises:
            IntegrityError: if it cannot be known to be final; then nothing may be
                written any more, and the next board finds out what is.
        """
        try:
            await self._producer.begin_transaction()
            confirmed = []
            for topic, partition, records in self._sorted(step):
                confirmed += await self._send(topic, partition, records)
            if step.taken is not None:
                agenda = full_name(self._settings.topic_prefix, AGENDA)
                note = OffsetAndMetadata(step.taken, note_of(open_periods))
                await self._producer.send_offsets_to_transaction(
                    {TopicPartition(agenda, 0): note}, group_id(self._settings)
                )
            for future in confirmed:
                await future
            await self._producer.commit_transaction()
        except KafkaError as exc:
            if isinstance(exc, ProducerFenced):
                raise IntegrityError(
                    "there is a later board; this one was away longer than its "
                    "session and may not announce anything"
                ) from exc
            raise IntegrityError(
                f"Kafka did not confirm what the board announced: {exc!r}"
            ) from exc

    # Private

    def _sorted(self, step: Step) -> Iterable[tuple[Topic, int, _Records]]:
        # By topic and partition, in the order in which they were said. The board's
        # events come first: they are what waits for nobody.
        parts: dict[
            tuple[str, int], tuple[Topic, list[tuple[bytes | None, bytes]]]
        ] = {}

        def add(topic: Topic, partition: int, key: bytes | None, value: bytes) -> None:
            _, records = parts.setdefault((topic.name, partition), (topic, []))
            records.append((key, value))

        for event in step.events:
            value = encode(event)
            if isinstance(event, PeriodAnnounced):
                for partition in range(self._settings.partitions):
                    add(BOARD, partition, None, value)
            else:
                product_id = _product_of(event)
                add(BOARD, self.partition_of(product_id), product_id.encode(), value)
        for row in step.rows:
            add(MARKET, self.partition_of(row.product_id), row_key(row), encode(row))
        for refused in step.refused:
            key = refused.code.encode()
            hashed: int = murmur2(key)
            partition = (hashed & 0x7FFFFFFF) % self._settings.partitions
            add(REJECTED, partition, key, encode(refused))
        for (_, partition), (topic, records) in parts.items():
            yield topic, partition, records

    async def _send(self, topic: Topic, partition: int, records: _Records) -> list[Any]:
        name = full_name(self._settings.topic_prefix, topic)
        confirmed = []
        builder = self._producer.create_batch()
        for key, value in records:
            if builder.append(key=key, value=value, timestamp=None) is None:
                confirmed.append(
                    await self._producer.send_batch(builder, name, partition=partition)
                )
                builder = self._producer.create_batch()
                if builder.append(key=key, value=value, timestamp=None) is None:
                    raise IntegrityError(
                        f"a record of {len(value)} bytes for {name} is larger than a "
                        f"batch of {MAX_BATCH_BYTES}"
                    )
        confirmed.append(
            await self._producer.send_batch(builder, name, partition=partition)
        )
        return confirmed


def row_key(row: RoundRow | CouncilRow) -> bytes:
    """Return the key of a row of the board in the feed's log."""
    if isinstance(row, RoundRow):
        return _encode_parts([row.product_id, row.period, "round", row.round])
    return encode_key(row.product_id, row.period, "council", row.council_id)


def note_of(open_periods: Iterable[str]) -> str:
    """Return what is noted beside the agenda's offset: the periods being planned."""
    return ",".join(sorted(open_periods))[:MAX_NOTE]


def noted_periods(note: str) -> list[str] | None:
    """
    Return the periods of such a note.

    Returns:
        None if there were too many to be noted: then any may be open.
    """
    if len(note) >= MAX_NOTE:
        return None
    return [period for period in note.split(",") if period]


MAX_NOTE: Final = 4_000
"""Kafka keeps 4,096 bytes beside an offset unless told otherwise: 300 periods."""


def _product_of(event: Event) -> str:
    product_id = getattr(event, "product_id", None)
    if not isinstance(product_id, str):
        raise AssertionError(f"a {event_type(event)} names no product")
    return product_id


_encode_parts = msgspec.json.Encoder(enc_hook=str).encode
