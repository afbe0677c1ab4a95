"""
What the ledger writes: decisions, events, rows, postings, all of a step at once.

A step becomes final with the offsets of everything that it took, or never: so a ledger
that is killed has answered a request and booked the purchase, or neither.
"""

from collections.abc import Iterable
from typing import Final

import msgspec
from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata

from schemas.channels import CHANNEL_OF_ROW
from schemas.codec import encode
from schemas.event_base import ProductEvent
from schemas.rows import Row
from schemas.settings import Settings
from schemas.topics import (
    ACCOUNTS,
    BOARD,
    DECISIONS,
    MARKET,
    POSTINGS,
    REQUESTS,
    TOPIC_OF_EVENT,
    group_name,
)
from schemas.trading import TradingEnded
from schemas.trading_rows import DecisionRow, Posting, SettledRow
from streams.transactions import Outgoing, Transactions

TRANSACTION_TIMEOUT_MS: Final = 30_000
"""How long Kafka keeps the transaction of a ledger that vanished. One takes 30 ms, a
settlement of a hundred thousand postings some seconds."""

LedgerEvent = ProductEvent | TradingEnded
"""What the ledger says to everybody: purchases, planned prices, ends of trading."""


class Step(msgspec.Struct, kw_only=True):
    """
    What one step of the ledger says. Filled while it is taken, then published.

    Attributes:
        events: for `purchases` and `board`.
        rows: public ones for the feed's log, private ones for `accounts`.
        decisions: on requests.
        settled: periods that were settled or corrected.
        postings: of them.
        taken: by source topic's name and partition, the next offset after it.
    """

    events: list[LedgerEvent] = []
    rows: list[Row] = []
    decisions: list[DecisionRow] = []
    settled: list[SettledRow] = []
    postings: list[Posting] = []
    taken: dict[tuple[str, int], int] = {}

    def __bool__(self) -> bool:
        return bool(self.taken or self.settled or self.rows or self.events)


def group_id(settings: Settings) -> str:
    """Return the name of the ledgers' group, and of their transactions."""
    return group_name(settings.topic_prefix, REQUESTS)


class LedgerPublisher:
    """
    The writing side of the ledger.

    Args:
        settings: of the deployment, with a broker.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._transactions = Transactions(
            settings, group_id(settings), TRANSACTION_TIMEOUT_MS
        )

    async def open(self) -> None:
        """Fence earlier ledgers and end what they left open."""
        await self._transactions.open()

    async def close(self) -> None:
        """Give it up; what is not published is void."""
        await self._transactions.close()

    async def publish(self, step: Step) -> None:
        """
        Make all of a step final at once.

        Raises:
            IntegrityError: if it cannot be known to be final; then nothing may be
                written any more, and the next ledger finds out what is.
        """
        prefix = self._settings.topic_prefix
        offsets = {
            TopicPartition(f"{prefix}.{topic}", partition): OffsetAndMetadata(
                offset, ""
            )
            for (topic, partition), offset in step.taken.items()
        }
        await self._transactions.commit(self._records(step), offsets)

    # Private

    def _records(self, step: Step) -> Iterable[Outgoing]:
        partition_of = self._transactions.partition_of
        # Decisions first: somebody stands at a till and waits for them.
        for decision in step.decisions:
            party = decision.consumer_id or ""
            yield Outgoing(
                DECISIONS, partition_of(party), party.encode(), encode(decision)
            )
        for event in step.events:
            if isinstance(event, TradingEnded):
                for partition in range(self._settings.partitions):
                    yield Outgoing(BOARD, partition, None, encode(event))
                continue
            topic = TOPIC_OF_EVENT[str(event.__struct_config__.tag)]
            product_id = event.product_id
            yield Outgoing(
                topic, partition_of(product_id), product_id.encode(), encode(event)
            )
        for row in step.rows:
            yield self._row(row)
        for posting in step.postings:
            key = row_name(posting.period, posting.revision)
            yield Outgoing(POSTINGS, partition_of(posting.period), key, encode(posting))
        for settled in step.settled:
            yield Outgoing(
                DECISIONS,
                partition_of(settled.period),
                settled.period.encode(),
                encode(settled),
            )

    def _row(self, row: Row) -> Outgoing:
        channel = CHANNEL_OF_ROW[str(row.__struct_config__.tag)]
        topic = ACCOUNTS if channel.is_private else MARKET
        place = row.party if channel.is_private else row.product_id  # type: ignore[attr-defined]  # see schemas/trading_rows.py
        return Outgoing(
            topic,
            self._transactions.partition_of(place),
            row_key(row),
            encode(row),
        )


def row_key(row: Row) -> bytes:
    """Return the key of a row in the feed's log or in `accounts`."""
    channel = CHANNEL_OF_ROW[str(row.__struct_config__.tag)]
    named_by = [
        getattr(row, field)
        for field in channel.named_by
        if field not in ("product_id", "period")
    ]
    return row_name(
        row.product_id,  # type: ignore[attr-defined]  # all rows of channels have both
        row.period,  # type: ignore[attr-defined]
        channel.row_type,
        *named_by,
    )


def row_name(*parts: str | int) -> bytes:
    """Return a key of several parts: a JSON list."""
    return _encode_parts(parts)


_encode_parts = msgspec.json.Encoder(enc_hook=str).encode
