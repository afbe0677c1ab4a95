"""
PURE. What a subscriber reads: rows and their changes, decoded when they are looked at.

Most readers look at a few rows of many, and decoding one costs more than all else that
happens to it. So rows stay bytes until someone asks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Generic

from parfeed.client.inbox import Delivery
from parfeed.client.row_kinds import Key, R


class Rows(Mapping[Key, R]):
    """
    All rows of a subscription by what names them: (product_id, period) in `market`,
    (product_id, period, round) in `rounds`, (period, party) in `consumer`; see
    `schemas.channels`.

    Live: it moves on whenever its reader awaits. `dict(rows)` keeps a moment. A row is
    decoded at every look.

    Attributes:
        raw: the same rows as the bytes that came; live too.
        decode: makes a row of its bytes.
    """

    __slots__ = ("decode", "raw")

    def __init__(self, raw: Mapping[Key, bytes], decode: Callable[[bytes], R]) -> None:
        self.raw = raw
        self.decode = decode

    def __getitem__(self, key: Key) -> R:
        return self.decode(self.raw[key])

    def __iter__(self) -> Iterator[Key]:
        return iter(self.raw)

    def __len__(self) -> int:
        return len(self.raw)

    def __contains__(self, key: object) -> bool:
        return key in self.raw


class Update(Generic[R]):
    """
    What changed since the reader's last update.

    Attributes:
        cursor: up to where `rows` is complete.
        merged: versions of rows that were skipped because newer ones followed, by the
            server or while the reader was busy.
        is_snapshot: whether this replaces everything from before; `changed` is then
            all rows there are.
        rows: all rows of the subscription.
    """

    def __init__(self, delivery: Delivery, cursor: str | None, rows: Rows[R]) -> None:
        self._delivery = delivery
        self.cursor = cursor
        self.merged = delivery.merged
        self.is_snapshot = delivery.is_snapshot
        self.rows = rows

    @property
    def keys(self) -> Sequence[Key]:
        """What names the changed rows, in the order of their change; see `Rows`."""
        return [key for key, _ in self._delivery.change]

    @property
    def raw(self) -> Sequence[bytes]:
        """The changed rows as the bytes that came."""
        return [row for _, row in self._delivery.change]

    @cached_property
    def changed(self) -> Sequence[R]:
        """The changed rows, whole, in the order of their change."""
        return [self.rows.decode(row) for _, row in self._delivery.change]
