"""
PURE. What a quantity costs, planned and at each company, as of the rows that there are.

An offer's row says what a unit costs with tax and what it loses against the plan, so
that no terms of trade need be known here: everything is units times a row's figure,
exact, and the same as the till comes to. A quote promises nothing: the till decides
when it is asked, by what stands then.
"""

from collections.abc import Iterable
from decimal import Decimal, localcontext

from schemas.feed import MAX_QUOTED, Quote, Quoted, QuotedOffer
from schemas.rows import ZERO, MarketRow
from schemas.trading_rows import CardRow, OfferRow
from schemas.values import EXACT, Period


def quote(
    asked: Quote,
    period: Period,
    *,
    offers: Iterable[OfferRow],
    market: MarketRow | None = None,
    card: CardRow | None = None,
) -> Quoted:
    """
    Return what the asked quantity costs.

    Args:
        asked: the message; its own period may be None.
        period: that it is answered for.
        offers: of the product in the period, in any order.
        market: the product's row of the period; says the planned price where no
            company offers the product.
        card: of the asking party in the period; None if none was named or is known.
    """
    in_order = sorted(
        offers, key=lambda offer: (offer.unplanned_price, offer.company_id)
    )
    with localcontext(EXACT):
        quantity = ZERO + asked.quantity
        planned_cost = next(
            (each.planned_cost for each in in_order if each.planned_cost is not None),
            None,
        )
        planned_price = next(
            (each.planned_price for each in in_order if each.planned_price is not None),
            None if market is None else market.price.planned,
        )
        return Quoted(
            id=asked.id,
            product_id=asked.product_id,
            period=period,
            quantity=quantity,
            planned_price=planned_price,
            planned_cost=_of_all(planned_cost, quantity),
            offers=tuple([_offer(each, quantity) for each in in_order[:MAX_QUOTED]]),
            sellers=len(in_order),
            planned_left=None if card is None else card.planned_left,
            unplanned_left=None if card is None else card.unplanned_left,
        )


def quoted_period(
    asked: Quote, offers: Iterable[OfferRow], rows: Iterable[MarketRow]
) -> Period | None:
    """
    Return the period that a quote is about.

    Args:
        asked: the message.
        offers: of the product, of all periods.
        rows: of the product, of all periods.

    Returns:
        The asked one; otherwise the newest in which the product is offered or has a
        planned price; None if there is none.
    """
    if asked.period is not None:
        return asked.period
    known = {offer.period for offer in offers}
    known |= {row.period for row in rows if row.price.planned is not None}
    return max(known, default=None)


def _offer(row: OfferRow, quantity: Decimal) -> QuotedOffer:
    return QuotedOffer(
        company_id=row.company_id,
        unplanned_price=row.unplanned_price,
        cost=_of_all(row.unplanned_cost, quantity),
        loss=_of_all(row.loss, quantity),
        rank=row.rank,
    )


def _of_all(of_a_unit: Decimal | None, quantity: Decimal) -> Decimal | None:
    return None if of_a_unit is None else of_a_unit * quantity
