"""
A second, slow account of what a partition's rows must say.

Written from the words of docs/economics.md and of `schemas`, not from the fold: it
keeps every accepted event for ever and adds all of them up anew, in fractions, each
time it is asked. Its market's periods are weeks.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from support.market import Said

from schemas.rows import Amount, MarketRow, Window
from schemas.topics import Topic

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BOARDS_WORD = {"announced_price", "indicative_price", "planned_price", "decision"}
SPANS = {"minute": (60, 10), "hour": (3_600, 300), "day": (86_400, 3_600)}
COLOURS = ((3, "blue"), (5, "green"), (10, "yellow"), (20, "orange"))

PARTY = {
    "bid": "company_id",
    "plan": "consumer_id",
    "price": "company_id",
    "decision": "council_id",
    "announced_price": "",
    "indicative_price": "",
    "planned_price": "",
}
"""Whose line an event makes; without a field it is the board's."""

LINES_OF_PARTIES = ("bid", "plan", "confirmation")

RowSaid = dict[str, Any]
"""A row in plain words: fractions, microseconds, texts."""


class Accepted(NamedTuple):
    """An event that counts, in its period; times in microseconds since 1970."""

    said: Said
    period: str
    topic: str
    offset: int
    occurred: int
    received: int


class Model:
    """
    One partition.

    Args:
        window: the duplicates' window.
        early_limit_s: how far ahead of its arrival an event's time may lie.
        foreign: products that belong elsewhere.
    """

    def __init__(
        self, window: int = 1_000, early_limit_s: int = 3_600, foreign: str = ""
    ) -> None:
        self._span = window // 2
        self._early = early_limit_s * 10**6
        self._foreign = foreign
        self._ids: list[tuple[str, int, str]] = []
        self.periods: list[Accepted] = []
        self.accepted: list[Accepted] = []
        self.refused: list[tuple[str, int, str]] = []

    def take(self, topic: Topic, offset: int, timestamp_ms: int, said: Said) -> None:
        """Take a well-formed event from its place in a topic."""
        occurred = _micros(said["occurred_at"])
        period = said.get("period") or _week(occurred)
        one = Accepted(said, period, topic.name, offset, occurred, timestamp_ms * 1000)
        code = self._fault(one, topic.event_types)
        self._ids.append((topic.name, offset, said["event_id"]))
        if code is None:
            (self.periods if said["type"] == "period" else self.accepted).append(one)
        else:
            self.refused.append((topic.name, offset, code))

    def rows(self) -> dict[tuple[str, str], RowSaid]:
        """What the rows must say, by product and period."""
        keys = {(one.said["product_id"], one.period) for one in self.accepted}
        return {key: self._row(*key) for key in keys}

    def _fault(self, one: Accepted, types: frozenset[str]) -> str | None:
        oldest = (one.offset // self._span - 1) * self._span
        for topic, offset, event_id in self._ids:
            if (topic, event_id) == (one.topic, one.said["event_id"]) and (
                offset >= oldest
            ):
                return "duplicate"
        if one.occurred > one.received + self._early:
            return "occurred_in_future"
        kind = one.said["type"]
        if kind not in types:
            return "wrong_topic"
        if kind == "period":
            said = [known for known in self.periods if known.period == one.period]
            newest = max((_place(known) for known in said), default=-1)
            if _place(one) <= newest:
                return "stale_revision"
            return "gate_closed" if self._is_closed(one) else None
        if one.said["product_id"] == self._foreign:
            return "wrong_partition"
        if kind in LINES_OF_PARTIES and (code := self._gate(one)) is not None:
            return code
        if kind == "confirmation":
            return self._confirmation(one)
        if _line(one) is not None:
            for known in self.accepted:
                if _line(known) == _line(one) and (
                    _place(known) > _place(one)
                    or (_place(known) == _place(one) and kind != "price")
                ):
                    return "stale_revision"
        return None

    def _gate(self, one: Accepted) -> str | None:
        said = [known for known in self.periods if known.period == one.period]
        if not said:
            return None
        if self._is_closed(one):
            return "gate_closed"
        priced = any(
            known.said["type"] == "announced_price" and _where(known) == _where(one)
            for known in self.accepted
        )
        opened = said[0].received
        if one.said["type"] != "confirmation" and not priced and one.received >= opened:
            return "unknown_product"
        return None

    def _is_closed(self, one: Accepted) -> bool:
        # No earlier than the board's word of it reached Kafka.
        said = [known for known in self.periods if known.period == one.period]
        newest = max(said, key=_place, default=None)
        closes = newest.said.get("closes_at") if newest else None
        return (
            newest is not None
            and closes is not None
            and one.received > max(_micros(closes), newest.received)
        )

    def _confirmation(self, one: Accepted) -> str | None:
        bids = [
            known
            for known in self.accepted
            if known.said["type"] == "bid"
            and _where(known) == _where(one)
            and known.said["company_id"] == one.said["company_id"]
        ]
        if not bids:
            return "unknown_bid"
        bid = max(bids, key=_place)
        if not bid.said.get("members") or _place(bid) != _place(one):
            return "unknown_bid"
        if one.said["member_id"] not in bid.said["members"]:
            return "not_a_member"
        return None

    def _row(self, product: str, period: str) -> RowSaid:
        ours = [one for one in self.accepted if one.said["product_id"] == product]
        here = [one for one in ours if one.period == period]
        # The board's clock is not the market's: its word moves no window.
        newest = max(
            (one.occurred for one in here if one.said["type"] not in BOARDS_WORD),
            default=0,
        )
        bought = [one for one in here if one.said["type"] == "purchase"]
        back = [one for one in here if one.said["type"] == "cancellation"]
        bids = [_answer(one, here) for one in _newest(here, "bid")]
        plans = [_answer(one, here) for one in _newest(here, "plan")]
        supply = sum((units for units, _ in bids), Fraction(0))
        demand = sum((units for units, _ in plans), Fraction(0))
        announced = next(iter(_newest(here, "announced_price")), None)
        positions: dict[str, int] = {}
        for one in here:
            positions[one.topic] = max(positions.get(one.topic, -1), one.offset)
        ask = self._ask(ours, period)
        planned = _price(here, "planned_price")
        return {
            "sequence": len(here),
            "positions": positions,
            "occurred": newest or None,
            "received": max(one.received for one in here),
            "supply": supply,
            "produced": _sum(here, lambda one: _quantity(one, "production"))[0],
            "demand": demand,
            "bought": (_sum(bought, _planned), _sum(bought, _unplanned)),
            "given_back": (_sum(back, _planned), _sum(back, _unplanned)),
            "imbalance": _imbalance(supply, demand),
            "planned_price": planned,
            "announced_price": _price(here, "announced_price"),
            "indicative_price": _price(here, "indicative_price"),
            "round": announced.said["round"] if announced else 0,
            "forecast": _fraction(announced.said.get("forecast_percent"))
            if announced
            else None,
            "flags": tuple(announced.said.get("flags", ())) if announced else (),
            "counted": (
                sum(units > 0 for units, _ in bids),
                sum(units > 0 for units, _ in plans),
            ),
            "denied": (
                sum(units > 0 for _, units in plans),
                sum((units for _, units in plans), Fraction(0)),
            ),
            "ask": ask,
            "difference": None if planned is None or ask is None else ask[0] - planned,
            "mean": _mean(*_sum(bought, _unplanned)),
            **{span: _window(bought, newest, *SPANS[span]) for span in SPANS},
        }

    def _ask(self, ours: list[Accepted], period: str) -> tuple[Fraction, str] | None:
        # A company's price stands from its time on until its next one.
        newest: dict[str, Accepted] = {}
        for one in ours:
            if one.said["type"] == "price" and one.period <= period:
                company = one.said["company_id"]
                known = newest.get(company)
                if known is None or one.occurred >= known.occurred:
                    newest[company] = one
        return min(
            (
                (Fraction(one.said["unplanned_price"]), company)
                for company, one in newest.items()
            ),
            default=None,
        )


def words_of(row: MarketRow) -> RowSaid:
    """A row in the model's words."""
    demand, price = row.demand, row.price
    return {
        "sequence": row.sequence,
        "positions": row.positions,
        "occurred": _micros_of(row.occurred_at),
        "received": _micros_of(row.received_at),
        "supply": Fraction(row.supply.planned),
        "produced": Fraction(row.supply.produced),
        "demand": Fraction(demand.planned),
        "bought": (_pair(demand.planned_purchases), _pair(demand.unplanned_purchases)),
        "given_back": (
            _pair(demand.planned_cancellations),
            _pair(demand.unplanned_cancellations),
        ),
        "imbalance": None
        if row.imbalance is None
        else (Fraction(row.imbalance.percent), row.imbalance.colour),
        "planned_price": _fraction(price.planned),
        "announced_price": _fraction(price.announced),
        "indicative_price": _fraction(price.indicative),
        "round": row.planning.round,
        "forecast": _fraction(row.planning.forecast_percent),
        "flags": row.planning.flags,
        "counted": (row.planning.bids, row.planning.plans),
        "denied": (row.planning.denied, Fraction(row.planning.denied_quantity)),
        "ask": None
        if price.unplanned is None
        else (Fraction(price.unplanned), price.unplanned_company),
        "difference": _fraction(price.difference),
        "mean": _fraction(price.unplanned_mean),
        "minute": window_words(row.rolling.minute),
        "hour": window_words(row.rolling.hour),
        "day": window_words(row.rolling.day),
    }


def window_words(window: Window) -> RowSaid:
    """A window in the model's words."""
    return {
        "sum": (Fraction(window.quantity), Fraction(window.value)),
        "mean": _fraction(window.mean_price),
        "buckets": [
            (bucket.start, Fraction(bucket.quantity), Fraction(bucket.value))
            for bucket in window.buckets
        ],
    }


# The model's arithmetic.


def _newest(here: list[Accepted], kind: str) -> list[Accepted]:
    # Each party's greatest revision.
    newest: dict[tuple[str, ...] | None, Accepted] = {}
    for one in here:
        if one.said["type"] == kind:
            known = newest.get(_line(one))
            if known is None or _place(one) > _place(known):
                newest[_line(one)] = one
    return list(newest.values())


def _price(here: list[Accepted], kind: str) -> Fraction | None:
    return next((Fraction(one.said[kind]) for one in _newest(here, kind)), None)


def _answer(one: Accepted, here: list[Accepted]) -> tuple[Fraction, Fraction]:
    # What a line that stands adds to its sum, and what its limits deny it.
    line, nothing = one.said, Fraction(0)
    for decision in _newest(here, "decision"):
        council = line.get("team_id" if line["type"] == "bid" else "council_id")
        if decision.said["council_id"] == council and not decision.said["counts"]:
            return nothing, nothing
    confirmed = {
        known.said["member_id"]
        for known in here
        if known.said["type"] == "confirmation"
        and line["type"] == "bid"
        and known.said["company_id"] == line["company_id"]
        and _place(known) == _place(one)
    }
    if not confirmed.issuperset(line.get("members", ())):
        return nothing, nothing
    price = _price(here, "planned_price")
    if price is None:
        price = _price(here, "announced_price")
    quantity = Fraction(line["quantity"])
    if price is None or line.get("is_fixed"):
        return quantity, nothing
    wanted = _on_schedule(line, price) if line.get("schedule") else quantity
    greatest, least = line.get("greatest_price"), line.get("least_price")
    if (
        (greatest is not None and price > Fraction(greatest))
        or (least is not None and price < Fraction(least))
        or wanted < Fraction(line.get("least_quantity") or 0)
    ):
        return nothing, wanted
    return wanted, nothing


def _on_schedule(line: Said, price: Fraction) -> Fraction:
    points = [(Fraction(at), Fraction(units)) for at, units in line["schedule"]]
    if price < points[0][0]:
        return points[0][1] if line["type"] == "plan" else Fraction(0)
    if price > points[-1][0]:
        return points[-1][1] if line["type"] == "bid" else Fraction(0)
    exact = next(
        (units for at, units in points if at == price),
        None,
    )
    if exact is not None:
        return exact
    (low, first), (high, second) = next(
        (a, b) for a, b in pairwise(points) if a[0] < price < b[0]
    )
    weight = (price - low) / (high - low)
    return Fraction(round((first * (1 - weight) + second * weight) * 10**6), 10**6)


def _window(
    bought: list[Accepted], newest: int, length_s: int, slice_s: int
) -> RowSaid:
    oldest = newest // 10**6 - length_s
    buckets: dict[int, tuple[Fraction, Fraction]] = {}
    for one in bought:
        quantity, value = _unplanned(one)
        start = one.occurred // 10**6 // slice_s * slice_s
        if quantity and start > oldest:
            known = buckets.get(start, (Fraction(0), Fraction(0)))
            buckets[start] = (known[0] + quantity, known[1] + value)
    total = (
        sum((quantity for quantity, _ in buckets.values()), Fraction(0)),
        sum((value for _, value in buckets.values()), Fraction(0)),
    )
    return {
        "sum": total,
        "mean": _mean(*total),
        "buckets": [(start, *buckets[start]) for start in sorted(buckets)],
    }


def _sum(
    events: Iterable[Accepted], part: Callable[[Accepted], tuple[Fraction, Fraction]]
) -> tuple[Fraction, Fraction]:
    quantity = value = Fraction(0)
    for one in events:
        added = part(one)
        quantity, value = quantity + added[0], value + added[1]
    return quantity, value


def _quantity(one: Accepted, kind: str) -> tuple[Fraction, Fraction]:
    if one.said["type"] != kind:
        return Fraction(0), Fraction(0)
    return Fraction(one.said["quantity"]), Fraction(0)


def _planned(one: Accepted) -> tuple[Fraction, Fraction]:
    units = Fraction(one.said.get("planned_quantity", "0"))
    return units, units * Fraction(one.said["unit_price"])


def _unplanned(one: Accepted) -> tuple[Fraction, Fraction]:
    units = Fraction(one.said["quantity"]) - _planned(one)[0]
    return units, units * Fraction(one.said["unit_price"])


def _mean(quantity: Fraction, value: Fraction) -> Fraction | None:
    # Python rounds fractions half to even.
    return Fraction(round(value / quantity * 10**6), 10**6) if quantity else None


def _imbalance(supply: Fraction, demand: Fraction) -> tuple[Fraction, str] | None:
    if not supply + demand:
        return None
    percent = Fraction(round(20_000 * (supply - demand) / (supply + demand)), 100)
    colour = next((name for limit, name in COLOURS if abs(percent) < limit), "red")
    return percent, colour


def _line(one: Accepted) -> tuple[str, ...] | None:
    kind = one.said["type"]
    if kind not in PARTY:
        return None
    party = one.said.get(PARTY[kind], "board")
    needed_for = one.said.get("for_product_id") or ""
    return (kind, one.said["product_id"], one.period, party, needed_for)


def _where(one: Accepted) -> tuple[str, str]:
    return one.said["product_id"], one.period


def _place(one: Accepted) -> int:
    # A price has only its time to go by.
    if one.said["type"] == "price":
        return one.occurred
    if one.said["type"] == "announced_price":
        return int(one.said["round"])
    revision: int = one.said.get("revision", 0)
    return revision


def _micros(text: str) -> int:
    return _micros_of(datetime.fromisoformat(text)) or 0


def _micros_of(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - EPOCH) // timedelta(microseconds=1)


def _week(micros: int) -> str:
    year, week, _ = (EPOCH + timedelta(microseconds=micros)).isocalendar()
    return f"{year}-W{week:02}"


def _pair(amount: Amount) -> tuple[Fraction, Fraction]:
    return Fraction(amount.quantity), Fraction(amount.value)


def _fraction(value: Any) -> Fraction | None:
    return None if value is None else Fraction(value)
