"""
PURE. The duplicates' window: which event ids a topic's partition has seen of late.

Ids are kept in two generations, each covering `window / 2` offsets, the older one
dropped whole when a third begins. So at least the newest `window / 2` and at most
`window` records are remembered, without an order to keep per id. An event whose id
has left the window counts again: docs/events.md says so to senders.

A record's generation is that of its own offset, not of its batch, and a record whose
id was seen before is remembered like any other: so what is seen depends on the
records alone, and recovery comes to the same answers.

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

    def add(self, event_id: str, offset: int) -> bool:
        """Remember the id of the record at `offset`, and tell whether it was new."""
        self._advance(offset)
        is_new = event_id not in self
        self._newer.add(event_id)
        return is_new

    def add_all_if_new(
        self, event_ids: Collection[str], first_offset: int, last_offset: int
    ) -> bool:
        """
        Remember a batch of ids if each is new and no two are the same.

        Args:
            event_ids: of the batch's records.
            first_offset: of the first record.
            last_offset: of the last one.

        Returns:
            False, with nothing remembered, if any is not new or the batch reaches
            into another generation: then `add` each.
        """
        self._advance(first_offset)
        if last_offset // self._span != self._generation:
            return False
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

    def _advance(self, offset: int) -> None:
        generation = offset // self._span
        if generation <= self._generation:
            return
        if generation == self._generation + 1:
            self._older = self._newer
        else:
            self._older = set()
        self._newer = set()
        self._generation = generation
