"""
PURE. What a shop sold in the weeks before: from it plans, bids and planned prices.

The data set holds purchases only. What a consumer plans, a company bids and the board
announces for a week is derived from the `HISTORY_WEEKS` weeks before it, and wherever
it shows it is said to be derived. Only those weeks and the running one are kept, so
memory does not grow with the file.

Sums of whole units over four weeks are quarters of a unit of the mean: integers until
the very end, and so exact.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import accumulate
from typing import Final

from parfeed.sources.reading import RetailRow
from schemas.values import MAX_DECIMALS, Price, Quantity

HISTORY_WEEKS: Final = 4
"""A mean over four weeks evens out single orders; `quarters` rests on it being 4."""

_SMALLEST: Final = Decimal(1).scaleb(-MAX_DECIMALS)


def week_of(moment: datetime) -> int:
    """Return the number of the ISO week of a moment in UTC, counted from the year 1."""
    # Ordinal 1 is Monday, 1 January of the year 1.
    return (moment.toordinal() - 1) // 7


def monday_of(week: int) -> datetime:
    """Return the first moment of a week."""
    return datetime.fromordinal(week * 7 + 1).replace(tzinfo=UTC)


def quarters(count: int) -> Quantity:
    """Return a number of quarter units as a quantity: 9 is `2.25`."""
    whole, rest = divmod(count, 4)
    return Quantity(f"{whole}{('', '.25', '.5', '.75')[rest]}")


class History:
    """What was bought in the weeks before, as far back as plans look."""

    def __init__(self) -> None:
        self._weeks: dict[int, _Week] = {}
        self._country: dict[str, str] = {}

    def add(self, week: int, row: RetailRow) -> None:
        """
        Count a purchase, or a cancellation (a quantity below zero), in its week.

        Args:
            week: the row's; one that was forgotten is passed over.
            row: of a known kind; refused rows are no history.
        """
        kept = self._weeks.get(week)
        if kept is None:
            if self._weeks and week < max(self._weeks) - HISTORY_WEEKS:
                return
            kept = self._weeks[week] = _Week()
        kept.sold[row.code] += row.quantity
        if row.consumer_id is not None:
            kept.bought[row.consumer_id, row.code] += row.quantity
            if row.country is not None:
                self._country[row.consumer_id] = row.country
        if row.quantity > 0:
            kept.prices[row.code][row.unit_price] += 1

    def forget_before(self, week: int) -> None:
        """Forget what no plan from `week` on looks back to."""
        for old in [old for old in self._weeks if old < week - HISTORY_WEEKS]:
            del self._weeks[old]

    def plans(self, week: int) -> Iterator[tuple[str, str, int]]:
        """Yield (consumer, stock code, quarters) of the week's plan lines, sorted."""
        total: Counter[tuple[str, str]] = Counter()
        for kept in self._before(week):
            total.update(kept.bought)
        for (consumer_id, code), count in sorted(total.items()):
            if count > 0:
                yield consumer_id, code, count

    def bids(self, week: int) -> Iterator[tuple[str, int]]:
        """Yield (stock code, quarters) of the week's bids, sorted."""
        total: Counter[str] = Counter()
        for kept in self._before(week):
            total.update(kept.sold)
        for code, count in sorted(total.items()):
            if count > 0:
                yield code, count

    def planned_prices(self, week: int) -> Iterator[tuple[str, Price]]:
        """Yield (stock code, median unit price of its purchases), sorted."""
        total: defaultdict[str, Counter[Price]] = defaultdict(Counter)
        for kept in self._before(week):
            for code, prices in kept.prices.items():
                total[code].update(prices)
        for code, prices in sorted(total.items()):
            yield code, _median(prices)

    def country_of(self, consumer_id: str) -> str | None:
        """Return where a customer was at home when they bought last, if it is said."""
        return self._country.get(consumer_id)

    def _before(self, week: int) -> list["_Week"]:
        return [
            self._weeks[earlier]
            for earlier in range(week - HISTORY_WEEKS, week)
            if earlier in self._weeks
        ]


class _Week:
    # Net of cancellations; a week in which more was given back counts below zero.
    def __init__(self) -> None:
        self.sold: Counter[str] = Counter()
        self.bought: Counter[tuple[str, str]] = Counter()
        self.prices: defaultdict[str, Counter[Price]] = defaultdict(Counter)


def _median(counts: Counter[Price]) -> Price:
    # Each purchase is one observation, whatever its quantity. Of an even number the
    # median is the mean of the two in the middle.
    ordered = sorted(counts)
    total = sum(counts.values())
    lower = _nth(ordered, counts, (total - 1) // 2)
    upper = _nth(ordered, counts, total // 2)
    # The one place where a price is rounded: the mean of two may need a seventh
    # decimal place.
    middle = ((lower + upper) / 2).quantize(_SMALLEST, ROUND_HALF_EVEN).normalize()
    return Price(f"{middle:f}")


def _nth(ordered: list[Price], counts: Counter[Price], index: int) -> Price:
    upto = accumulate(counts[price] for price in ordered)
    return ordered[bisect_right(list(upto), index)]
