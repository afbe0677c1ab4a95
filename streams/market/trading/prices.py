"""
PURE. The planned prices of one product over a period, and those of its rounds.

A requested rebid changes the price for the rest of a period, so that the period falls
into steps. At a moment the announcement of the greatest revision counts of those that
stand by then (`streams/market/settlement/prices.py`); which came first does not show.
"""

from bisect import bisect_right
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from schemas.planning import PlannedPriceAnnounced, PriceAnnounced
from schemas.rows import ZERO
from streams.market.settlement.prices import PlannedPrices

_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
"""Before any moment of the wire: from when on a price without `stands_from` counts."""


class Prices:
    """
    The prices of one product in one period.

    Attributes:
        planned: the announcements themselves, as purchases are split by them.
        steps: the planned prices one after the other; two neighbours may be equal.
        is_constant: whether there is one price for all of the period.
    """

    __slots__ = (
        "_first",
        "_revision",
        "_rounds",
        "_starts",
        "is_constant",
        "planned",
        "steps",
    )

    def __init__(self) -> None:
        self.planned = PlannedPrices()
        self.steps: list[Decimal] = []
        self.is_constant = False
        self._starts: list[datetime] = []
        self._rounds: dict[int, Decimal] = {}
        # (revision, event_id, price) of the least revision; the greatest of all.
        self._first: tuple[int, str, Decimal] | None = None
        self._revision = -1

    def take(self, event: PlannedPriceAnnounced) -> None:
        """Take an announcement; one that was taken before changes nothing."""
        self.planned.take(event)
        first = (event.revision, event.event_id, ZERO + event.planned_price)
        if self._first is None or first < self._first:
            self._first = first
        self._revision = max(self._revision, event.revision)
        start = event.stands_from or _ALWAYS
        at = bisect_right(self._starts, start)
        if not at or self._starts[at - 1] != start:
            self._starts.insert(at, start)
        prices = [self.planned.at(start) for start in self._starts]
        # Something stands from each of the starts on: that which starts there.
        self.steps = [price for price in prices if price is not None]
        self.is_constant = self._starts == [_ALWAYS]

    def take_round(self, event: PriceAnnounced) -> None:
        """Take the price of a round."""
        self._rounds[event.round] = ZERO + event.announced_price

    @property
    def begin(self) -> Decimal | None:
        """The price that stands first; None before there is any."""
        return self.steps[0] if self.steps else None

    @property
    def next_revision(self) -> int:
        """The revision of an announcement that counts before all others."""
        return self._revision + 1

    def step_at(self, moment: datetime) -> int:
        """Return the number of the step at a moment; -1 before the first."""
        if self.is_constant:
            return 0
        return bisect_right(self._starts, moment) - 1

    def price_at(self, moment: datetime) -> Decimal | None:
        """Return the planned price of a unit bought at a moment; None without one."""
        step = self.step_at(moment)
        return self.steps[step] if step >= 0 else None

    def planned_at(self, round_: int) -> Decimal | None:
        """
        Return the price at which a line was planned.

        Args:
            round_: that the line answers; 0 for none.

        Returns:
            The price announced in that round. If it answers none, or its round is not
            known, the planned price that was announced first; None without any.
        """
        price = self._rounds.get(round_)
        if price is None and self._first is not None:
            return self._first[2]
        return price

    def set_aside_at(self, round_: int) -> Decimal | None:
        """
        Return the price at which a denied line's budget was set aside.

        That is the first that the line answered, as `planning/outcome.py` has it: of
        the round that it names, of the first if it names none. Else as `planned_at`.
        """
        last = max(self._rounds, default=0)
        return self.planned_at(min(max(1, round_), max(1, last)))
