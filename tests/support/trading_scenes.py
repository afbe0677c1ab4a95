"""
Trade for tests: builders of its events with defaults, and a state that has taken some.

A product `bread`, sold by X and Y in 2011-W44, with the terms of the worked example: a
tax of 4 % on planned and 20 % on unplanned purchases.
"""

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from support.market import event_of, moment

from schemas.codec import decode_event
from schemas.errors import Refused
from schemas.rows import Line, Row, Terms
from schemas.values import Period
from streams.market.periods import Calendar
from streams.market.trading.state import Decision, TradingState

D = Decimal
WEEK = Period("2011-W44")
NEXT_WEEK = Period("2011-W45")
HOUR = 3_600
DAY = 24 * HOUR

_FIELDS: dict[str, dict[str, Any]] = {
    "budget": {"consumer_id": "ada", "period": WEEK, "income": "1000"},
    "request": {
        "consumer_id": "ada",
        "product_id": "bread",
        "company_id": "X",
        "quantity": "1",
    },
    "terms": {"period": WEEK, "planned_tax": "0.04", "unplanned_tax": "0.2"},
    "rebid_request": {"company_id": "X", "product_id": "bread", "period": WEEK},
    "rebid_answer": {"product_id": "bread", "period": WEEK},
    "close": {"period": WEEK},
}


def asked(kind: str, event_id: str = "r-1", at: float = DAY, **changed: Any) -> Any:
    """A request of the ledger, checked as the feed checks it."""
    said = {
        "type": kind,
        "event_id": event_id,
        "occurred_at": moment(at),
        **_FIELDS[kind],
        **changed,
    }
    said = {key: value for key, value in said.items() if value is not None}
    return decode_event(json.dumps(said).encode())


def bought(event_id: str, quantity: str = "1", at: float = DAY, **changed: Any) -> Any:
    """A purchase by ada at X for 8.00 a unit."""
    fields = {
        "consumer_id": "ada",
        "company_id": "X",
        "unit_price": "8.00",
        "occurred_at": moment(at),
        **changed,
    }
    return event_of("purchase", event_id=event_id, quantity=quantity, **fields)


def given_back(
    event_id: str, quantity: str = "1", at: float = DAY, **changed: Any
) -> Any:
    """Units that ada gives back to X."""
    fields = {
        "consumer_id": "ada",
        "company_id": "X",
        "unit_price": "8.00",
        "occurred_at": moment(at),
        **changed,
    }
    return event_of("cancellation", event_id=event_id, quantity=quantity, **fields)


def made(event_id: str, quantity: str, at: float = DAY, **changed: Any) -> Any:
    """Production of X."""
    fields = {"company_id": "X", "occurred_at": moment(at), **changed}
    return event_of("production", event_id=event_id, quantity=quantity, **fields)


def posted(company_id: str, price: str, at: float = 0, **changed: Any) -> Any:
    """A company's own price."""
    return event_of(
        "price",
        event_id=f"{company_id}-{price}-{at}",
        company_id=company_id,
        unplanned_price=price,
        occurred_at=moment(at),
        **changed,
    )


def planned_price(
    price: str = "10.00", revision: int = 3, at: float | None = None, **changed: Any
) -> Any:
    """The board's price; from `at` on, if that is given."""
    return event_of(
        "planned_price",
        event_id=f"p-{price}-{revision}-{at}-{changed.get('product_id', '')}",
        planned_price=price,
        revision=revision,
        stands_from=None if at is None else moment(at),
        **changed,
    )


def round_price(price: str, round_: int) -> Any:
    """The board's price of a round."""
    return event_of(
        "announced_price",
        event_id=f"round-{round_}",
        announced_price=price,
        round=round_,
    )


def plan_line(amount: str = "100", party_id: str = "ada", **changed: Any) -> Line:
    """A consumer's plan line as it stands."""
    fields: dict[str, Any] = {
        "kind": "plan",
        "product_id": "bread",
        "period": WEEK,
        "party_id": party_id,
        "amount": D(amount),
        "revision": 1,
        "quantity": D(amount),
        **changed,
    }
    return Line(**fields)


def denied_line(limit: str = "9", quantity: str = "10", **changed: Any) -> Line:
    """A line whose limit is broken, and whose budget goes to the unplanned card."""
    terms = Terms(limit=D(limit), when_denied="use_unplanned")
    return plan_line("0", quantity=D(quantity), terms=terms, **changed)


def bid(amount: str, company_id: str = "X") -> Line:
    """A company's bid as it stands."""
    return plan_line(amount, company_id, kind="bid")


def decided(state: TradingState, event: Any) -> Decision | str:
    """What was decided, or the code of the refusal."""
    try:
        return state.decide(event)
    except Refused as refused:
        return refused.code


def market(
    *facts: Any, lines: Iterable[Line] = (), budget: str | None = "1000"
) -> TradingState:
    """A state with the terms, a planned price of 10.00, prices of X and Y, and more."""
    state = TradingState(Calendar("week"))
    state.decide(asked("terms", "terms"))
    state.take(planned_price())
    state.take(posted("X", "8.00"))
    state.take(posted("Y", "11.00"))
    for line in lines:
        state.put_line(line)
    if budget is not None:
        state.decide(asked("budget", "budget", income=budget))
    for fact in facts:
        state.take(fact)
    return state


def rows_of(state: TradingState, tag: str) -> list[Any]:
    """The changed rows of a kind."""
    return [row for row in state.changed_rows() if tag_of(row) == tag]


def tag_of(row: Row) -> str:
    """The row's type."""
    return str(row.__struct_config__.tag)


def card_of(state: TradingState, consumer_id: str = "ada") -> Any:
    """The consumer's card, of which something must have changed."""
    (card,) = [
        row for row in rows_of(state, "card") if row.party == f"consumer/{consumer_id}"
    ]
    return card
