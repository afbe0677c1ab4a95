"""
PURE. Who wants what: subscriptions, in groups of those that want the same.

What a change of a row costs does not depend on how many subscribe, only on how many
different groups the row concerns; those are found by its product, or by the party whose
row it is. A group keeps what
all its members share: what waits for them, the checksum of their rows, whose turn it
is. A subscription keeps its own: its cursor, and how many versions it has seen.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Protocol

from feed_server.conflation import Pending
from feed_server.selection import Selection
from feed_server.view import RowVersion
from schemas.channels import CHANNELS
from schemas.feed import CHECKSUM_MODULUS


class Subscriber(Protocol):
    """Who takes frames: a session."""

    is_full: bool
    """Whether it takes no rows for now, because it does not read what it was sent."""

    def offer(self, frame: bytes) -> None:
        """Take a frame to send."""


class Subscription:
    """
    One subscription of one session.

    Attributes:
        cursor: exactly what the client has for this subscription.
        seen: how many of its group's versions lie before that cursor.
    """

    __slots__ = ("cursor", "group", "id", "seen", "subscriber")

    def __init__(
        self,
        id: str,  # noqa: A002 - the wire's word
        subscriber: Subscriber,
        group: "Group",
        cursor: str,
    ) -> None:
        self.id = id
        self.subscriber = subscriber
        self.group = group
        self.cursor = cursor
        self.seen = group.pending.versions

    @property
    def is_caught_up(self) -> bool:
        """Tell whether the client has every change that there was."""
        return self.seen == self.group.pending.versions


GroupKey = tuple[Selection, bool, float | None]


class Group:
    """
    The subscriptions with one selection, mode and rate.

    Attributes:
        members: the subscriptions, in the order in which they came.
        checksum: sum modulo 2**32 of the CRC-32 of the selection's rows as they are
            now.
        is_dirty: whether its owner has been told that something waits.
    """

    __slots__ = ("_slot", "checksum", "is_dirty", "key", "members", "pending")

    def __init__(self, key: GroupKey, rows: Iterable[RowVersion]) -> None:
        self.key = key
        self.members: dict[Subscription, None] = {}
        self.pending = Pending(keeps_every=key[1])
        self.checksum = 0
        for version in rows:
            self.checksum = (self.checksum + version.crc32) % CHECKSUM_MODULUS
        self.is_dirty = False
        self._slot: int | None = None

    @property
    def selection(self) -> Selection:
        """Return what the members want."""
        return self.key[0]

    def add(self, version: RowVersion, previous: RowVersion | None) -> None:
        """Take in a row's new version."""
        before = 0 if previous is None else previous.crc32
        self.checksum = (self.checksum + version.crc32 - before) % CHECKSUM_MODULUS
        self.pending.add(version)

    def is_due(self, now: float) -> bool:
        """
        Tell whether the group may be sent now.

        Turns of a rate lie on a grid that starts at the clock's zero, so that groups
        and heartbeats with rates in whole proportions meet. What waits is sent at the
        first turn after it was first asked about; updates are never closer than 1/rate.
        """
        max_rate = self.key[2]
        if max_rate is None:
            return True
        # A clock reads 0.3 as 0.29999999999999999: an early turn of a nanosecond.
        slot = math.floor(now * max_rate + 1e-9)
        if self._slot is None:
            self._slot = slot
        if slot <= self._slot:
            return False
        self._slot = None
        return True

    @property
    def due_at(self) -> float | None:
        """Return when the turn is that the group waits for."""
        max_rate = self.key[2]
        if max_rate is None or self._slot is None:
            return None
        return (self._slot + 1) / max_rate


class _Index:
    # The groups of one channel; of a private one by party instead of by product.
    __slots__ = ("of_all", "of_name")

    def __init__(self) -> None:
        self.of_all: dict[GroupKey, Group] = {}
        self.of_name: dict[str, dict[GroupKey, Group]] = {}


class Groups:
    """All groups of all channels, found by what they want."""

    def __init__(self) -> None:
        self._groups: dict[GroupKey, Group] = {}
        self._channels = {name: _Index() for name in CHANNELS}

    def __len__(self) -> int:
        return len(self._groups)

    def get(self, key: GroupKey) -> Group | None:
        """Return the group, if anybody is in it."""
        return self._groups.get(key)

    def add(self, group: Group) -> None:
        """Put a new group into the index."""
        self._groups[group.key] = group
        index = self._channels[group.selection.channel]
        names = _names(group.selection)
        if names is None:
            index.of_all[group.key] = group
            return
        for name in names:
            index.of_name.setdefault(name, {})[group.key] = group

    def remove(self, group: Group) -> None:
        """Take a group that nobody is in any more out of the index."""
        del self._groups[group.key]
        index = self._channels[group.selection.channel]
        names = _names(group.selection)
        if names is None:
            del index.of_all[group.key]
            return
        for name in names:
            of_name = index.of_name[name]
            del of_name[group.key]
            if not of_name:
                del index.of_name[name]

    def wanting(self, channel: str, name: str, period: str) -> Iterator[Group]:
        """
        Return the groups that want some rows.

        Args:
            channel: of the rows.
            name: their product_id; of a private channel, their party.
            period: of the rows.
        """
        index = self._channels[channel]
        for groups in (index.of_all, index.of_name.get(name)):
            if groups:
                for group in groups.values():
                    wanted = group.key[0].period
                    if wanted is None or wanted == period:
                        yield group


def _names(selection: Selection) -> Iterable[str] | None:
    # What a selection's groups are found by; None for all of a public channel.
    if not CHANNELS[selection.channel].is_private:
        return selection.products
    if selection.party is None:
        raise AssertionError(f"rows of {selection.channel} for nobody in particular")
    return (selection.party,)
