"""
A Faust transport that hands an agent one message per fetched batch of records.

Faust's own path costs some 225 us per record (a queue, a task, an ack); a batch pays
it once. docs/decisions/batches.md has the figures. The rules it rests on
(faust-streaming 0.15, aiokafka 0.14):

- A message's value is a `Batch`: the records of ONE partition, and from where to
  where it reaches. Whoever folds it checks that it follows on the one before, so a
  batch lost on the way is seen.
- Faust commits nothing here: offsets are committed in the partition's transaction,
  together with what was made of the records (streams/publisher.py).
- Faust drops messages below the highest offset that it has delivered, which after a
  seek back is silent loss; here what is read is delivered.
- After a rebalance Faust resumes its flow twice, and a resume clears the streams'
  queues: `FlowControl` makes a resume of what flows do nothing.
- The records are those of aiokafka's parser, as they are (streams/parsed_records.py).
- Faust holds a partition back while its queue is full, and lets it go on without
  telling the fetch that waits: its records then lie there until something else comes,
  up to a second. Here the fetch is woken.
- Faust asks brokers to hold a fetch for up to 1.5 s; one idle partition then delays
  its broker's others. 5 ms here.
"""

from typing import Any, NamedTuple, cast

from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faust.transport.drivers import aiokafka as driver
from mode.utils.queues import FlowControlEvent

from streams.parsed_records import as_parsed

FETCH_MAX_WAIT_MS = 5
FETCH_MIN_BYTES = 64 * 1024
"""A broker answers when it has 64 KiB (300 events) or after 5 ms. Answering every
record at once makes a thousand tiny batches a second, which take more time from the
events behind them than they save."""


class Batch(NamedTuple):
    """
    Fetched records of one partition.

    Attributes:
        topic: the full name.
        partition: its number.
        begin: where the fetch began; at most the first record's offset.
        end: where the next one will.
        records: of aiokafka's parser, in order; never empty.
    """

    topic: str
    partition: int
    begin: int
    end: int
    records: list[Any]


class Assignor(RangePartitionAssignor):  # type: ignore[misc]  # aiokafka: no types
    """
    Gives partition n of every source topic to the same worker.

    How many partitions there are is known, and does not depend on what a broker that
    has just come back says of its topics: a group led by a worker that was told of
    none would divide nothing up, and stay so for minutes.

    Attributes:
        partitions: of every source topic.
    """

    partitions = 0

    class _Known(NamedTuple):
        partitions: int

        def partitions_for_topic(self, topic: str) -> set[int]:
            return set(range(self.partitions))

    @classmethod
    def assign(cls, cluster: Any, members: Any) -> Any:
        """Divide the partitions up among the members."""
        return super().assign(cls._Known(cls.partitions), members)


class FlowControl(FlowControlEvent):
    """Flow control whose `resume` does nothing to what already flows."""

    def resume(self) -> None:
        """Let streams take messages again, without losing any that wait."""
        if not self.is_active():
            super().resume()


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """The thread that fetches: makes one record of each partition's records."""

    # What Faust's `_to_message` reads of a record, with a Batch as value.
    class _BatchRecord(NamedTuple):
        topic: str
        partition: int
        offset: int
        timestamp: int
        timestamp_type: int
        value: Batch
        headers: Any = ()
        key: bytes | None = None
        checksum: int | None = None
        serialized_key_size: int = 0
        serialized_value_size: int = 0

    def _create_worker_consumer(self, *args: Any, **kwargs: Any) -> Any:
        consumer = super()._create_worker_consumer(*args, **kwargs)
        consumer._fetch_max_wait_ms = FETCH_MAX_WAIT_MS
        consumer._fetch_min_bytes = FETCH_MIN_BYTES
        consumer._value_deserializer = as_parsed
        # Events of a sender's aborted transaction never happened.
        consumer._isolation_level = "read_committed"
        app = cast(Any, self.app)  # streams/app.py gives it this attribute
        consumer._partition_assignment_strategy = [
            type("Assignor", (Assignor,), {"partitions": app.source_partitions})
        ]
        return consumer

    def wake(self) -> None:
        """Make a fetch that waits look again. From any thread."""
        self.thread_loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        if self._consumer is not None:
            fetching = self._consumer._fetcher
            for waiter in list(fetching._fetch_waiters):
                fetching._notify(waiter)

    async def _fetch_records(
        self,
        consumer: Any,
        active_partitions: Any,
        timeout: float | None = None,  # noqa: ASYNC109 - Faust's signature
        max_records: int | None = None,
    ) -> dict[Any, list[Any]]:
        assignment = consumer._subscription.subscription.assignment
        begins = _positions(assignment)
        fetched = await super()._fetch_records(
            consumer, active_partitions, timeout, max_records
        )
        current = consumer._subscription.subscription.assignment
        if current is not assignment:
            # A rebalance came between: what is returned is of the new assignment,
            # fetched from where it was committed.
            begins = {}
        positions = _positions(current)
        batches = {}
        for tp, records in fetched.items():
            if not records:
                continue
            first, last = records[0], records[-1]
            begin = begins.get(tp)
            batch = Batch(
                tp.topic,
                tp.partition,
                first.offset if begin is None else min(begin, first.offset),
                # The consumer steps over control records, which none of these shows.
                max(last.offset + 1, positions[tp] or 0),
                records,
            )
            batches[tp] = [
                self._BatchRecord(
                    tp.topic,
                    tp.partition,
                    first.offset,
                    last.timestamp,
                    last.timestamp_type or 0,
                    batch,
                )
            ]
        return batches


def _positions(assignment: Any) -> dict[Any, int | None]:
    # By partition, the next offset to fetch; while there is no assignment, none.
    if assignment is None:
        return {}
    return {tp: assignment.state_value(tp)._position for tp in assignment.tps}


class _Unread(dict[Any, Any]):
    # Faust's note of what it has delivered, which it uses to drop messages.

    def __getitem__(self, key: Any) -> None:
        return None


class Consumer(driver.Consumer):
    """A consumer of batches that leaves committing to the partitions' transactions."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._read_offset = _Unread()

    _thread: ConsumerThread

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def on_buffer_drop(self, tp: Any) -> None:
        """Let a partition go on that was held back."""
        super().on_buffer_drop(tp)
        self._thread.wake()

    async def _add_gap(self, tp: Any, offset_from: int, offset_to: int) -> None:
        # A batch is longer than one offset: what looks like a gap is the batch.
        return

    def _new_offset(self, tp: Any) -> int | None:
        # Nothing for Faust to commit; what it noted of this partition may go.
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        return None

    def verify_event_path(self, now: float, tp: Any) -> None:
        """Leave out Faust's watch over its own commits, of which there are none."""


class Transport(driver.Transport):
    """The transport that an app of batches uses."""

    Consumer = Consumer
