"""
PURE. Everything that the ledger knows of one period while it trades.

Facts and lines are taken as they come, in any order, twice or not; rows are made when
they are asked for, of what has changed since. Call all of it in the context
`schemas.values.EXACT`.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from schemas.board_rows import EVERY_PRODUCT
from schemas.events import ProductionReported, PurchaseCancelled, PurchaseRecorded
from schemas.planning import PlannedPriceAnnounced, PriceAnnounced
from schemas.rows import Line
from schemas.trading import BudgetSet, TermsSet
from schemas.trading_rows import AlertKind, AlertRow, CostRow, FameRow
from schemas.values import Period
from streams.market.settlement.split import trade_of
from streams.market.trading.asks import Asks
from streams.market.trading.cards import Card
from streams.market.trading.fame import cost_rows, fame_rows
from streams.market.trading.groups import Group, Purchase
from streams.market.trading.loss import rates_of
from streams.market.trading.offers import offer_rows
from streams.market.trading.pace import (
    DEVIATION_PERCENT,
    deviation_of,
    pace_of,
    stands,
)
from streams.market.trading.period import span_of
from streams.market.trading.product import TradedProduct
from streams.market.trading.versions import LiveRow, Versions

LEAST_OVERDRAWN: Final = Decimal(5)
"""Overdrawn cards of a period from which on an alert says how many there are: figures
of fewer people are not public (k, docs/economics.md)."""


class PeriodTrade:
    """
    One period.

    Args:
        period: the period.
        terms: that stand in it.

    Attributes:
        span: its times.
        rates: the tax that goes on top of prices.
        products: by their product_id, as far as anything is known of them.
        cards: by consumer.
        taken: the purchases and cancellations that were counted, by event_id; those
            of known consumers as they stand on their cards.
        is_in_use: whether a purchase was taken.
        versions: of the period's rows.
    """

    def __init__(self, period: Period, terms: TermsSet) -> None:
        self.period = period
        self.span = span_of(period)
        self.terms = terms
        self.rates = rates_of(terms)
        self.products: dict[str, TradedProduct] = {}
        self.cards: dict[str, Card] = {}
        self.taken: dict[str, Purchase | None] = {}
        self.is_in_use = False
        # Its own ids: those of another topic name other events.
        self._reports: set[str] = set()
        self.versions = Versions()
        self._overdrawn = 0
        # Products that have had an alert.
        self._alerted: set[str] = set()
        # Products of each consumer's own plan lines: a card needs them once it is made.
        self._lines_of: dict[str, set[str]] = {}
        # What rows have to be made of. Sets keep no order; rows shall have one.
        self._touched_cards: dict[str, Card] = {}
        self._touched: dict[str, TradedProduct] = {}
        self._offers_due: set[str] = set()
        self._said: list[LiveRow] = []

    # Facts

    def take_trade(
        self,
        event: PurchaseRecorded | PurchaseCancelled,
        approved: Decimal | None = None,
    ) -> None:
        """
        Take a purchase or cancellation.

        Args:
            event: the purchase; one that was authorised counts from its approval on,
                and not again when it comes back.
            approved: its planned units, if it was authorised.
        """
        if event.event_id in self.taken:
            if approved is not None:
                self._approve(event, approved)
            return
        self.is_in_use = True
        product = self.product(event.product_id)
        trade = trade_of(event)
        product.count(trade)
        consumer_id = event.consumer_id
        if consumer_id is None:
            self.taken[event.event_id] = None
            return
        card = self.card(consumer_id)
        self.group(card, event.product_id)
        purchase = Purchase(trade, event.product_id, product.prices, approved)
        self.taken[event.event_id] = purchase
        card.add(purchase)
        self._touched_cards[consumer_id] = card

    def take_production(self, event: ProductionReported) -> None:
        """Take a report of production."""
        if event.event_id not in self._reports:
            self._reports.add(event.event_id)
            self.product(event.product_id).produce(event)

    def take_price(self, event: PlannedPriceAnnounced) -> None:
        """Take a planned price."""
        product = self.product(event.product_id)
        product.prices.take(event)
        product.reprice()
        self._offers_due.add(event.product_id)
        self._touch_groups(product)

    def take_round(self, event: PriceAnnounced) -> None:
        """Take the price of a planning round."""
        product = self.product(event.product_id)
        product.prices.take_round(event)
        self._touch_groups(product)

    def take_asks(self, product_id: str) -> None:
        """Take note that companies ask other prices for a product."""
        if product_id in self.products:
            self._offers_due.add(product_id)
            self._touched[product_id] = self.products[product_id]

    # What stands

    def put_line(self, line: Line) -> None:
        """Take a bid, a plan line or a council's decision as it stands."""
        product = self.product(line.product_id)
        product.put_line(line)
        if line.kind == "decision":
            self._touch_groups(product)
            return
        if line.kind != "plan":
            return
        consumer_id = line.party_id
        if line.for_product_id is None:
            self._lines_of.setdefault(consumer_id, set()).add(line.product_id)
        card = self.cards.get(consumer_id)
        if card is not None:
            self.group(card, line.product_id)
            card.touch(line.product_id)
            self._touched_cards[consumer_id] = card

    def put_budget(self, budget: BudgetSet) -> None:
        """Take a budget that was checked."""
        card = self.card(budget.consumer_id)
        card.budget = budget
        self._touched_cards[budget.consumer_id] = card

    def put_terms(self, terms: TermsSet) -> None:
        """Take other terms."""
        if terms == self.terms:
            return
        self.terms = terms
        self.rates = rates_of(terms)
        self._touched_cards.update(self.cards)
        for product in self.products.values():
            product.reprice()
            self._offers_due.add(product.product_id)
            self._touched[product.product_id] = product

    def put_row(self, row: LiveRow) -> None:
        """Take a row as it was written last."""
        self.versions.put(row)
        if isinstance(row, AlertRow):
            self._alerted.add(row.product_id)

    def say(self, row: AlertRow) -> None:
        """Say what no figure shows: that a rebid was requested, or answered."""
        renewed = self.versions.renew(row)
        if renewed is not None:
            self._said.append(renewed)

    # Reading

    def product(self, product_id: str) -> TradedProduct:
        """Return a product, which something was said of."""
        product = self.products.get(product_id)
        if product is None:
            product = self.products[product_id] = TradedProduct(product_id)
            # What companies asked before the period stands in it.
            self._offers_due.add(product_id)
        self._touched[product_id] = product
        return product

    def card(self, consumer_id: str) -> Card:
        """Return a consumer's card; an empty one with its plan lines at first."""
        card = self.cards.get(consumer_id)
        if card is None:
            card = self.cards[consumer_id] = Card(consumer_id)
            for product_id in self._lines_of.get(consumer_id, ()):
                self.group(card, product_id)
                card.touch(product_id)
        return card

    def group(self, card: Card, product_id: str) -> Group:
        """Return a card's purchases of a product."""
        group = card.groups.get(product_id)
        if group is None:
            group = self.products[product_id].group_of(card.consumer_id)
            card.groups[product_id] = group
        return group

    def has_pace(self, product: TradedProduct) -> tuple[bool, Decimal | None]:
        """Return whether a product's pace alert stands by now, and the pace."""
        pace = pace_of(product, self.span)
        last = self.versions.alert(product.product_id, "pace")
        stood = last is not None and last.is_raised
        return stands(pace, self.terms.pace_percent, stood=stood), pace

    def changed_rows(self, asks: Mapping[str, Asks]) -> list[LiveRow]:
        """
        Return the rows that have changed since they were asked for last.

        Args:
            asks: by product, what companies ask for it.
        """
        rows = self._said
        self._said = []
        self._add_cards(rows)
        for product in self._touched.values():
            self._add_product(rows, product, asks.get(product.product_id))
        self._touched.clear()
        self._offers_due.clear()
        return rows

    # Private

    def _approve(
        self, event: PurchaseRecorded | PurchaseCancelled, approved: Decimal
    ) -> None:
        # It was taken before it was known to be authorised. An event of somebody else's
        # under its event_id would be another one, which nobody authorised.
        purchase = self.taken[event.event_id]
        card = self.cards.get(event.consumer_id or "")
        group = None if card is None else card.groups.get(event.product_id)
        if purchase is None or card is None or group is None:
            return
        if group.approve(purchase, approved):
            card.touch(event.product_id)
            self._touched_cards[card.consumer_id] = card

    def _touch_groups(self, product: TradedProduct) -> None:
        for consumer_id in product.groups:
            card = self.cards[consumer_id]
            card.touch(product.product_id)
            self._touched_cards[consumer_id] = card

    def _add_cards(self, rows: list[LiveRow]) -> None:
        for card in self._touched_cards.values():
            row = card.row(self.period, self.terms, self.rates)
            if not card.is_shown():
                continue
            is_overdrawn = row.planned_left < 0 or row.unplanned_left < 0
            self._overdrawn += is_overdrawn - card.is_overdrawn
            card.is_overdrawn = is_overdrawn
            self._add(rows, self.versions.renew(row))
        if self._touched_cards:
            self._touched_cards.clear()
            # Fewer are withheld, in an alert that passes too.
            number = Decimal(self._overdrawn)
            value = number if number >= LEAST_OVERDRAWN else None
            self._alert(rows, "overdrawn", None, value, LEAST_OVERDRAWN)

    def _add_product(
        self, rows: list[LiveRow], product: TradedProduct, asks: Asks | None
    ) -> None:
        product_id = product.product_id
        pace = pace_of(product, self.span)
        self._alert(rows, "pace", product, pace, self.terms.pace_percent)
        deviation = deviation_of(product)
        self._alert(rows, "deviation", product, deviation, DEVIATION_PERCENT)
        planned_price = product.standing_price()
        if product.produced:
            shown = self.versions.named(FameRow, product_id)
            for fame in fame_rows(product, self.period, shown):
                self._add(rows, self.versions.renew(fame))
        if product.costs:
            shown = self.versions.named(CostRow, product_id)
            for cost in cost_rows(product, self.period, planned_price, shown):
                self._add(rows, self.versions.renew(cost))
        is_due = product_id in self._offers_due or planned_price != product.shown_price
        if asks is not None and is_due:
            product.shown_price = planned_price
            for offer in offer_rows(
                product_id,
                self.period,
                asks=asks,
                end=self.span.end,
                planned_price=planned_price,
                rates=self.rates,
            ):
                self._add(rows, self.versions.renew(offer))

    def _alert(
        self,
        rows: list[LiveRow],
        kind: AlertKind,
        product: TradedProduct | None,
        value: Decimal | None,
        threshold: Decimal,
    ) -> None:
        product_id = EVERY_PRODUCT if product is None else product.product_id
        if (value is None or value < threshold) and product_id not in self._alerted:
            return  # as nearly always
        self._alerted.add(product_id)
        last = self.versions.alert(product_id, kind)
        stood = last is not None and last.is_raised
        is_raised = stands(value, threshold, stood=stood)
        if not stood and not is_raised:
            return
        newest = None if product is None else product.newest
        since = newest
        if last is not None and stood and is_raised:
            # A figure that moves within a percent is no news.
            if value == last.value or _whole(value) == _whole(last.value):
                return
            since = last.since
        row = AlertRow(
            product_id=product_id,
            period=self.period,
            kind=kind,
            occurred_at=newest,
            is_raised=is_raised,
            since=since,
            value=value,
            threshold=threshold,
        )
        self._add(rows, self.versions.renew(row))

    @staticmethod
    def _add(rows: list[LiveRow], row: LiveRow | None) -> None:
        if row is not None:
            rows.append(row)


def _whole(value: Decimal | None) -> int | None:
    return None if value is None else int(value)
