"""
PURE. Settling a period: its book to postings, balances, statements and rows.

The same set of events settles to the same bytes, whatever order it came in: products
go by name, sales by company, consumer and price, accounts by name, and every number is
written in one way.
"""

from collections.abc import Mapping
from decimal import Decimal, localcontext

import msgspec

from schemas.trading_rows import (
    Entry,
    Posting,
    SettlementRow,
    StatementLine,
    StatementRow,
)
from schemas.values import EXACT, Period
from streams.market.settlement.book import PeriodBook
from streams.market.settlement.ledger import Ledger
from streams.market.settlement.product import settle_product
from streams.market.settlement.statements import statement


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is true of a period after all that was settled of it.

    Attributes:
        postings: as if it had been settled now for the first time.
        statements: the newest of each account, in their parts.
        rows: the newest of each product.
    """

    postings: tuple[Posting, ...]
    statements: Mapping[str, tuple[StatementRow, ...]]
    rows: Mapping[str, SettlementRow]


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """
    A settlement of a period: the first, or one that corrects it.

    Attributes:
        revision: 0 at first; each correction that changes something is one more.
        postings: new ones; those of a correction carry differences.
        balances: of all accounts after them.
        statements: new ones, of the accounts that something changed for.
        rows: new ones, of the products that something changed for.
        standing: what a correction starts from.
    """

    period: Period
    revision: int
    postings: tuple[Posting, ...]
    balances: Mapping[str, Decimal]
    statements: tuple[StatementRow, ...]
    rows: tuple[SettlementRow, ...]
    standing: Standing


def settle(book: PeriodBook) -> Settlement:
    """
    Settle a period, from nothing.

    Args:
        book: all that counts in it; it is not changed.

    Raises:
        IntegrityError: if a posting does not sum to zero.
    """
    with localcontext(EXACT):
        return _settle(book)


def _settle(book: PeriodBook) -> Settlement:
    period, terms, councils = book.period, book.terms, book.councils()
    ledger = Ledger()
    postings: list[Posting] = []
    rows: dict[str, SettlementRow] = {}
    lines: dict[str, list[StatementLine]] = {}
    for product_id, product in book.products():
        if not product.is_settled:
            continue
        settled = settle_product(
            period,
            product_id,
            product,
            authorised=book.authorised,
            councils=councils,
            terms=terms,
        )
        rows[product_id] = settled.row
        for step, formula, sides in settled.bookings:
            posting = Posting(
                period=period,
                revision=0,
                number=len(postings),
                product_id=product_id,
                step=step,
                formula=formula,
                entries=tuple([Entry(side.account, side.amount) for side in sides]),
            )
            ledger.post(posting)
            postings.append(posting)
            for account, amount, said in sides:
                line = StatementLine(
                    product_id=product_id, step=step, formula=said, amount=amount
                )
                lines.setdefault(account, []).append(line)
    statements = {
        account: statement(period, account, of) for account, of in sorted(lines.items())
    }
    made = tuple(postings)
    return Settlement(
        period=period,
        revision=0,
        postings=made,
        balances=ledger.in_order(),
        statements=tuple([part for parts in statements.values() for part in parts]),
        rows=tuple(rows.values()),
        standing=Standing(postings=made, statements=statements, rows=rows),
    )
