"""
Asks Kafka what became of events, for those who want to know.

Reads `rejected` as it grows, committed records only, and looks at the offsets that the
workers and the board have committed while anybody waits. What is looked at in this
order makes a verdict final: first the offsets, then where `rejected` ends; once all
before that end has been read, whatever lies below those offsets is decided.

When Kafka is away, or `rejected` was cut, nothing is guessed: all who wait are told
that nothing is known, and reading begins anew at the end.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, KafkaTimeoutError

from feed_server.verdicts import VERDICT_S, Lane, Question, Verdicts
from schemas.codec import decode_rejected
from schemas.errors import IntegrityError
from schemas.feed import Outcome, Result
from schemas.rows import RejectedRecord
from schemas.settings import Settings
from schemas.topics import AGENDA, REJECTED, SOURCES, full_name, group_name

READ_MS: Final = 100
"""How long is waited for refusals before something else is done."""

LOOK_S: Final = 0.2
"""Between two looks at committed offsets, while anybody waits."""

RENEW_PAUSE_S: Final = 1.0
"""Between two attempts to read while Kafka is away."""

BATCH_RECORDS: Final = 2_000
"""Refusals that are read without a pause: some 10 ms."""

logger = logging.getLogger(__name__)

Answer = tuple[Outcome, ...]


class Judge:
    """
    Tells what became of events, for all sessions.

    Args:
        settings: broker, prefix, partitions and the bound are read from it.
        patience_s: how long after its `ack` a verdict comes at the latest.
    """

    def __init__(self, settings: Settings, *, patience_s: float = VERDICT_S) -> None:
        self._settings = settings
        self._verdicts = Verdicts(settings.publish_waiting, patience_s)
        self._answers: dict[Question, asyncio.Future[Answer]] = {}
        self._source: _Source | None = None

    @property
    def is_reading(self) -> bool:
        """Tell whether refusals are read; until they are, nothing can be told."""
        return self._source is not None

    @property
    def waiting(self) -> int:
        """Return how many events wait for their verdict."""
        return self._verdicts.waiting

    def ask(self, events: Sequence[bytes]) -> Question:
        """
        Prepare to judge events that are about to be stored.

        Afterwards `acknowledge` the question, or `drop` it.

        Raises:
            Overloaded: if too many wait already.
        """
        question = self._verdicts.ask([_event_id(event) for event in events])
        question.is_void = self._source is None
        return question

    def drop(self, question: Question) -> None:
        """Forget a question whose events were not stored."""
        self._verdicts.drop(question)

    def acknowledge(
        self, question: Question, results: Sequence[Result]
    ) -> "asyncio.Future[Answer]":
        """
        Judge events that are stored now.

        Returns:
            A future with an outcome per event; it never fails, and takes no longer than
            the patience.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        if self._verdicts.acknowledge(question, results, loop.time()):
            answer.set_result(question.answer())
        else:
            self._answers[question] = answer
        return answer

    async def open(self) -> None:
        """Connect, however long it takes: from then on verdicts can be told."""
        while self._source is None:
            source = _Source(self._settings)
            try:
                await source.open()
            except (KafkaError, OSError) as exc:
                logger.warning("cannot read what was refused yet: %r", exc)
                await source.close()
                await asyncio.sleep(RENEW_PAUSE_S)
            except BaseException:
                await source.close()
                raise
            else:
                self._source = source

    async def run(self) -> None:
        """
        Read until cancelled; `open` comes first.

        Raises:
            IntegrityError: if `rejected` holds what no worker writes.
        """
        while True:
            source = self._source
            if source is None:
                raise AssertionError("open() comes first")
            try:
                await self._follow(source)
            except (KafkaError, OSError) as exc:
                logger.warning("cannot read what was refused: %r", exc)
            finally:
                self._source = None
                self._tell(self._verdicts.void())
                await source.close()
            await asyncio.sleep(RENEW_PAUSE_S)
            await self.open()

    # Private.

    async def _follow(self, source: "_Source") -> None:
        loop = asyncio.get_running_loop()
        verdicts = self._verdicts
        committed: Mapping[Lane, int] = {}
        targets: Mapping[TopicPartition, int] | None = None
        look_at = 0.0
        while True:
            records = await source.records()
            if not verdicts.waiting:
                # What is read while nobody waits is about nobody.
                targets = None
                continue
            for record in records:
                verdicts.note(_refusal(record))
            now = loop.time()
            if targets is not None and await source.has_reached(targets):
                self._tell(verdicts.settle(committed))
                targets = None
            lanes = verdicts.lanes()
            if targets is None and lanes and now >= look_at:
                look_at = now + LOOK_S
                committed = await source.committed(lanes)
                targets = await source.ends()
            self._tell(verdicts.expire(now))

    def _tell(self, answered: list[Question]) -> None:
        for question in answered:
            answer = self._answers.pop(question, None)
            if answer is not None and not answer.done():
                answer.set_result(question.answer())


class _Source:
    # What Kafka says: refusals, where they end, and what is committed.

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        name = full_name(settings.topic_prefix, REJECTED)
        self._partitions = [TopicPartition(name, n) for n in range(settings.partitions)]
        self._records = self._consumer("read_committed")
        # Nothing is read by it: it is only asked where `rejected` ends for real, open
        # transactions included.
        self._ends = self._consumer("read_uncommitted")
        self._admin = AIOKafkaAdminClient(bootstrap_servers=settings.broker)
        self._started: list[AIOKafkaConsumer] = []

    async def open(self) -> None:
        for consumer in (self._records, self._ends):
            self._started.append(consumer)
            await consumer.start()
        await self._admin.start()
        self._ends.assign(self._partitions)
        self._ends.pause(*self._partitions)
        # Sought at once: a position that nobody has set is an error.
        self._records.assign(self._partitions)
        if not await self._records.seek_to_end(*self._partitions):
            raise KafkaTimeoutError("Kafka does not say where `rejected` ends")

    async def close(self) -> None:
        await self._admin.close()
        for consumer in self._started:
            await consumer.stop()

    async def records(self) -> list[ConsumerRecord]:
        batches = await self._records.getmany(
            timeout_ms=READ_MS, max_records=BATCH_RECORDS
        )
        return [record for batch in batches.values() for record in batch]

    async def ends(self) -> dict[TopicPartition, int]:
        ends: dict[TopicPartition, int] = await self._ends.end_offsets(self._partitions)
        return ends

    async def has_reached(self, targets: Mapping[TopicPartition, int]) -> bool:
        for place, target in targets.items():
            if await self._records.position(place) < target:
                return False
        return True

    async def committed(self, lanes: set[Lane]) -> dict[Lane, int]:
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

    def _consumer(self, isolation: str) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            bootstrap_servers=self._settings.broker,
            group_id=None,
            enable_auto_commit=False,
            isolation_level=isolation,
            # What was cut off below was not read.
            auto_offset_reset="none",
        )


def _refusal(record: ConsumerRecord) -> RejectedRecord:
    try:
        return decode_rejected(record.value or b"")
    except msgspec.DecodeError as exc:
        raise IntegrityError(
            f"{record.topic} partition {record.partition} offset {record.offset} "
            f"holds no refusal: {exc}"
        ) from exc


class _Head(msgspec.Struct):
    event_id: object = None


_decode_head = msgspec.json.Decoder(_Head).decode


def _event_id(event: bytes) -> str | None:
    # An event that has none is refused before it is stored.
    try:
        event_id = _decode_head(event).event_id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return event_id if isinstance(event_id, str) else None
