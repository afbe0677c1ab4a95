"""PURE. One product's period: the four steps of its settlement, one after the other."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from schemas.rows import ZERO
from schemas.trading import TermsSet
from schemas.trading_rows import SettlementRow
from schemas.values import Period
from streams.market.settlement.accounts import TAX, clearing_account
from streams.market.settlement.accuracy import accuracy, tax_returned
from streams.market.settlement.adjustment import adjustment
from streams.market.settlement.book import ProductBook
from streams.market.settlement.booking import Booking
from streams.market.settlement.formula import tidy
from streams.market.settlement.sales import (
    planned_bookings,
    sales_of,
    sold_beyond,
    unplanned_bookings,
)
from streams.market.settlement.shares import shares_of


class SettledProduct(NamedTuple):
    """A product's bookings in their order, and the row that says what they come to."""

    bookings: list[Booking]
    row: SettlementRow


def settle_product(
    period: Period,
    product_id: str,
    book: ProductBook,
    *,
    authorised: dict[str, Decimal],
    councils: Mapping[str, str],
    terms: TermsSet,
) -> SettledProduct:
    """
    Settle one product.

    Args:
        period: that is settled.
        product_id: of the book.
        book: what counts.
        authorised: planned quantities that were approved, by event_id.
        councils: of consumers, by name.
        terms: of trade.
    """
    sales = sales_of(book.splits(authorised))
    beyond = sold_beyond(sales.planned, book.bids, book.prices.all())
    bookings = [
        *planned_bookings(product_id, sales.planned, beyond, terms),
        *unplanned_bookings(product_id, sales.unplanned, councils, terms),
    ]
    shares = shares_of(sales, beyond, councils, terms)
    collected = _balance(TAX, bookings)
    clearing = _balance(clearing_account(product_id), bookings)
    adjusted = adjustment(product_id, clearing, collected, shares, terms)
    # Above zero it is no tax: what nobody overpaid stays with the board.
    moved = _balance(TAX, [adjusted] if adjusted else [])
    eaten = max(ZERO, -moved)
    how_far = accuracy(
        book.planned_quantity(),
        book.actual_quantity(),
        has_price=book.prices.newest() is not None,
    )
    returned = tax_returned(how_far, collected - eaten, shares, terms)
    given = -_balance(TAX, [returned] if returned else [])
    bookings += [each for each in (adjusted, returned) if each is not None]
    decimals = terms.decimals
    price = book.prices.newest()
    row = SettlementRow(
        product_id=product_id,
        period=period,
        planned_price=None if price is None else tidy(price, decimals),
        planned=tidy(how_far.planned),
        actual=tidy(how_far.actual),
        error_percent=how_far.error_percent,
        tax=tidy(collected, decimals),
        clearing=tidy(clearing, decimals),
        eaten=tidy(eaten, decimals),
        returned=tidy(given, decimals),
        kept=tidy(collected + moved - given, decimals),
    )
    return SettledProduct(bookings, row)


def _balance(account: str, bookings: Iterable[Booking]) -> Decimal:
    return sum(
        (
            side.amount
            for each in bookings
            for side in each.sides
            if side.account == account
        ),
        ZERO,
    )
