"""
Clients' events into Kafka, each acknowledged with its place there.

An event goes to the topic of its type, into the partition that Kafka's default
partitioner gives its key: its product's. The board's agenda has one partition. Per
partition there is one lane: while a batch is under way, what comes is collected and
leaves as the next one, so that nothing waits when little happens and batches are large
when much does. A batch costs 2 us an event, the producer's own `send` 40.

Rules:
- acks=all and idempotent: what is acknowledged is stored, once.
- What Kafka does not confirm in time is answered with `unavailable`, although it may
  yet be stored: the sender sends it again with its event_id, and the workers count it
  once.
- What waits is bounded (`publish_waiting`); beyond it nothing is taken.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Container, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerClosed
from aiokafka.partitioner import DefaultPartitioner

from feed_server.errors import Overloaded
from feed_server.routing import route
from schemas.codec import decode_events
from schemas.errors import IntegrityError, Refused
from schemas.feed import Result
from schemas.settings import Settings
from schemas.topics import AGENDA, REQUESTS, SOURCES, Topic, full_name

BATCH_BYTES: Final = 512 * 1024
"""Of one batch: half of what a broker takes by default (`message.max.bytes`), some
2,500 events."""

CONFIRM_S: Final = 10.0
"""How long Kafka may take to confirm. A leader's election takes 1 to 5 s; a person who
waits for an answer gives up at about 10."""

RENEW_PAUSE_S: Final = 1.0
"""Between two attempts to make a new producer while Kafka is away."""

STOP_S: Final = 0.5
"""How long a producer that is given up may take for what is under way."""

PUBLISHED: Final = (*SOURCES, AGENDA, REQUESTS)
"""The topics that clients' events go to."""

UNAVAILABLE: Final = "unavailable"
STOPPING: Final = "the server stops"

logger = logging.getLogger(__name__)


class _Ticket:
    # One `publish`: results come in per partition, in any order.
    __slots__ = ("future", "missing", "results")

    def __init__(self, size: int, future: "asyncio.Future[tuple[Result, ...]]") -> None:
        self.results: list[Result | None] = [None] * size
        self.missing = size
        self.future = future

    def put(self, index: int, result: Result) -> None:
        self.results[index] = result
        self.missing -= 1
        if not self.missing and not self.future.done():
            self.future.set_result(tuple(r for r in self.results if r is not None))


class _Waiting(NamedTuple):
    key: bytes
    value: bytes
    event_id: str
    ticket: _Ticket
    place: int


class _Lane:
    # What waits for one partition, and the task that sends it while anything does.
    __slots__ = ("full_topic", "partition", "task", "topic", "waiting")

    def __init__(self, topic: Topic, full_topic: str, partition: int) -> None:
        self.topic = topic
        self.full_topic = full_topic
        self.partition = partition
        self.waiting: deque[_Waiting] = deque()
        self.task: asyncio.Task[None] | None = None


class Publisher:
    """
    Publishes events for all sessions.

    Args:
        settings: broker, prefix, partitions and the bound are read from it.
        confirm_s: how long Kafka may take to confirm.

    Attributes:
        boards_periods: the periods that a board plans; see `route`.
    """

    def __init__(self, settings: Settings, *, confirm_s: float = CONFIRM_S) -> None:
        self.boards_periods: Container[str] = frozenset()
        self._settings = settings
        self._confirm_s = confirm_s
        self._lanes: dict[tuple[str, int], _Lane] = {}
        self._waiting = 0
        self._producer: AIOKafkaProducer | None = None
        self._failed = asyncio.Event()
        self._is_closed = False
        partitions = list(range(settings.partitions))
        choose = DefaultPartitioner()

        # murmur2 in Python costs 5 us; products are few. 65,536 entries are 10 MB.
        @lru_cache(maxsize=65_536)
        def partition_of(key: bytes) -> int:
            return int(choose(key, partitions, partitions))

        self._partition_of = partition_of

    @property
    def waiting(self) -> int:
        """Return how many events wait for Kafka's confirmation."""
        return self._waiting

    def publish(self, events: Sequence[bytes]) -> "asyncio.Future[tuple[Result, ...]]":
        """
        Take events, or refuse each by itself.

        Returns:
            A future with one result per event, in their order. It never fails.

        Raises:
            Overloaded: if there is no room for them. None was taken then.
        """
        limit = self._settings.publish_waiting
        if self._waiting + len(events) > limit:
            raise Overloaded(self._waiting, len(events), limit)
        future: asyncio.Future[tuple[Result, ...]] = (
            asyncio.get_running_loop().create_future()
        )
        ticket = _Ticket(len(events), future)
        for index, event in enumerate(decode_events(events)):
            if isinstance(event, Refused):
                ticket.put(index, _refusal(event))
                continue
            try:
                topic, key = route(event, self.boards_periods)
            except Refused as refused:
                ticket.put(index, _refusal(refused))
                continue
            partition = 0 if topic.single_partition else self._partition_of(key)
            lane = self._lane(topic, partition)
            lane.waiting.append(
                _Waiting(key, events[index], event.event_id, ticket, index)
            )
            self._waiting += 1
            if lane.task is None:
                lane.task = asyncio.create_task(
                    self._drain(lane), name=f"publish {lane.full_topic}"
                )
        return future

    async def open(self) -> None:
        """
        Connect, however long it takes.

        Raises:
            IntegrityError: if the topics are not what the settings say.
        """
        while True:
            producer = self._make()
            try:
                await producer.start()
                await self._check_partitions(producer)
            except (KafkaError, OSError) as exc:
                logger.warning("no producer yet, trying again: %s", exc)
            else:
                self._producer = producer
                return
            finally:
                if self._producer is not producer:
                    await self._stop(producer)
            await asyncio.sleep(RENEW_PAUSE_S)

    async def run(self) -> None:
        """
        Keep a working producer until cancelled; `open` comes first.

        A batch that Kafka refuses for good leaves a hole in the producer's sequence, so
        that it could send nothing more to that partition: a new one takes its place.
        """
        producer = self._producer
        try:
            while True:
                await self._failed.wait()
                self._failed.clear()
                if producer is not None:
                    await self._stop(producer)
                await self.open()
                producer = self._producer
        finally:
            self._producer = None
            if producer is not None:
                await self._stop(producer)

    async def close(self) -> None:
        """End the lanes; what waits, and what comes, is answered with `unavailable`."""
        self._is_closed = True
        tasks = [lane.task for lane in self._lanes.values() if lane.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for lane in self._lanes.values():
            # A task that was cancelled before its first step has answered nothing.
            lane.task = None
            self._refuse(lane, [], STOPPING)

    # Private.

    def _make(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self._settings.broker,
            acks="all",
            enable_idempotence=True,
            max_batch_size=BATCH_BYTES,
            linger_ms=0,
        )

    async def _check_partitions(self, producer: AIOKafkaProducer) -> None:
        for topic in PUBLISHED:
            expected = 1 if topic.single_partition else self._settings.partitions
            name = full_name(self._settings.topic_prefix, topic)
            found = len(await producer.partitions_for(name))
            if found != expected:
                cure = (
                    "it is to have 1: make the topic anew"
                    if topic.single_partition
                    else f"PARFEED_PARTITIONS is {expected}: set it to what the topics "
                    "were made with"
                )
                raise IntegrityError(f"topic {name} has {found} partitions, {cure}")

    @staticmethod
    async def _stop(producer: AIOKafkaProducer) -> None:
        try:
            async with asyncio.timeout(STOP_S):
                await producer.stop()
        except TimeoutError:
            # stop() waits for what is under way, for ever if Kafka is gone, and cannot
            # be called twice. There is no public way to give the batches up.
            logger.warning("stopped the producer with unconfirmed batches")
            producer._message_accumulator.fail_all(ProducerClosed())
            producer._sender.sender_task.cancel()
            await producer.client.close()

    def _lane(self, topic: Topic, partition: int) -> _Lane:
        lane = self._lanes.get((topic.name, partition))
        if lane is None:
            full_topic = full_name(self._settings.topic_prefix, topic)
            lane = _Lane(topic, full_topic, partition)
            self._lanes[topic.name, partition] = lane
        return lane

    async def _drain(self, lane: _Lane) -> None:
        taken: list[_Waiting] = []
        try:
            while lane.waiting:
                producer = self._producer
                if producer is None or self._is_closed:
                    self._refuse(lane, taken, "Kafka is not reachable")
                    continue
                batch = producer.create_batch()
                taken = []
                waiting = lane.waiting
                while waiting and (
                    batch.append(
                        key=waiting[0].key, value=waiting[0].value, timestamp=None
                    )
                    is not None
                ):
                    taken.append(waiting.popleft())
                if not taken:
                    raise AssertionError("an event of 16 KiB fits no batch of 512 KiB")
                batch.close()
                await self._send(lane, producer, batch, taken)
                taken = []
        finally:
            lane.task = None
            self._refuse(lane, taken, STOPPING)

    async def _send(
        self,
        lane: _Lane,
        producer: AIOKafkaProducer,
        batch: object,
        taken: list[_Waiting],
    ) -> None:
        sending = asyncio.ensure_future(self._submit(lane, producer, batch))
        try:
            # An idempotent producer never gives a batch up. Nothing else can go to the
            # partition before it, so what comes meanwhile is answered in time as well.
            while not (await asyncio.wait([sending], timeout=self._confirm_s))[0]:
                self._refuse(lane, taken, f"no confirmation in {self._confirm_s:g} s")
                taken.clear()
            offset = sending.result()
        except (KafkaError, OSError) as exc:
            logger.warning(
                "%s partition %d: %d events not stored: %s",
                lane.full_topic,
                lane.partition,
                len(taken),
                exc,
            )
            self._refuse(lane, taken, str(exc) or type(exc).__name__)
            taken.clear()
            if producer is self._producer:
                self._producer = None
                self._failed.set()
            return
        finally:
            sending.cancel()
        for index, each in enumerate(taken):
            each.ticket.put(
                each.place,
                Result(
                    event_id=each.event_id,
                    topic=lane.topic.name,
                    partition=lane.partition,
                    # A broker that no longer knows where a repeated batch lies says -1.
                    offset=offset + index if offset >= 0 else None,
                ),
            )
        self._waiting -= len(taken)
        taken.clear()

    @staticmethod
    async def _submit(lane: _Lane, producer: AIOKafkaProducer, batch: object) -> int:
        confirmed = await producer.send_batch(
            batch, lane.full_topic, partition=lane.partition
        )
        return int((await confirmed).offset)

    def _refuse(self, lane: _Lane, taken: list[_Waiting], detail: str) -> None:
        # Those that wait behind what fails would fail as well.
        refused = [*taken, *lane.waiting]
        lane.waiting.clear()
        self._waiting -= len(refused)
        for each in refused:
            each.ticket.put(
                each.place,
                Result(event_id=each.event_id, error=UNAVAILABLE, detail=detail),
            )


def _refusal(refused: Refused) -> Result:
    return Result(event_id=refused.event_id, error=refused.code, detail=refused.detail)
