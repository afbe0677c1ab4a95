"""
PURE. Whether a purchase is authorised, and how it is paid for.

All of a request is approved, or none of it and nothing changes:

    use `planned`     all of it from what is left of the plan line, at the planned price
    use `unplanned`   all of it at what the company asks, the line untouched
    use `any`         what is left of the line first, the rest at what the company asks

What counts is the time of the request: its period, the planned price and the company's
price at that moment. Then each card must hold its part, tax included. The figures are
exact: nothing is rounded before the statement. Call it in the context
`schemas.values.EXACT`.
"""

from decimal import Decimal
from typing import NamedTuple

from schemas.errors import Refused
from schemas.events import PurchaseRecorded
from schemas.rows import ZERO
from schemas.trading import PurchaseRequested
from schemas.values import Price, Quantity
from streams.market.settlement.split import trade_of
from streams.market.trading.asks import Asks
from streams.market.trading.book import PeriodTrade
from streams.market.trading.cards import Card
from streams.market.trading.groups import Purchase
from streams.market.trading.prices import Prices


class Approval(NamedTuple):
    """
    What an approved request comes to.

    Attributes:
        purchase: to be recorded.
        planned, unplanned: units of each.
        planned_price, unit_price: at which they are bought, before tax; None for what
            is not bought.
        cost: of all of it, tax included.
    """

    purchase: PurchaseRecorded
    planned: Decimal
    unplanned: Decimal
    planned_price: Decimal | None
    unit_price: Decimal | None
    cost: Decimal


class Till:
    """
    Decides on the purchases of one period.

    Args:
        book: of the period.
        asks: by product, what companies ask for it.
    """

    def __init__(self, book: PeriodTrade, asks: dict[str, Asks]) -> None:
        self._book = book
        self._asks = asks

    def decide(self, request: PurchaseRequested) -> Approval:
        """
        Approve a request and book it, or refuse it and change nothing.

        Raises:
            Refused: with the reason why.
        """
        book = self._book
        if request.event_id in book.taken:
            raise Refused("duplicate", "", request.event_id)
        self._check_known(request)
        card = book.cards.get(request.consumer_id)
        if card is None or card.budget is None:
            raise Refused(
                "unknown_card",
                f"no budget of the consumer is known for {book.period}",
                request.event_id,
            )
        quantity = ZERO + request.quantity
        planned_price = self._planned_price(request)
        planned = self._planned(request, card, quantity, planned_price)
        unplanned = quantity - planned
        unit_price = self._unit_price(request) if unplanned else None
        approval = self._approval(
            request, planned, unplanned, planned_price if planned else None, unit_price
        )
        self._check_cards(approval, card)
        book.take_trade(approval.purchase, approved=planned)
        return approval

    # Private

    def _check_known(self, request: PurchaseRequested) -> None:
        product_id = request.product_id
        product = self._book.products.get(product_id)
        is_planned = product is not None and product.prices.begin is not None
        if not is_planned and product_id not in self._asks:
            raise Refused(
                "unknown_product",
                f"{product_id} has no planned price in {self._book.period}, and no "
                "company asks one of its own",
                request.event_id,
            )

    def _planned_price(self, request: PurchaseRequested) -> Decimal | None:
        product = self._book.products.get(request.product_id)
        return None if product is None else product.prices.price_at(request.occurred_at)

    def _planned(
        self,
        request: PurchaseRequested,
        card: Card,
        quantity: Decimal,
        planned_price: Decimal | None,
    ) -> Decimal:
        # The units that come from the plan line.
        if request.use == "unplanned":
            return ZERO
        group = card.groups.get(request.product_id)
        left = ZERO
        if planned_price is not None and group is not None:
            left = group.line_left()
        if request.use == "planned" and left < quantity:
            raise Refused(
                "line_exceeded",
                f"{left} of the plan line are left, was {quantity}",
                request.event_id,
            )
        return min(left, quantity)

    def _unit_price(self, request: PurchaseRequested) -> Decimal:
        asks = self._asks.get(request.product_id)
        ask = None if asks is None else asks.at(request.company_id, request.occurred_at)
        if ask is None:
            raise Refused(
                "unknown_offer",
                f"{request.company_id} asks no unplanned price for "
                f"{request.product_id} at {request.occurred_at.isoformat()}",
                request.event_id,
            )
        greatest = request.greatest_price
        if greatest is not None and ask.price > greatest:
            raise Refused(
                "price_exceeded",
                f"a unit costs {ask.price} before tax, at most {greatest} may be",
                request.event_id,
            )
        return ask.price

    def _approval(
        self,
        request: PurchaseRequested,
        planned: Decimal,
        unplanned: Decimal,
        planned_price: Decimal | None,
        unit_price: Decimal | None,
    ) -> Approval:
        rates = self._book.rates
        cost = ZERO
        if planned_price is not None:
            cost += planned * planned_price * rates.planned
        if unit_price is not None:
            cost += unplanned * unit_price * rates.unplanned
        purchase = purchase_of(request, planned, planned_price, unit_price)
        return Approval(purchase, planned, unplanned, planned_price, unit_price, cost)

    def _check_cards(self, approval: Approval, card: Card) -> None:
        book = self._book
        rates = book.rates
        now = card.figures(book.terms, rates)
        if approval.planned_price is not None:
            cost = approval.planned * approval.planned_price * rates.planned
            _check_left("planned", cost, now.planned_left, approval)
        if approval.unit_price is not None:
            cost = approval.unplanned * approval.unit_price * rates.unplanned
            _check_left("unplanned", cost, now.unplanned_left, approval)
        # A late request may take back what a price that fell since had moved.
        product_id = approval.purchase.product_id
        product = book.products.get(product_id)
        prices = Prices() if product is None else product.prices
        purchase = Purchase(
            trade_of(approval.purchase), product_id, prices, approval.planned
        )
        after = card.figures_with(purchase, book.terms, rates)
        for which, before, left in (
            ("planned", now.planned_left, after.planned_left),
            ("unplanned", now.unplanned_left, after.unplanned_left),
        ):
            if left < min(before, ZERO):
                raise Refused(
                    "card_exceeded",
                    f"{left} would be left on the {which} card",
                    approval.purchase.event_id,
                )


def purchase_of(
    request: PurchaseRequested,
    planned: Decimal,
    planned_price: Decimal | None,
    unit_price: Decimal | None,
) -> PurchaseRecorded:
    """
    Return the purchase that an approved request becomes.

    Its unit price is that of its unplanned units; planned ones are paid at the planned
    price whatever it says.
    """
    paid = planned_price if unit_price is None else unit_price
    if paid is None:
        raise AssertionError(f"{request.event_id} was approved at no price")
    return PurchaseRecorded(
        event_id=request.event_id,
        product_id=request.product_id,
        occurred_at=request.occurred_at,
        company_id=request.company_id,
        quantity=request.quantity,
        unit_price=Price(f"{paid:f}"),
        planned_quantity=Quantity(f"{planned:f}"),
        consumer_id=request.consumer_id,
    )


def _check_left(which: str, cost: Decimal, left: Decimal, approval: Approval) -> None:
    if cost > 0 and cost > left:
        raise Refused(
            "card_exceeded",
            f"costs {cost} with tax, {left} are left on the {which} card",
            approval.purchase.event_id,
        )
