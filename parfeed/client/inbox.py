"""
PURE. What changed since the reader last looked: bounded, whatever the reader does.

A `conflated` inbox keeps the newest version of each row, so it is never larger than
the subscription. A `stream` inbox keeps every version in order, up to a bound; past it
the versions it holds are merged as in a conflated one, until the reader takes them.
How many were merged away is counted.
"""

from typing import Final

import msgspec

from parfeed.client.replica import Change
from parfeed.client.row_kinds import Key

STREAM_ROWS: Final = 16_384
"""Versions that wait for a slow reader of a stream: some 25 MB of rows of 1.5 KB, about
a second of a feed at full rate."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a reader takes.

    Attributes:
        change: the rows, in the order of their change.
        merged: versions that were skipped, by the server or here.
        is_snapshot: whether `change` is all rows there are; rows from before are void.
    """

    change: Change
    merged: int
    is_snapshot: bool


class Inbox:
    """The changes of one subscription that wait for its reader."""

    __slots__ = ("_bound", "_is_snapshot", "_merged", "_newest", "_stream", "_waits")

    def __init__(self, *, is_stream: bool, bound: int = STREAM_ROWS) -> None:
        self._bound = bound if is_stream else 0
        self._stream: Change = []
        self._newest: dict[Key, bytes] = {}
        self._merged = 0
        self._is_snapshot = False
        self._waits = False

    def __bool__(self) -> bool:
        return self._waits

    def __len__(self) -> int:
        """Return how many rows wait."""
        return len(self._newest) + len(self._stream)

    def replace(self, change: Change) -> None:
        """Put a snapshot in: what waits is void."""
        self._merged += len(self)
        self._stream = []
        # All rows of a snapshot differ, so they are already the newest of each.
        self._newest = dict(change)
        self._is_snapshot = True
        self._waits = True

    def add(self, change: Change, merged: int) -> None:
        """Put changed rows in; an update without rows is no news."""
        self._merged += merged
        if not change:
            return
        self._waits = True
        if len(self._stream) + len(change) <= self._bound:
            self._stream += change
            return
        self._merge(self._stream)
        self._stream = []
        self._merge(change)

    def take(self) -> Delivery | None:
        """Take everything that waits; None if nothing does."""
        if not self._waits:
            return None
        delivery = Delivery(
            change=[*self._newest.items(), *self._stream],
            merged=self._merged,
            is_snapshot=self._is_snapshot,
        )
        self._newest = {}
        self._stream = []
        self._merged = 0
        self._is_snapshot = False
        self._waits = False
        return delivery

    def _merge(self, change: Change) -> None:
        newest = self._newest
        for key, row in change:
            # Taken out first, so that the order is that of the last change.
            if newest.pop(key, None) is not None:
                self._merged += 1
            newest[key] = row
