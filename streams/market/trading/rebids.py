"""
PURE. A new planned price for the rest of a period: who may ask, and what is answered.

The board's automatic answer is

    p' = p (pace / 100) ^ (1/2)

with p the price that the period began with, bounded by the terms' `rebid_percent` of p
either way. Why the root: where a price one percent higher makes consumers want about
one percent less and companies make about one percent more, supply and demand that lie
apart by the factor r meet at the price times r^(1/2). Why the first price and not the
last: who asks twice is answered with the same price, and however often somebody asks,
the price stays within its bounds.

An answer never moves the price against the need: not down while purchases outrun the
plan, not up while they lag behind it. It counts behind all that was bought: what was
bought before stays as it was.
"""

from datetime import datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_UP, Context, Decimal
from typing import Final

from msgspec.structs import replace

from schemas.errors import Refused
from schemas.planning import PlannedPriceAnnounced
from schemas.rows import ZERO
from schemas.trading import RebidAnswered, RebidRequested, TermsSet
from schemas.trading_rows import AlertRow
from schemas.values import MAX_AMOUNT, MAX_DECIMALS, Price
from streams.market.planning.event_ids import event_id
from streams.market.trading.asks import Asks
from streams.market.trading.book import PeriodTrade
from streams.market.trading.period import in_utc
from streams.market.trading.product import TradedProduct

_ROOT: Final = Context(prec=80, rounding=ROUND_HALF_EVEN)
_HUNDRED: Final = Decimal(100)

Answer = tuple[PlannedPriceAnnounced, ...]
"""What the board says because of it: a price, or nothing."""


def request_rebid(
    book: PeriodTrade, asks: Asks | None, event: RebidRequested
) -> Answer:
    """
    Take a company's request, and answer it if the terms leave that to the board.

    Args:
        book: of the period.
        asks: what companies ask for the product; None if nobody asks anything.
        event: the request.

    Raises:
        Refused: with `unknown_product`, `unknown_offer` or `pace_too_low`.
    """
    product = _planned_product(book, event.product_id, event.event_id)
    company_id = event.company_id
    if company_id not in product.bids and (
        asks is None or asks.before(company_id, book.span.end) is None
    ):
        raise Refused(
            "unknown_offer",
            "the company has neither a bid nor an unplanned price for "
            f"{event.product_id} in {book.period}",
            event.event_id,
        )
    has_pace, pace = book.has_pace(product)
    threshold = book.terms.pace_percent
    if not has_pace or pace is None:
        raise Refused(
            "pace_too_low",
            f"from a pace of {threshold} % on a rebid can be requested, was "
            f"{'not known yet' if pace is None else f'{pace} %'}",
            event.event_id,
        )
    is_automatic = bool(book.terms.rebid_percent) and (product.prices.begin or 0) > 0
    book.say(
        AlertRow(
            product_id=product.product_id,
            period=book.period,
            kind="rebid_requested",
            occurred_at=in_utc(event.occurred_at),
            is_raised=not is_automatic,
            since=in_utc(event.occurred_at),
            value=pace,
            threshold=ZERO + threshold,
            company_id=company_id,
            reason=event.reason,
        )
    )
    if not is_automatic:
        return ()
    price = automatic_price(product, pace, book.terms)
    if price is None:
        reason = f"at a pace of {pace} % the planned price stays within its bounds"
    else:
        reason = f"purchases run at {pace} % of the plan"
    return _answer(book, product, event, price, None, reason)


def answer_rebid(book: PeriodTrade, event: RebidAnswered) -> Answer:
    """
    Take a person's answer to a requested rebid.

    Raises:
        Refused: with `unknown_product`, `unknown_rebid` or `invalid_field`.
    """
    product = _planned_product(book, event.product_id, event.event_id)
    asked = book.versions.alert(product.product_id, "rebid_requested")
    if asked is None or not asked.is_raised:
        raise Refused("unknown_rebid", "", event.event_id)
    stands_from = event.stands_from
    if stands_from is not None and not (book.span.begin <= stands_from < book.span.end):
        raise Refused(
            "invalid_field",
            f"must lie within {book.period}, was {stands_from.isoformat()} "
            "- at `$.stands_from`",
            event.event_id,
        )
    book.say(
        AlertRow(
            product_id=product.product_id,
            period=book.period,
            kind="rebid_requested",
            occurred_at=in_utc(event.occurred_at),
            is_raised=False,
            since=in_utc(event.occurred_at),
            value=asked.value,
            threshold=asked.threshold,
            company_id=asked.company_id,
            reason=asked.reason,
        )
    )
    return _answer(book, product, event, event.planned_price, stands_from, event.reason)


def restore_rebid(book: PeriodTrade, event: RebidRequested | RebidAnswered) -> None:
    """Take note of a request or an answer that was taken before; nothing is said."""
    last = book.versions.alert(event.product_id, "rebid_requested")
    row = last or AlertRow(
        product_id=event.product_id, period=book.period, kind="rebid_requested"
    )
    is_open = isinstance(event, RebidRequested) and not book.terms.rebid_percent
    book.put_row(replace(row, is_raised=is_open))


def automatic_price(
    product: TradedProduct, pace: Decimal, terms: TermsSet
) -> Decimal | None:
    """
    Return the price that the board answers by itself.

    It is written as finely as the price before, and at least in the currency's smallest
    unit, rounded towards the price before, so that it keeps its bounds.

    Returns:
        None if the price stays as it is.
    """
    first, standing = product.prices.begin, product.standing_price()
    if first is None or standing is None:
        return None  # a price that stands later only is a person's to change
    factor = _ROOT.sqrt(_ROOT.divide(max(pace, ZERO), _HUNDRED))
    part = terms.rebid_percent / _HUNDRED
    factor = min(max(factor, 1 - part), 1 + part)
    exponent = first.as_tuple().exponent
    written = -exponent if isinstance(exponent, int) else 0
    places = min(MAX_DECIMALS, max(terms.decimals, written))
    price = _ROOT.multiply(first, factor).quantize(
        Decimal(1).scaleb(-places),
        rounding=ROUND_DOWN if factor > 1 else ROUND_UP,
        context=_ROOT,
    )
    price = min(price, MAX_AMOUNT)
    is_needed = price > standing if factor > 1 else price < standing
    return price if is_needed and price > 0 else None


# Private


def _planned_product(
    book: PeriodTrade, product_id: str, request_id: str
) -> TradedProduct:
    product = book.products.get(product_id)
    if product is None or product.prices.begin is None:
        raise Refused(
            "unknown_product",
            f"{product_id} has no planned price in {book.period}",
            request_id,
        )
    return product


def _answer(
    book: PeriodTrade,
    product: TradedProduct,
    event: RebidRequested | RebidAnswered,
    price: Decimal | None,
    stands_from: datetime | None,
    reason: str,
) -> Answer:
    before = product.standing_price()
    said: Answer = ()
    if price is not None:
        after_newest = product.after_newest(book.span.begin)
        announced = PlannedPriceAnnounced(
            event_id=event_id(event.event_id, "planned_price"),
            occurred_at=event.occurred_at,
            product_id=product.product_id,
            period=book.period,
            planned_price=Price(f"{price:f}"),
            revision=product.prices.next_revision,
            reason=reason,
            # What was bought before stays as it was.
            stands_from=max(stands_from or after_newest, after_newest),
        )
        book.take_price(announced)
        said = (announced,)
    book.say(
        AlertRow(
            product_id=product.product_id,
            period=book.period,
            kind="rebid_answered",
            occurred_at=in_utc(event.occurred_at),
            is_raised=price is not None,
            since=in_utc(event.occurred_at),
            value=None if price is None else ZERO + price,
            threshold=before,
            company_id=None,
            reason=reason,
        )
    )
    return said
