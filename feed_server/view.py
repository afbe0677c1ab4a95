"""
PURE. The log as this server knows it: the newest bytes of every row of every channel.

Rows of a channel are kept apart from those of others, so that none is looked at for
another's sake; the cursor is one for all, since it is a place in the log. It is the
next offset of every partition, made from rows alone: the marks that Kafka's
transactions leave in the log do not move it, so that every server that has read the
same rows has the same cursor. What changed since a cursor is what lies at or behind it,
newest versions only; no history is kept.

Rows' bytes are never changed and lie here once. What is in the log and is no row stops
the process: only our own workers and the board write it. They never delete a row, and
the feed has no message that would; a record without a value is therefore such an error
too. Rows of a type that came after this server was built move the cursor, and nothing
else: nobody can subscribe to them here.

Private rows lie in partitions of their own, behind the public ones, and are found by
their party alone. A private row among public ones, or the other way round, is an error
that stops the process too: nothing that lies in the wrong place is ever shown.
"""

import zlib
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final

import msgspec

from feed_server.selection import Selection
from schemas.channels import CHANNEL_OF_ROW, CHANNELS, MARKET_CHANNEL, ROUNDS
from schemas.cursor import Cursor
from schemas.errors import IntegrityError

INDEX_LIMIT: Final = 64
"""Products up to which a selection is looked up product by product; beyond it, going
through what changed is cheaper than through what might have."""


class _Key(msgspec.Struct, array_like=True):
    # What comes behind is the writer's, to tell rows apart.
    product_id: str
    period: str
    type: str = MARKET_CHANNEL.row_type


_decode_key = msgspec.json.Decoder(_Key).decode


class _Glance(msgspec.Struct):
    # All that the server itself wants to know of a row; decoding it also proves that
    # the bytes are one JSON object, so they can stand in a frame as they are.
    type: str
    product_id: str
    period: str
    occurred_at: datetime | None = None
    party: str | None = None


_glance = msgspec.json.Decoder(_Glance).decode


class RowVersion(msgspec.Struct, frozen=True, gc=False):
    """
    One version of a row, and where it lies.

    Attributes:
        channel: the name of the channel that shows it.
        indexed_by: the product_id, or the party of a private row.
        value: the row's JSON text, byte for byte as it was written.
        crc32: of `value`.
        arrival: counts the versions that this view was given; orders them.
    """

    key: bytes
    channel: str
    product_id: str
    period: str
    partition: int
    offset: int
    value: bytes
    crc32: int
    arrival: int
    indexed_by: str


class _Rows:
    # The rows of a channel; of a private one by party instead of by product.
    __slots__ = ("of_name", "of_partition")

    def __init__(self, partitions: int) -> None:
        # In the order of their offsets: a row that changes is taken out and put in
        # again at the end.
        self.of_partition: list[dict[bytes, RowVersion]] = [
            {} for _ in range(partitions)
        ]
        self.of_name: dict[str, dict[bytes, RowVersion]] = {}


class View:
    """
    The newest version of every row.

    Args:
        epoch: the log's identity.
        partitions: that hold public rows.
        private_partitions: that hold private rows; they come behind the others.

    Attributes:
        epoch: the log's identity.
        occurred_at: newest event time in any row of the market; None while there is
            none. The board's rows tell its own times.
        boards_periods: the periods of which there are rounds: a board plans them.
    """

    def __init__(
        self, epoch: str, partitions: int, private_partitions: int = 0
    ) -> None:
        self.epoch = epoch
        self.occurred_at: datetime | None = None
        self.boards_periods: set[str] = set()
        self._public = partitions
        self._next = [0] * (partitions + private_partitions)
        self._channels = {name: _Rows(len(self._next)) for name in CHANNELS}
        self._arrivals = 0
        self._cursor: Cursor | None = None

    def __len__(self) -> int:
        """Return the number of rows of all channels."""
        return sum(
            len(rows) for each in self._channels.values() for rows in each.of_partition
        )

    @property
    def cursor(self) -> Cursor:
        """Up to where the view is complete."""
        if self._cursor is None:
            self._cursor = Cursor(self.epoch, tuple(self._next))
        return self._cursor

    def apply(
        self, partition: int, offset: int, key: bytes | None, value: bytes | None
    ) -> tuple[RowVersion, RowVersion | None] | None:
        """
        Take in the next record of a partition.

        Returns:
            The row's new version, and the one that it replaces; None if no channel
            that is known here shows it.

        Raises:
            IntegrityError: if the record is no row, or not behind those before it.
        """
        where = self._place(partition, offset)
        if not 0 <= partition < len(self._next):
            raise IntegrityError(f"{where}: the view has {len(self._next)} partitions")
        if offset < self._next[partition]:
            raise IntegrityError(
                f"{where}: the next one had to be {self._next[partition]} or later"
            )
        if key is None or value is None:
            raise IntegrityError(
                f"{where}: has no {'key' if key is None else 'value'}; rows are never "
                "deleted"
            )
        try:
            glance = _glance(value)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise IntegrityError(f"{where}: is no row: {exc}") from exc
        channel = CHANNEL_OF_ROW.get(glance.type)
        if channel is None:
            self._move(partition, offset)
            return None
        if channel.is_private != (partition >= self._public):
            raise IntegrityError(
                f"{where}: a row of {channel.name} lies among "
                f"{'public' if channel.is_private else 'private'} ones"
            )
        name = glance.party if channel.is_private else glance.product_id
        if name is None:
            raise IntegrityError(f"{where}: a private row says nobody's party")
        of_channel = self._channels[channel.name]
        rows = of_channel.of_partition[partition]
        previous = rows.get(key)
        if previous is None:
            self._check_new(where, key, glance, of_channel.of_name.get(name, {}))
        elif (glance.product_id, glance.period, name) != (
            previous.product_id,
            previous.period,
            previous.indexed_by,
        ):
            raise _mismatch(where, previous.product_id, previous.period, glance)
        version = RowVersion(
            key,
            channel.name,
            # The texts of the version before, so that they lie here once.
            glance.product_id if previous is None else previous.product_id,
            glance.period if previous is None else previous.period,
            partition,
            offset,
            value,
            zlib.crc32(value),
            self._arrivals,
            name if previous is None else previous.indexed_by,
        )
        self._arrivals += 1
        if previous is not None:
            del rows[key]
        rows[key] = version
        of_channel.of_name.setdefault(version.indexed_by, {})[key] = version
        self._move(partition, offset)
        if channel is ROUNDS:
            self.boards_periods.add(glance.period)
        occurred_at = glance.occurred_at
        if (
            occurred_at is not None
            and channel is MARKET_CHANNEL
            and (self.occurred_at is None or occurred_at > self.occurred_at)
        ):
            self.occurred_at = occurred_at
        return version, previous

    def rows(self, wanted: Selection) -> list[RowVersion]:
        """Return all rows that are wanted, in the order of their last change."""
        return self._sorted(self._changed((0,) * len(self._next), wanted))

    def changed_since(self, cursor: Cursor, wanted: Selection) -> list[RowVersion]:
        """
        Return the wanted rows that changed at or behind `cursor`, newest last.

        The caller has made sure that this view's cursor covers `cursor`.
        """
        return self._sorted(self._changed(cursor.offsets, wanted))

    # Private.

    def _place(self, partition: int, offset: int) -> str:
        if partition < self._public:
            return f"market partition {partition} offset {offset}"
        return f"accounts partition {partition - self._public} offset {offset}"

    def _move(self, partition: int, offset: int) -> None:
        self._next[partition] = offset + 1
        self._cursor = None

    @staticmethod
    def _check_new(
        where: str, key: bytes, glance: _Glance, of_name: dict[bytes, RowVersion]
    ) -> None:
        try:
            named = _decode_key(key)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise IntegrityError(f"{where}: its key names no row: {exc}") from exc
        if (named.product_id, named.period) != (glance.product_id, glance.period):
            raise _mismatch(where, named.product_id, named.period, glance)
        if named.type != glance.type:
            raise IntegrityError(
                f"{where}: the key is that of a row of type {named.type!r}, the row's "
                f"is {glance.type!r}"
            )
        elsewhere = of_name.get(key)
        if elsewhere is not None:
            raise IntegrityError(
                f"{where}: the row lies in partition {elsewhere.partition} too; "
                "was the number of partitions changed? Give it a new epoch"
            )

    @staticmethod
    def _sorted(versions: Iterator[RowVersion]) -> list[RowVersion]:
        return sorted(versions, key=_arrival)

    def _changed(
        self, offsets: tuple[int, ...], wanted: Selection
    ) -> Iterator[RowVersion]:
        products, period = wanted.products, wanted.period
        of_channel = self._channels[wanted.channel]
        names: Collection[str] | None = products
        if CHANNELS[wanted.channel].is_private:
            if wanted.party is None:
                raise AssertionError(f"rows of {wanted.channel} are asked for nobody")
            names = (wanted.party,)
        if names is not None and len(names) <= INDEX_LIMIT:
            for name in names:
                for version in of_channel.of_name.get(name, {}).values():
                    if version.offset >= offsets[version.partition] and (
                        period is None or version.period == period
                    ):
                        yield version
            return
        for partition, rows in enumerate(of_channel.of_partition):
            start = offsets[partition]
            # From the newest on, so that what has not changed is never looked at.
            for version in reversed(rows.values()):
                if version.offset < start:
                    break
                if (period is None or version.period == period) and (
                    products is None or version.product_id in products
                ):
                    yield version


def _mismatch(
    where: str, product_id: str, period: str, glance: _Glance
) -> IntegrityError:
    return IntegrityError(
        f"{where}: the key says {product_id!r} {period!r}, the row "
        f"{glance.product_id!r} {glance.period!r}"
    )


def _arrival(version: RowVersion) -> int:
    return version.arrival
