"""Plans and lines for tests of the board's pure parts: builders with defaults."""

from decimal import Decimal
from typing import Any

from support.planning import PERIOD, said

from schemas.rows import Line, Terms
from schemas.values import Period
from streams.market.planning.course import Told
from streams.market.planning.period import PeriodPlan

NOON = 1_319_000_000.0
"""A moment, in seconds since 1970."""

NOBODY = Told(0, 0, 0, 0)
ALL_TOLD = Told(bids=3, plans=5, expected=2, answered=2)


def listed(**prices: str) -> PeriodPlan:
    """A period with products listed."""
    plan = PeriodPlan(PERIOD)
    for product, price in (prices or {"bread": "10"}).items():
        plan.list_product(said("listing", product_id=product, start_price=price))
    return plan


def opened(**fields: Any) -> PeriodPlan:
    """A period in its first round."""
    plan = listed()
    plan.open(said("opening", **fields), NOON)
    plan.notices = 1
    return plan


def summing(**fields: Any) -> PeriodPlan:
    """A period whose first round is over."""
    plan = opened(**fields)
    plan.end_round()
    return plan


def waiting(**fields: Any) -> PeriodPlan:
    """A period that waits for a person."""
    plan = summing(**fields)
    plan.wait("A person says.")
    return plan


def closing(**fields: Any) -> PeriodPlan:
    """A period whose gate is closing."""
    plan = opened(**fields)
    plan.close_gate("Enough.", NOON)
    return plan


def closed(**fields: Any) -> PeriodPlan:
    """A period with its planned prices."""
    plan = closing(**fields)
    plan.finish()
    return plan


def line(kind: str = "plan", party: str = "ada", **fields: Any) -> Line:
    """A line as a worker writes it."""
    terms = fields.pop("terms", None)
    given: dict[str, Any] = {
        "product_id": "bread",
        "quantity": "10",
        "amount": "0",
        "revision": 0,
        "offset": 0,
        **fields,
    }
    for name in ("quantity", "amount"):
        given[name] = Decimal(given[name])
    return Line(
        kind=kind,  # type: ignore[arg-type]
        party_id=party,
        period=Period(PERIOD),
        terms=terms,
        **given,
    )


def terms(*points: tuple[str, str], **fields: Any) -> Terms:
    """Limits and a schedule."""
    for name in ("limit", "least_quantity"):
        if name in fields:
            fields[name] = Decimal(fields[name])
    return Terms(
        schedule=tuple((Decimal(price), Decimal(units)) for price, units in points),
        **fields,
    )
