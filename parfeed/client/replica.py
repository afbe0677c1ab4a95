"""
PURE. A subscription's rows as the feed has them, by the strict rules of the protocol.

- A snapshot replaces everything.
- An update applies only if its `from` is the replica's cursor. Otherwise it is a gap:
  nothing changes and the replica waits for the answer to a new subscription from its
  cursor. What else arrives meanwhile belongs to the old one and is left aside.
- A heartbeat that lists the subscription moves the cursor and proves the rows: the sum
  (modulo 2**32) of the CRC-32 of each row's bytes as received. If the proof fails the
  cursor is void, and only a snapshot makes the replica current again.

Cursors are opaque here: they are compared, never read. Rows stay readable while the
replica waits, `is_current` tells.
"""

import enum
import zlib
from collections.abc import Callable, Iterable, Mapping

import msgspec

from parfeed.client.errors import ServerViolation
from parfeed.client.row_kinds import MARKET_ROWS, Key
from schemas.feed import CHECKSUM_MODULUS, Snapshot, Update

Change = list[tuple[Key, bytes]]
"""Rows that changed, whole, in the order of their change."""


class Verdict(enum.Enum):
    """What a message did to a replica."""

    APPLIED = "applied"
    LEFT_ASIDE = "left aside"
    """It belongs to a subscription that is being replaced."""
    GAP = "gap"
    """Something is missing: subscribe again from the cursor."""
    MISMATCH = "mismatch"
    """The rows are not the feed's: subscribe again without a cursor."""


class Replica:
    """
    The rows of one subscription.

    Args:
        key_of: names a row of its channel.

    Attributes:
        cursor: up to where the rows are complete; None if only a snapshot helps.
        checksum: sum modulo 2**32 of the CRC-32 of all rows.
        is_current: whether updates apply.
    """

    __slots__ = ("_crcs", "_key_of", "_rows", "checksum", "cursor", "is_current")

    def __init__(
        self, key_of: Callable[[msgspec.Raw], Key] = MARKET_ROWS.key_of
    ) -> None:
        self._key_of = key_of
        self.cursor: str | None = None
        self.checksum = 0
        self.is_current = False
        self._rows: dict[Key, bytes] = {}
        self._crcs: dict[Key, int] = {}

    @property
    def rows(self) -> Mapping[Key, bytes]:
        """The rows' bytes as received. Live: changes with every message."""
        return self._rows

    def apply_snapshot(self, snapshot: Snapshot) -> Change:
        """
        Replace all rows and become current.

        Raises:
            ServerViolation: if a row has no name; nothing has changed then.
        """
        change = self._named(snapshot.rows)
        self._rows.clear()
        self._crcs.clear()
        self.checksum = 0
        self._put(change)
        self.cursor = snapshot.cursor
        self.is_current = True
        return change

    def apply_update(self, update: Update) -> tuple[Verdict, Change]:
        """
        Apply the rows of an update that follows on the cursor.

        Raises:
            ServerViolation: if a row has no name; nothing has changed then.
        """
        # An update that fits also ends the wait: it is the answer to `resume`.
        if self.cursor is None or update.from_ != self.cursor:
            if not self.is_current:
                return Verdict.LEFT_ASIDE, []
            self.is_current = False
            return Verdict.GAP, []
        change = self._named(update.rows)
        self._put(change)
        self.cursor = update.to
        self.is_current = True
        return Verdict.APPLIED, change

    def prove(self, cursor: str, checksum: int) -> Verdict:
        """Compare with a heartbeat's checksum and take over its cursor."""
        if not self.is_current:
            return Verdict.LEFT_ASIDE
        if checksum != self.checksum:
            self.void()
            return Verdict.MISMATCH
        self.cursor = cursor
        return Verdict.APPLIED

    def void(self) -> None:
        """Give up the cursor: only a snapshot makes the rows current again."""
        self.cursor = None
        self.is_current = False

    def pause(self) -> None:
        """Take no more updates until one follows on the cursor: the connection went."""
        self.is_current = False

    def _named(self, rows: Iterable[msgspec.Raw]) -> Change:
        try:
            # A copy: a view would keep the whole frame alive for one row of it.
            return [(self._key_of(raw), bytes(raw)) for raw in rows]
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise ServerViolation(f"a row without its name: {exc}") from exc

    def _put(self, change: Change) -> None:
        rows, crcs, checksum = self._rows, self._crcs, self.checksum
        crc32 = zlib.crc32
        for key, row in change:
            crc = crc32(row)
            checksum += crc - crcs.get(key, 0)
            crcs[key] = crc
            rows[key] = row
        self.checksum = checksum % CHECKSUM_MODULUS


def checksum_of(rows: Iterable[bytes]) -> int:
    """Return the sum of the rows' CRC-32 as a heartbeat must say it."""
    return sum(map(zlib.crc32, rows)) % CHECKSUM_MODULUS
