"""Rows as a console gets them, said in a few words."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from parfeed.console.alerts import Alerts
from parfeed.console.desk import Desk
from schemas.board_rows import CouncilRow, RoundRow
from schemas.codec import encode
from schemas.rows import (
    Amount,
    Bucket,
    Demand,
    MarketRow,
    Planning,
    PriceView,
    Rolling,
    Supply,
    Window,
)
from schemas.trading_rows import OfferRow
from schemas.values import Period
from streams.market.imbalance import imbalance_of

WEEK = "2011-W44"
MONDAY = datetime(2011, 10, 31, tzinfo=UTC)
MIDWEEK = datetime(2011, 11, 3, 12, tzinfo=UTC)
"""The middle of the week: half of it is over."""


def market_row(
    product_id: str = "bread",
    *,
    supply: Any = 100,
    demand: Any = 100,
    planned: Any = "10.00",
    least: Any = None,
    seller: str | None = None,
    bought: Any = 0,
    unplanned: Any = 0,
    hour: Any = 0,
    period: str = WEEK,
    **changed: Any,
) -> MarketRow:
    """A product in a period; amounts as texts or numbers."""
    price = None if planned is None else Decimal(planned)
    least = None if least is None else Decimal(least)
    both = price is not None and least is not None
    return MarketRow(
        **{
            "product_id": product_id,
            "period": Period(period),
            "sequence": 1,
            "occurred_at": MIDWEEK,
            "supply": Supply(planned=Decimal(supply)),
            "demand": Demand(
                planned=Decimal(demand),
                planned_purchases=Amount(quantity=Decimal(bought)),
                unplanned_purchases=Amount(quantity=Decimal(unplanned)),
            ),
            "price": PriceView(
                planned=price,
                unplanned=least,
                unplanned_company=seller or (None if least is None else "mill"),
                difference=least - price if both else None,
            ),
            "imbalance": imbalance_of(Decimal(supply), Decimal(demand)),
            "rolling": Rolling(
                hour=Window(quantity=Decimal(hour), value=Decimal(hour) * 9)
            ),
            "planning": Planning(round=1, bids=2, plans=9),
            **changed,
        }
    )


def raw(*product_ids: str, **changed: Any) -> list[bytes]:
    """Rows of several products as the bytes that come."""
    return [encode(market_row(product_id, **changed)) for product_id in product_ids]


def bucket(minutes_ago: float, quantity: Any, value: Any) -> Bucket:
    """A slice of the hour's window that began so long before the row's time."""
    start = int(MIDWEEK.timestamp() - 60 * minutes_ago) // 300 * 300
    return Bucket(start=start, quantity=Decimal(quantity), value=Decimal(value))


def round_row(number: int = 1, period: str = WEEK, **changed: Any) -> RoundRow:
    """A round of a period's planning."""
    return RoundRow(**{"period": Period(period), "round": number, **changed})


def council_row(council_id: str = "north", **changed: Any) -> CouncilRow:
    """A council's line of bread."""
    return CouncilRow(
        **{
            "product_id": "bread",
            "period": Period(WEEK),
            "council_id": council_id,
            "level": "city",
            **changed,
        }
    )


def offer_row(company_id: str, price: Any, *, planned: Any = 10, **changed: Any):
    """A company's offer of bread, taxed as in the worked example of the economics."""
    u = Decimal(price)
    p = None if planned is None else Decimal(planned)
    return OfferRow(
        **{
            "product_id": "bread",
            "period": Period(WEEK),
            "company_id": company_id,
            "unplanned_price": u,
            "planned_price": p,
            "planned_cost": None if p is None else p * Decimal("1.02"),
            "unplanned_cost": u * Decimal("1.10"),
            **changed,
        }
    )


def desk_of(*rows: MarketRow, view: Any = "company", **options: Any) -> Desk:
    """A desk that has these products, in the middle of their week."""
    options = {"company_id": "bakery" if view == "company" else None, **options}
    thresholds = options.pop("thresholds", {})
    desk = Desk(view, Alerts(thresholds), **options)
    desk.tell_time(MIDWEEK)
    desk.begin_market(WEEK)
    desk.products.take([encode(row) for row in rows])
    desk.arrange(0.0, anew=True)
    return desk


def written(lines: list[list[tuple[str, str]]]) -> list[str]:
    """Lines as a terminal without styles shows them."""
    return ["".join(text for text, _ in line).rstrip() for line in lines]
