"""
Markets to be settled: builders with defaults, and a strategy that draws any of them.

A market is what counts in a period, in no order: events, lines as they stand, and the
splits that were approved.
"""

import ast
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from operator import add, mul, sub, truediv
from typing import Any, NamedTuple

from hypothesis import strategies as st
from support.market import MONDAY, event_of

from schemas.codec import encode
from schemas.events import Event
from schemas.rows import Line
from schemas.values import Period
from streams.market.settlement.book import PeriodBook
from streams.market.settlement.settling import Settlement, settle

WEEK = Period("2011-W44")
HOUR = timedelta(hours=1)


class Market(NamedTuple):
    """
    Attributes:
        events: accepted ones.
        lines: bids and plan lines as they stand.
        authorised: planned units that were approved, by event_id.
    """

    events: tuple[Event, ...]
    lines: tuple[Line, ...] = ()
    authorised: dict[str, Decimal] = {}  # noqa: RUF012 - never changed

    def with_events(self, events: Iterable[Event]) -> "Market":
        """The same market with other events."""
        return self._replace(events=tuple(events))


def bought(
    event_id: str, of: str, company: str, quantity: str, price: str, **more: Any
):
    """A purchase: `of` is the consumer, `-` for one whom nobody knows."""
    return _trade("purchase", event_id, of, company, quantity, price, **more)


def returned(
    event_id: str, of: str, company: str, quantity: str, price: str, **more: Any
):
    """A cancellation."""
    return _trade("cancellation", event_id, of, company, quantity, price, **more)


def _trade(
    kind: str,
    event_id: str,
    of: str,
    company: str,
    quantity: str,
    price: str,
    *,
    planned: str = "0",
    hour: float = 10,
    product: str = "tea",
):
    return event_of(
        kind,
        event_id=event_id,
        product_id=product,
        consumer_id=None if of == "-" else of,
        company_id=company,
        quantity=quantity,
        unit_price=price,
        planned_quantity=planned,
        occurred_at=(MONDAY + hour * HOUR).isoformat(),
    )


def planned_at(
    price: str, *, revision: int = 0, hour: float | None = None, **more: Any
):
    """The planned price of tea, from an hour of the period on."""
    return event_of(
        "planned_price",
        **{
            "event_id": f"planned-price-{more.get('product_id', 'tea')}-{revision}",
            "product_id": "tea",
            "planned_price": price,
            "revision": revision,
            "stands_from": None if hour is None else (MONDAY + hour * HOUR).isoformat(),
            **more,
        },
    )


def terms(planned_tax: str = "0.04", unplanned_tax: str = "0.2", **more: Any):
    """Terms of trade, those of the worked example by default."""
    return event_of(
        "terms",
        event_id=f"terms-{more.get('revision', 0)}",
        planned_tax=planned_tax,
        unplanned_tax=unplanned_tax,
        **more,
    )


def lives_in(consumer: str, council: str | None, revision: int = 0):
    """A budget, which says whose pool pays for a consumer."""
    return event_of(
        "budget",
        event_id=f"budget-{consumer}-{revision}",
        consumer_id=consumer,
        council_id=council,
        revision=revision,
    )


def line_of(kind: Any, party: str, amount: str, *, product: str = "tea", of: str = ""):
    """A bid or plan line; `of` is the product that it is an input of."""
    return Line(
        kind=kind,
        product_id=product,
        period=WEEK,
        party_id=party,
        amount=Decimal(amount),
        revision=0,
        quantity=Decimal(amount),
        for_product_id=of or None,
    )


WORKED_EXAMPLE = Market(
    events=(
        terms(),
        planned_at("10.00"),
        bought("z", "ann", "Z", "100", "10.00", planned="100"),
        bought("x", "bob", "X", "20", "8.00"),
        bought("y", "cat", "Y", "10", "11.00"),
        lives_in("bob", "elm-street"),
        lives_in("cat", "elm-street"),
    ),
    lines=(line_of("plan", "ann", "100"), line_of("bid", "Z", "100")),
)
"""ECONOMICS, Worked example: one buyer for each group of its buyers."""


def book_of(market: Market) -> PeriodBook:
    """The book that has taken a market in its order."""
    book = PeriodBook(WEEK)
    for event in market.events:
        book.take(event)
    for line in market.lines:
        book.put_line(line)
    for event_id, planned in market.authorised.items():
        book.authorise(event_id, planned)
    return book


def settled(market: Market) -> Settlement:
    """A market's settlement."""
    return settle(book_of(market))


def bytes_of(settlement: Settlement) -> list[bytes]:
    """All that is published of a settlement."""
    return [
        encode(row)
        for row in (*settlement.postings, *settlement.statements, *settlement.rows)
    ]


_OPERATIONS = {ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.Div: truediv}


def value_of(formula: str) -> Fraction:
    """What a statement's formula comes to, exactly."""
    return _value(ast.parse(formula, mode="eval").body, formula)


def _value(node: ast.expr, formula: str) -> Fraction:
    match node:
        case ast.Constant():
            # As it is written: a float would not be what stands there.
            return Fraction(formula[node.col_offset : node.end_col_offset])
        case ast.UnaryOp(op=ast.USub()):
            return -_value(node.operand, formula)
        case ast.BinOp():
            operation = _OPERATIONS[type(node.op)]
            return operation(_value(node.left, formula), _value(node.right, formula))
    raise AssertionError(f"{formula!r} is no arithmetic: {ast.dump(node)}")


# What markets are drawn from: few names and moments, so that trades meet.

_PRODUCTS = ("tea", "salt")
_COMPANIES = ("mill", "north/mill", "-")
_CONSUMERS = ("ann", "bob", "c/planned", "-")
_RATES = st.sampled_from(["0", "0.04", "0.2", "0.000001", "1", "0.333333"])


def amounts(least: int, greatest: int) -> st.SearchStrategy[str]:
    """Texts of decimals, from the smallest unit of the wire to 1e12."""
    micros = st.one_of(
        st.integers(max(1, least), 20).map(lambda n: n * 10**6),
        st.integers(max(least, 1), 999),
        st.integers(least, greatest * 10**6),
    )
    return micros.map(lambda n: f"{Decimal(n).scaleb(-6):f}")


_QUANTITIES = amounts(1, 10**12)
_UNIT_PRICES = st.one_of(amounts(0, 10**12), st.sampled_from(["8.00", "10", "11.0"]))
_HOURS = st.integers(0, 24)


@st.composite
def _trades(draw: st.DrawFn, number: int):
    kind = draw(st.sampled_from(["purchase", "purchase", "purchase", "cancellation"]))
    quantity = draw(_QUANTITIES)
    part = draw(st.sampled_from(["0", "all", "some"]))
    claimed = {"0": "0", "all": quantity}.get(part, "0.000001")
    return _trade(
        kind,
        f"trade-{number}",
        draw(st.sampled_from(_CONSUMERS)),
        draw(st.sampled_from(_COMPANIES)),
        quantity,
        draw(_UNIT_PRICES),
        planned=claimed,
        hour=draw(_HOURS),
        product=draw(st.sampled_from(_PRODUCTS)),
    )


@st.composite
def markets(draw: st.DrawFn, most_trades: int = 8) -> Market:
    """Any market of a period: prices, lines, terms, councils, trades."""
    events = [
        draw(_trades(number)) for number in range(draw(st.integers(0, most_trades)))
    ]
    lines = []
    for product in _PRODUCTS:
        for revision in range(draw(st.integers(0, 2))):
            hour = draw(_HOURS) if revision else None
            price = draw(_UNIT_PRICES)
            events.append(
                planned_at(price, revision=revision, hour=hour, product_id=product)
            )
        for consumer in draw(st.sets(st.sampled_from(_CONSUMERS[:3]))):
            amount = draw(_QUANTITIES)
            lines.append(line_of("plan", consumer, amount, product=product))
        for company in draw(st.sets(st.sampled_from(_COMPANIES))):
            amount = draw(_QUANTITIES)
            lines.append(line_of("bid", company, amount, product=product))
    events += [
        lives_in(consumer, draw(st.sampled_from(["elm", "oak", None])))
        for consumer in draw(st.sets(st.sampled_from(_CONSUMERS[:3])))
    ]
    if draw(st.booleans()):
        events.append(
            terms(
                draw(_RATES),
                draw(_RATES),
                pass_through=draw(st.sampled_from(["0", "0.5", "1", "0.333333"])),
                decimals=draw(st.integers(0, 6)),
            )
        )
    authorised = {
        event.event_id: Decimal(event.planned_quantity)
        for event in events
        if event.event_id.startswith("trade")
        and type(event).__name__ == "PurchaseRecorded"
        and event.consumer_id is not None
        and draw(st.booleans())
    }
    return Market(tuple(events), tuple(lines), authorised)
