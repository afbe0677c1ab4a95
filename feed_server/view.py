"""
PURE. The market as this server knows it: the newest bytes of every row.

A cursor is the next offset of every partition, made from rows alone: the marks that
Kafka's transactions leave in the log do not move it, so that every server that has
read the same rows has the same cursor. What changed since a cursor is what lies at or
behind it, newest versions only; no history is kept.

Rows' bytes are never changed and lie here once. What is in the log and is no row stops
the process: only our own workers write it. They never delete a row, and the feed has
no message that would; a record without a value is therefore such an error too.
"""

import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec

from feed_server.selection import Selection
from schemas.cursor import Cursor
from schemas.errors import IntegrityError

INDEX_LIMIT: Final = 64
"""Products up to which a selection is looked up product by product; beyond it, going
through what changed is cheaper than through what might have."""

_decode_key = msgspec.json.Decoder(tuple[str, str]).decode


class _Glance(msgspec.Struct):
    # All that the server itself wants to know of a row; decoding it also proves that
    # the bytes are one JSON object, so they can stand in a frame as they are.
    product_id: str
    period: str
    occurred_at: datetime | None = None


_glance = msgspec.json.Decoder(_Glance).decode


class RowVersion(msgspec.Struct, frozen=True, gc=False):
    """
    One version of a row, and where it lies.

    Attributes:
        value: the row's JSON text, byte for byte as the worker wrote it.
        crc32: of `value`.
        arrival: counts the versions that this view was given; orders them.
    """

    key: bytes
    product_id: str
    period: str
    partition: int
    offset: int
    value: bytes
    crc32: int
    arrival: int


class View:
    """
    The newest version of every row.

    Attributes:
        epoch: the log's identity.
        occurred_at: newest event time in any row; None while there is none.
    """

    def __init__(self, epoch: str, partitions: int) -> None:
        self.epoch = epoch
        self.occurred_at: datetime | None = None
        self._next = [0] * partitions
        # By partition, in the order of their offsets: a row that changes is taken out
        # and put in again at the end.
        self._rows: list[dict[bytes, RowVersion]] = [{} for _ in range(partitions)]
        self._of_product: dict[str, dict[bytes, RowVersion]] = {}
        self._arrivals = 0
        self._cursor: Cursor | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return sum(map(len, self._rows))

    @property
    def cursor(self) -> Cursor:
        """Up to where the view is complete."""
        if self._cursor is None:
            self._cursor = Cursor(self.epoch, tuple(self._next))
        return self._cursor

    def apply(
        self, partition: int, offset: int, key: bytes | None, value: bytes | None
    ) -> tuple[RowVersion, RowVersion | None]:
        """
        Take in the next record of a partition.

        Returns:
            The row's new version, and the one that it replaces.

        Raises:
            IntegrityError: if the record is no row, or not behind those before it.
        """
        where = f"market partition {partition} offset {offset}"
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
        rows = self._rows[partition]
        previous = rows.get(key)
        try:
            glance = _glance(value)
            if previous is None:
                product_id, period = _decode_key(key)
            else:
                product_id, period = previous.product_id, previous.period
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise IntegrityError(f"{where}: is no row: {exc}") from exc
        if glance.product_id != product_id or glance.period != period:
            raise IntegrityError(
                f"{where}: the key says {product_id!r} {period!r}, the row "
                f"{glance.product_id!r} {glance.period!r}"
            )
        of_product = self._of_product.setdefault(product_id, {})
        if previous is None and key in of_product:
            raise IntegrityError(
                f"{where}: the row lies in partition {of_product[key].partition} too; "
                "was the number of partitions changed? Give it a new epoch"
            )
        version = RowVersion(
            key,
            product_id,
            period,
            partition,
            offset,
            value,
            zlib.crc32(value),
            self._arrivals,
        )
        self._arrivals += 1
        if previous is not None:
            del rows[key]
        rows[key] = of_product[key] = version
        self._next[partition] = offset + 1
        self._cursor = None
        occurred_at = glance.occurred_at
        if occurred_at is not None and (
            self.occurred_at is None or occurred_at > self.occurred_at
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

    @staticmethod
    def _sorted(versions: Iterator[RowVersion]) -> list[RowVersion]:
        return sorted(versions, key=_arrival)

    def _changed(
        self, offsets: tuple[int, ...], wanted: Selection
    ) -> Iterator[RowVersion]:
        products, period = wanted.products, wanted.period
        if products is not None and len(products) <= INDEX_LIMIT:
            for product_id in products:
                for version in self._of_product.get(product_id, {}).values():
                    if version.offset >= offsets[version.partition] and (
                        period is None or version.period == period
                    ):
                        yield version
            return
        for partition, rows in enumerate(self._rows):
            start = offsets[partition]
            # From the newest on, so that what has not changed is never looked at.
            for version in reversed(rows.values()):
                if version.offset < start:
                    break
                if (period is None or version.period == period) and (
                    products is None or version.product_id in products
                ):
                    yield version


def _arrival(version: RowVersion) -> int:
    return version.arrival
