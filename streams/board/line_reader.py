"""
The lines of one period, as the workers write them, for as long as it is planned.

Rules that hold here:

- Uncommitted records are read too: the fold is deterministic, so what a successor of a
  worker that died writes is the same, and the board need not wait for commits.
- Lines are handed on in whole batches: the last of a batch says up to which offset of
  `bids` it reaches (streams/partition.py). What is handed on is therefore always the
  state after some record of `bids`, which can be named and computed again.
- A batch that reaches less far than one before it is a successor's repetition, and is
  left out.
- While the topic is read for the first time, all that lies in it is handed on: it is
  compacted, so the ends of older batches are gone.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.codec import decode_line
from schemas.errors import IntegrityError
from schemas.rows import Line
from schemas.settings import Settings
from schemas.topics import LINES, full_name
from streams.parsed_records import as_parsed
from streams.partition import COMPLETE_TO

log = logging.getLogger(__name__)

FETCH_BYTES: Final = 4 * 1024 * 1024
"""Of one partition's fetch: some 15,000 lines, 60 ms of decoding."""

FETCH_WAIT_MS: Final = 20
"""How long a broker may hold a fetch back while nothing comes."""

MAX_RECORDS: Final = 5_000
"""Handed on at once; the board's other work waits for some 30 ms then."""


class LineReader:
    """
    Reads the lines of some periods.

    Args:
        settings: of the deployment.
        periods: whose lines are wanted; all others are skipped without a look.
        on_lines: is given each batch of them.

    Attributes:
        complete_to: by partition, the next offset of `bids` after what was handed on.
        lines_read: by partition, the next offset of `lines`.
        is_restored: set once all that lay there at the start is handed on.
    """

    def __init__(
        self,
        settings: Settings,
        periods: Sequence[str],
        on_lines: Callable[[list[Line]], None],
    ) -> None:
        self._settings = settings
        self._marks = tuple(f'"{period}"'.encode() for period in periods)
        self._periods = frozenset(periods)
        self._on_lines = on_lines
        self._waiting: dict[int, list[Line]] = {}
        self._first_end: dict[int, int] = {}
        self.complete_to = dict.fromkeys(range(settings.partitions), 0)
        self.lines_read = dict.fromkeys(range(settings.partitions), 0)
        self.is_restored = asyncio.Event()

    async def run(self) -> None:
        """
        Read until cancelled.

        Raises:
            IntegrityError: if a record that a worker wrote cannot be read.
        """
        name = full_name(self._settings.topic_prefix, LINES)
        partitions = [TopicPartition(name, n) for n in self.complete_to]
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.broker,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            max_poll_records=MAX_RECORDS,
            value_deserializer=as_parsed,
        )
        await consumer.start()
        try:
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            self._first_end = {tp.partition: end for tp, end in ends.items()}
            await consumer.seek_to_beginning(*partitions)
            while True:
                fetched = await consumer.getmany(timeout_ms=1_000)
                for tp, records in fetched.items():
                    self._take(tp.partition, records)
                    # What was fetched ahead comes without a wait: the group's heartbeat
                    # must have its turn, or the agenda is taken for abandoned.
                    await asyncio.sleep(0)
                # Not the last record: control records are never delivered.
                for tp in partitions:
                    self.lines_read[tp.partition] = await consumer.position(tp)
                if not self.is_restored.is_set() and all(
                    self.lines_read[n] >= end for n, end in self._first_end.items()
                ):
                    self.is_restored.set()
                    self._on_lines([])
        finally:
            await consumer.stop()

    # Private

    def _take(self, partition: int, records: list[Any]) -> None:
        waiting = self._waiting.setdefault(partition, [])
        first_end = self._first_end[partition]
        for record in records:
            if any(mark in record.key for mark in self._marks):
                line = self._decoded(partition, record)
                if line.period in self._periods:
                    waiting.append(line)
            for name, value in record.headers:
                if name == COMPLETE_TO:
                    self._complete(partition, waiting, int(value), record.offset)
                    waiting = self._waiting[partition] = []
        if waiting and records[-1].offset < first_end:
            self._on_lines(waiting)
            self._waiting[partition] = []

    def _complete(
        self, partition: int, lines: list[Line], complete_to: int, offset: int
    ) -> None:
        before = self.complete_to[partition]
        if complete_to < before and offset >= self._first_end[partition]:
            return
        self.complete_to[partition] = max(before, complete_to)
        # Of other periods it says how far the fold is, too.
        self._on_lines(lines)

    def _decoded(self, partition: int, record: Any) -> Line:
        try:
            return decode_line(record.value)
        except msgspec.DecodeError as exc:
            raise IntegrityError(
                f"{LINES.name} [{partition}] {record.offset} is no line of a worker: "
                f"{exc}; nobody else may write there"
            ) from exc
