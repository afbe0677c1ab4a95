"""
PURE. The rolling tables of one partition: rows, lines and the ids seen of late.

Rows are products in periods; a line is what stands for one party until its next
revision. `market/batch.py` changes them; recovery puts them back as they were
written last. Of a period whose trading has ended nothing is kept but that it has, and
the companies' prices, which stand on.
"""

from bisect import bisect_right, insort
from collections.abc import Callable
from decimal import Decimal

import msgspec

from schemas.rows import Line, MarketRow
from schemas.topics import Topic
from schemas.values import Period
from streams.market.duplicates import SeenIds
from streams.market.fold import Ask
from streams.market.gates import Gate
from streams.market.periods import Calendar
from streams.market.standing import LineKey, Standing

RowKey = tuple[str, str]
"""product_id, period."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a market is set to.

    Attributes:
        calendar: length of its periods.
        early_limit_s: how far ahead of its arrival an event's time may lie.
        duplicates_window: records of a topic's partition whose ids are remembered.
        belongs: whether a product's records belong in this partition.
    """

    calendar: Calendar
    early_limit_s: float
    duplicates_window: int
    belongs: Callable[[str], bool]


class Tables:
    """The tables of one partition."""

    def __init__(self, partition: int, rules: Rules) -> None:
        self.partition = partition
        self.rules = rules
        self.rows: dict[RowKey, MarketRow] = {}
        self.lines: dict[LineKey, Line] = {}
        self._seen: dict[str, SeenIds] = {}
        # Which periods a product has rows in, and its price lines: a price stands
        # through later periods until its company's next.
        self._periods: dict[str, set[Period]] = {}
        self._asks: dict[str, dict[str, _Prices]] = {}
        # What the lines say of planning; `gates` by period.
        self.gates: dict[str, Gate] = {}
        self._standing: dict[RowKey, Standing] = {}
        self.ended: set[str] = set()

    def put_row(self, row: MarketRow) -> None:
        """Replace a row; one of a period that has ended is let go."""
        if row.period in self.ended:
            return
        self.rows[row.product_id, row.period] = row
        self._periods.setdefault(row.product_id, set()).add(row.period)

    def put_line(self, line: Line) -> None:
        """Replace a line; a closing ends its period."""
        if line.kind == "closing":
            self.end(line.period)
        elif line.kind != "price" and line.period in self.ended:
            return
        key = line_key(line)
        self.lines[key] = line
        if line.kind == "price":
            companies = self._asks.setdefault(line.product_id, {})
            companies.setdefault(line.party_id, _Prices()).put(line)
        elif line.kind == "period":
            closes, opened = int(line.amount), int(line.quantity)
            self.gates[line.period] = Gate(opened, closes, line.revision)
        elif line.kind not in ("indicative_price", "closing"):
            self.standing(line.product_id, line.period).put(key, line)

    def end(self, period: str) -> None:
        """Let go of what was kept of a period; its events are refused from now on."""
        if period in self.ended:
            return
        self.ended.add(period)
        for product_id in [of for of, when in self.rows if when == period]:
            del self.rows[product_id, period]
            periods = self._periods[product_id]
            periods.discard(Period(period))
            if not periods:
                del self._periods[product_id]
        for key in [key for key in self.lines if key[2] == period]:
            if key[0] not in ("price", "closing"):
                del self.lines[key]
        for named in [named for named in self._standing if named[1] == period]:
            del self._standing[named]
        self.gates.pop(period, None)

    def folded_to(self, period: str, topic: Topic) -> int:
        """Return the last offset of a topic that a period has in its rows, or -1."""
        return max(
            (
                row.positions.get(topic.name, -1)
                for (_, when), row in self.rows.items()
                if when == period
            ),
            default=-1,
        )

    def standing(self, product_id: str, period: str) -> Standing:
        """Return what stands in planning of a product and period."""
        standing = self._standing.get((product_id, period))
        if standing is None:
            standing = self._standing[product_id, period] = Standing()
        return standing

    def seen_ids(self, topic: Topic) -> SeenIds:
        """Return the duplicates' window of a source topic."""
        seen = self._seen.get(topic.name)
        if seen is None:
            seen = self._seen[topic.name] = SeenIds(self.rules.duplicates_window)
        return seen

    def periods_of(self, product_id: str) -> frozenset[Period]:
        """Return the periods that a product has rows in."""
        return frozenset(self._periods.get(product_id, ()))

    def least_ask(self, product_id: str, period: str) -> Ask | None:
        """
        Return the least unplanned price that stands in a period.

        Of each company its newest price up to the period counts; among equal prices
        the first company by name, so that the order of arrival does not show.
        """
        asks = []
        for company_id, prices in self._asks.get(product_id, {}).items():
            standing = prices.standing_in(period)
            if standing is not None:
                asks.append(Ask(standing, company_id))
        return min(asks, default=None)


class _Prices:
    # A company's prices of a product. Its periods only become more, so looking for
    # the newest up to one must not take longer the more there are.

    def __init__(self) -> None:
        self._periods: list[Period] = []  # sorted
        self._price: dict[Period, Decimal] = {}

    def put(self, line: Line) -> None:
        if line.period not in self._price:
            insort(self._periods, line.period)
        self._price[line.period] = line.amount

    def standing_in(self, period: str) -> Decimal | None:
        after = bisect_right(self._periods, period)
        return self._price[self._periods[after - 1]] if after else None


def line_key(line: Line) -> LineKey:
    """Return the key of a line's record."""
    return (
        line.kind,
        line.product_id,
        line.period,
        line.party_id,
        line.for_product_id or "",
    )
