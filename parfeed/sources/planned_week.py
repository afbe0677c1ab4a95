"""
PURE. A week of the shop's that is planned: everything that its planning begins with.

The data set knows no plans, so all of it is derived from the four weeks before, as in
retail.py, and says more than a replayed week's: bids and plan lines carry schedules, so
that every round is answered by machine (P-8), and a tree of councils is made of the
customers' countries. docs/retail.md describes each choice.

- **Plan line**: a constant budget, what the mean quantity costs at the median price,
  with a straight line between the points of `FACTORS`; nothing above `GREATEST` times
  the median.
- **Bid**: the mean quantity at the median price, more in proportion to a higher price,
  less in proportion to a lower one.
- **Start price**: the median. Supply is sales to everybody and demand those to known
  customers, so rounds have something to find.
- **Councils**: a neighbourhood per country, a state per region, one federation. The
  federation signs for the `SIGNED` products that are wanted most.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from parfeed.sources.dirt import RefusedRow, kind_of
from parfeed.sources.history import History, monday_of, quarters, week_of
from parfeed.sources.reading import RetailRow
from parfeed.sources.retail import PLANNING_TIME, company_of, spread, week_named
from schemas.agenda import CouncilFormed, CouncilSigned, PeriodOpened, ProductListed
from schemas.event_base import EventBase
from schemas.planning import BidPlaced, PlanSubmitted, Point
from schemas.values import (
    MAX_DECIMALS,
    Period,
    PositiveQuantity,
    Price,
    Quantity,
)

GREATEST: Final = 8
"""Times the median price, above which nothing is wanted. Between supply and demand of
one product lies a factor of 40 at most; prices move by the root of it."""

FACTORS: Final = tuple(
    map(Decimal, ("0.125", ".25", ".5", ".75", "1", "1.5", "3", "8"))
)
"""Of the median price, where a plan line's schedule has a point: closest where most
prices come to lie. Below the first the quantity grows no more."""

SIGNED: Final = 2
"""Products whose line waits for the federation's signatures: enough to see it."""

FEDERATION: Final = "federation"
SIGNERS: Final = ("clerk-1", "clerk-2", "clerk-3")
SIGNATURES: Final = 2
"""Two of three, as docs/economics.md has it: k of n."""

REGIONS: Final = {
    "british-isles": ("United Kingdom", "EIRE", "Channel Islands"),
    "western-europe": (
        *("Germany", "France", "Belgium", "Netherlands"),
        *("Switzerland", "Austria"),
    ),
    "southern-europe": ("Spain", "Portugal", "Italy", "Greece", "Malta", "Cyprus"),
    "northern-europe": (
        *("Norway", "Sweden", "Denmark", "Finland"),
        *("Iceland", "Poland", "Lithuania"),
    ),
}
"""States, by the countries that make them up as the data set writes them."""

ELSEWHERE: Final = "elsewhere"
"""The state of all other countries."""

KINDS: Final = ("council", "listing", "bid", "plan", "sign", "opening")
"""What events there are, as their ids say it."""

QUIET_S: Final = 0.5
"""All answers are the machine's; this is time for the federation to sign what waits,
from the moment that the board has said so. Signing takes 0.1 s."""

_LEAST: Final = 1 / Decimal(1024)
_SMALLEST: Final = Decimal(1).scaleb(-MAX_DECIMALS)


class PlannedWeek(NamedTuple):
    """
    Attributes:
        period: that is planned.
        products: that are listed.
        agenda: councils and listings, to be handed in first.
        lines: bids and plan lines.
        opening: which begins the rounds, handed in last.
    """

    period: Period
    products: tuple[str, ...]
    agenda: tuple[EventBase, ...]
    lines: tuple[EventBase, ...]
    opening: PeriodOpened


def planned_week(
    rows: Iterable[RetailRow | RefusedRow], week: str, name: str
) -> PlannedWeek:
    """
    Derive a week's planning from what was sold before it.

    Args:
        rows: of the shop's file, in its order; read up to the week.
        week: such as `2011-W32`.
        name: what event ids begin with.
    """
    number = week_named(week)
    history = History()
    for row in rows:
        if isinstance(row, RefusedRow):
            continue
        sold_in = week_of(row.occurred_at)
        if sold_in >= number:
            break
        kind = kind_of(row.invoice, row.code, row.quantity, row.unit_price > 0)
        if kind in ("purchase", "cancellation"):
            history.add(sold_in, row)
            history.forget_before(sold_in)
    return _Deriving(history, number, Period(week), name).planned_week()


def event_ids(name: str, period: str) -> tuple[str, ...]:
    """Return what the ids of all events of a week's planning begin with."""
    # The board's own are named after the period.
    return (*(f"{name}:{kind}:{period}" for kind in KINDS), f"{period}.")


def signatures(
    week: PlannedWeek, name: str, council_id: str, product_id: str
) -> list[CouncilSigned]:
    """Return the approvals that a line which waits at a council needs, any quantity."""
    period = week.period
    return [
        CouncilSigned(
            event_id=f"{name}:sign:{period}:{council_id}:{product_id}:{signer_id}",
            occurred_at=week.opening.occurred_at,
            council_id=council_id,
            period=period,
            product_id=product_id,
            vote="approve",
            signer_id=signer_id,
            reason="signed by the demo itself",
        )
        for signer_id in SIGNERS[:SIGNATURES]
    ]


class _Deriving:
    def __init__(self, history: History, week: int, period: Period, name: str) -> None:
        self._history = history
        self._period = period
        self._name = name
        self._prices = dict(history.planned_prices(week))
        self._bids = [bid for bid in history.bids(week) if bid[0] in self._prices]
        self._plans = [line for line in history.plans(week) if line[1] in self._prices]
        self._monday = monday_of(week)

    def planned_week(self) -> PlannedWeek:
        # All of it comes late on the Sunday before, in the order it is handed in.
        times = spread(self._monday - PLANNING_TIME, len(self._bids) + len(self._plans))
        begin = self._monday - PLANNING_TIME
        return PlannedWeek(
            period=self._period,
            products=tuple(self._prices),
            agenda=(*self._councils(begin), *self._listings(begin)),
            lines=(*self._supply(times), *self._demand(times)),
            opening=PeriodOpened(
                event_id=f"{self._name}:opening:{self._period}",
                occurred_at=begin,
                period=self._period,
                quiet_s=QUIET_S,
            ),
        )

    # Private

    def _councils(self, at: datetime) -> Iterator[CouncilFormed]:
        countries = {self._history.country_of(line[0]) for line in self._plans}
        named = sorted(country for country in countries if country is not None)
        states = {country: _state_of(country) for country in named}
        name, period = self._name, self._period
        yield CouncilFormed(
            event_id=f"{name}:council:{period}:{FEDERATION}",
            occurred_at=at,
            council_id=FEDERATION,
            level="federation",
            signers=SIGNERS,
            signatures=SIGNATURES,
            threshold=self._threshold(),
        )
        for state in sorted(set(states.values())):
            yield CouncilFormed(
                event_id=f"{name}:council:{period}:{state}",
                occurred_at=at,
                council_id=state,
                level="state",
                parent_id=FEDERATION,
            )
        for country, state in states.items():
            council_id = council_of(country)
            yield CouncilFormed(
                event_id=f"{name}:council:{period}:{council_id}",
                occurred_at=at,
                council_id=council_id,
                level="neighbourhood",
                parent_id=state,
            )

    def _threshold(self) -> Quantity:
        # What is wanted at the median price, and about what will be where it clears:
        # demand falls as supply rises, so that is their geometric mean.
        wanted: Counter[str] = Counter()
        for _, code, count in self._plans:
            wanted[code] += count
        made = dict(self._bids)
        most = sorted(
            max(count, math.isqrt(count * made.get(code, 0)))
            for code, count in wanted.items()
        )
        if len(most) <= SIGNED:
            return quarters(0)
        # Halfway to the next one, so that a round's overshooting does not reach it.
        return quarters((most[-SIGNED - 1] + most[-SIGNED]) // 2)

    def _listings(self, at: datetime) -> Iterator[ProductListed]:
        for code, price in self._prices.items():
            yield ProductListed(
                event_id=f"{self._name}:listing:{self._period}:{code}",
                occurred_at=at,
                product_id=code,
                period=self._period,
                start_price=PositiveQuantity(str(price)),
            )

    def _supply(self, times: Iterator[datetime]) -> Iterator[BidPlaced]:
        for code, count in self._bids:
            price, quantity = self._prices[code], quarters(count)
            yield BidPlaced(
                event_id=f"{self._name}:bid:{self._period}:{code}",
                product_id=code,
                occurred_at=next(times),
                company_id=company_of(code),
                period=self._period,
                quantity=quantity,
                # A straight line through the origin, from next to nothing on.
                schedule=_points(
                    (_price_at(price, factor), _quantity_at(quantity, factor))
                    for factor in (_LEAST, Decimal(GREATEST))
                ),
            )

    def _demand(self, times: Iterator[datetime]) -> Iterator[PlanSubmitted]:
        for consumer_id, code, count in self._plans:
            price, quantity = self._prices[code], quarters(count)
            country = self._history.country_of(consumer_id)
            yield PlanSubmitted(
                event_id=f"{self._name}:plan:{self._period}:{consumer_id}:{code}",
                product_id=code,
                occurred_at=next(times),
                consumer_id=consumer_id,
                period=self._period,
                quantity=quantity,
                council_id=None if country is None else council_of(country),
                greatest_price=_price_at(price, Decimal(GREATEST)),
                schedule=_points(
                    (_price_at(price, factor), _quantity_at(quantity, 1 / factor))
                    for factor in FACTORS
                ),
            )


def council_of(country: str) -> str:
    """Return the name of a country's neighbourhood: `united-kingdom`."""
    return "-".join(re.findall(r"[^\W_]+", country.lower())) or ELSEWHERE


def _state_of(country: str) -> str:
    return next(
        (state for state, countries in REGIONS.items() if country in countries),
        ELSEWHERE,
    )


def _points(points: Iterable[tuple[Price, Quantity]]) -> tuple[Point, ...]:
    # Of prices that are the same once rounded the first stands.
    told: dict[Price, Quantity] = {}
    for price, quantity in points:
        told.setdefault(price, quantity)
    return tuple(Point(price, quantity) for price, quantity in told.items())


# A product's prices are asked for once per customer, and most quantities are the same
# few quarters.
@lru_cache(maxsize=65_536)
def _price_at(price: Price, factor: Decimal) -> Price:
    return Price(f"{_rounded(price * factor):f}")


@lru_cache(maxsize=65_536)
def _quantity_at(quantity: Quantity, factor: Decimal) -> Quantity:
    return Quantity(f"{_rounded(quantity * factor):f}")


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_SMALLEST, ROUND_HALF_EVEN).normalize()
