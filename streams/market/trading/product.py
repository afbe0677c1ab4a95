"""
PURE. What the ledger knows of one product in one period, cards apart.

Call all of it in the context `schemas.values.EXACT`.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from schemas.events import ProductionReported
from schemas.rows import ZERO, Line
from streams.market.settlement.split import Trade
from streams.market.trading.groups import Group
from streams.market.trading.period import in_utc
from streams.market.trading.prices import Prices

_MICROSECOND: Final = timedelta(microseconds=1)
"""Between two moments of the wire."""


class TradedProduct:
    """
    One product in one period.

    Attributes:
        product_id: the product.
        prices: planned and announced.
        planned: P, the sum of its plan lines' amounts.
        bids: amount of each company's bid.
        bought: units bought, planned and unplanned, less those given back.
        sold: the same by company.
        produced: units made, by company.
        costs: by company what a unit cost it, as it said last: (occurred_at,
            event_id, unit_cost).
        newest: time of the newest event of its parties.
        groups: of consumers that have a card.
        shown_price: the planned price with which offers were shown last.
    """

    __slots__ = (
        "_inputs",
        "_is_out",
        "_own",
        "bids",
        "bought",
        "costs",
        "groups",
        "newest",
        "planned",
        "prices",
        "produced",
        "product_id",
        "shown_price",
        "sold",
    )

    def __init__(self, product_id: str) -> None:
        self.product_id = product_id
        self.prices = Prices()
        self.planned = self.bought = ZERO
        self.bids: dict[str, Decimal] = {}
        self.sold: dict[str, Decimal] = {}
        self.produced: dict[str, Decimal] = {}
        self.costs: dict[str, tuple[datetime, str, Decimal]] = {}
        self.newest: datetime | None = None
        self.groups: dict[str, Group] = {}
        self.shown_price: Decimal | None = None
        # Plan lines by party: its own, and what its bids need by the bid's product.
        self._own: dict[str, Line] = {}
        self._inputs: dict[str, dict[str, Line]] = {}
        self._is_out: set[str] = set()

    # Changing

    def put_line(self, line: Line) -> str | None:
        """
        Take a bid, a plan line or a council's decision as it stands.

        Returns:
            The party of a plan line; None for other kinds.
        """
        match line.kind:
            case "bid":
                self.bids[line.party_id] = line.amount
            case "plan":
                self._put_plan(line)
                return line.party_id
            case "decision":
                self._decide(line)
        return None

    def note(self, occurred_at: datetime) -> None:
        """Take note of when an event of its parties happened."""
        if self.newest is None or self.newest < occurred_at:
            self.newest = in_utc(occurred_at)

    def count(self, trade: Trade) -> None:
        """Count the units of a purchase or cancellation."""
        self.note(trade.occurred_at)
        quantity = trade.quantity
        self.bought += quantity
        self.sold[trade.company_id] = self.sold.get(trade.company_id, ZERO) + quantity

    def produce(self, event: ProductionReported) -> None:
        """Count what a company made, and what it says that it cost."""
        self.note(event.occurred_at)
        made = self.produced.get(event.company_id, ZERO)
        self.produced[event.company_id] = made + event.quantity
        if event.unit_cost is not None:
            cost = (in_utc(event.occurred_at), event.event_id, ZERO + event.unit_cost)
            known = self.costs.get(event.company_id)
            if known is None or known[:2] < cost[:2]:
                self.costs[event.company_id] = cost

    def after_newest(self, begin: datetime) -> datetime:
        """
        Return the first moment at which no event of its parties has happened yet.

        Args:
            begin: of the period.
        """
        return begin if self.newest is None else self.newest + _MICROSECOND

    def standing_price(self) -> Decimal | None:
        """Return the planned price that the next purchase will have."""
        if self.newest is None or self.prices.is_constant:
            return self.prices.begin
        return self.prices.price_at(self.newest + _MICROSECOND)

    def group_of(self, consumer_id: str) -> Group:
        """Return the consumer's group; an empty one with its lines at first."""
        group = self.groups.get(consumer_id)
        if group is None:
            group = self.groups[consumer_id] = Group(self.product_id, self.prices)
            self._put_lines(group, consumer_id)
        return group

    def reprice(self) -> None:
        """Take note that its prices have changed."""
        for group in self.groups.values():
            group.reprice()

    # Private

    def _put_plan(self, line: Line) -> None:
        party, bid = line.party_id, line.for_product_id
        if bid is None:
            before = self._own.get(party)
            self._own[party] = line
        else:
            inputs = self._inputs.setdefault(party, {})
            before = inputs.get(bid)
            inputs[bid] = line
        self.planned += line.amount - (ZERO if before is None else before.amount)
        group = self.groups.get(party)
        if group is not None:
            self._put_lines(group, party)

    def _put_lines(self, group: Group, party: str) -> None:
        own = self._own.get(party)
        units = ZERO if own is None else own.amount
        inputs = self._inputs.get(party)
        if inputs is not None:
            units += sum([each.amount for each in inputs.values()], ZERO)
        if own is not None and own.council_id in self._is_out:
            own = None
        group.put_lines(own, units)

    def _decide(self, line: Line) -> None:
        (self._is_out.discard if line.amount else self._is_out.add)(line.party_id)
        for party, group in self.groups.items():
            own = self._own.get(party)
            if own is not None and own.council_id == line.party_id:
                self._put_lines(group, party)
