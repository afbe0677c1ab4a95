"""
What the board writes: events, rows and refusals, all of one step in one transaction.

One transactional producer. Making it fences every earlier board: from then on their
writes fail, whatever they still believe. A step becomes final with the agenda's offset
that it took, or never; so a board that is killed has announced all of a round or none.
"""

import logging
from collections.abc import Iterable
from typing import Final

import msgspec
from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata

from schemas.board_rows import CouncilRow, RoundRow
from schemas.codec import encode, encode_key, event_type
from schemas.events import Event
from schemas.planning import PeriodAnnounced
from schemas.rows import RejectedRecord
from schemas.settings import Settings
from schemas.topics import AGENDA, BOARD, MARKET, REJECTED, full_name, group_name
from streams.transactions import Outgoing, Transactions

log = logging.getLogger(__name__)

TRANSACTION_TIMEOUT_MS: Final = 10_000
"""How long Kafka keeps the transaction of a board that vanished, if no other follows.
One takes 30 ms, of ten thousand products a second. A worker that restores rows waits
for it, since its own may lie behind."""


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
        self._transactions = Transactions(
            settings, group_id(settings), TRANSACTION_TIMEOUT_MS
        )

    async def open(self) -> None:
        """
        Fence earlier boards and end what they left open.

        Raises:
            KafkaError: if the transaction coordinator cannot be reached.
        """
        await self._transactions.open()

    async def close(self) -> None:
        """Give it up; what is not published is void."""
        await self._transactions.close()

    def partition_of(self, product_id: str) -> int:
        """Return the partition that Kafka's default partitioner gives a product."""
        return self._transactions.partition_of(product_id)

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
        offsets = {}
        if step.taken is not None:
            agenda = full_name(self._settings.topic_prefix, AGENDA)
            note = OffsetAndMetadata(step.taken, note_of(open_periods))
            offsets[TopicPartition(agenda, 0)] = note
        await self._transactions.commit(self._records(step), offsets)

    # Private

    def _records(self, step: Step) -> Iterable[Outgoing]:
        # In the order in which they were said. The board's events come first: they are
        # what waits for nobody.
        partition_of = self._transactions.partition_of
        for event in step.events:
            value = encode(event)
            if isinstance(event, PeriodAnnounced):
                for partition in range(self._settings.partitions):
                    yield Outgoing(BOARD, partition, None, value)
            else:
                product_id = _product_of(event)
                yield Outgoing(
                    BOARD, partition_of(product_id), product_id.encode(), value
                )
        for row in step.rows:
            yield Outgoing(
                MARKET, partition_of(row.product_id), row_key(row), encode(row)
            )
        for refused in step.refused:
            yield Outgoing(
                REJECTED,
                partition_of(refused.code),
                refused.code.encode(),
                encode(refused),
            )


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
