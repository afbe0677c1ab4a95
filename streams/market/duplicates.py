"""
PURE. The duplicates' window: which event ids a topic's partition has seen of late.

Ids are kept in two generations, each covering `window / 2` offsets, the older one
dropped whole when a third begins. So at least the newest `window / 2` and at most
`window` records are remembered, without an order to keep per id. An event whose id
has left the window counts again: docs/events.md says so to senders.

Nothing of it is written: the source topic holds the ids, and recovery reads them
back (`span_to_read`).
"""

from collections.abc import Collection


class SeenIds:
    """
    The ids of one source topic's partition.

    Args:
        window: how many of the newest records are remembered at most; at least 2.
    """

    def __init__(self, window: int) -> None:
        self._span = window // 2
        self._generation = -1
        self._older: set[str] = set()
        self._newer: set[str] = set()

    def __len__(self) -> int:
        return len(self._older) + len(self._newer)

    def __contains__(self, event_id: str) -> bool:
        return event_id in self._newer or event_id in self._older

    def advance(self, offset: int) -> None:
        """Make the window end at a batch that begins at `offset`."""
        generation = offset // self._span
        if generation <= self._generation:
            return
        if generation == self._generation + 1:
            self._older = self._newer
        else:
            self._older = set()
        self._newer = set()
        self._generation = generation

    def add(self, event_id: str) -> None:
        """Remember one id."""
        self._newer.add(event_id)

    def add_all_if_new(self, event_ids: Collection[str]) -> bool:
        """
        Remember a batch of ids if each is new and no two are the same.

        Returns:
            False, with nothing remembered, if any is not new: then look at each.
        """
        distinct = set(event_ids)
        if (
            len(distinct) != len(event_ids)
            or not distinct.isdisjoint(self._newer)
            or not distinct.isdisjoint(self._older)
        ):
            return False
        self._newer |= distinct
        return True

    def span_to_read(self, end: int) -> range:
        """Return the offsets whose ids make the window of a partition read to `end`."""
        first = max(0, (end // self._span - 1) * self._span)
        return range(first, end)
