"""
PURE. An economy's answers to a round, as events: one JSON object each, ready to send.

What a line says of itself (who, what, for what, in which period) is the same in every
round and written once; a round adds its number and the quantities. So 79,491 events
take 40 ms; encoding a struct each takes ten times as long.

**The unit.** Quantities travel in thousandths of a unit, and so money does, too: prices
stay what they were. The wire has 6 decimal places; those of a thousandth are 9 of a
unit. Thousands of rounded lines of about a unit each then add up to what they should
within 1e-10; in whole units it would be 5e-8.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Final, NamedTuple

import msgspec
import numpy as np

from schemas.agenda import CouncilFormed, PeriodOpened, ProductListed
from schemas.codec import encode
from schemas.values import MAX_AMOUNT, Period, PositiveQuantity
from streams.market.answers import (
    NO_SCHEDULES,
    Answers,
    Floats,
    Integers,
    Schedules,
)

PARTS_PER_UNIT: Final = 1_000
"""Quantities on the wire are thousandths; see the module's head."""

_MOST: Final = float(MAX_AMOUNT)
_Line = tuple[bytes, bytes]
_encode = msgspec.json.Encoder().encode
_LEAST_PRICE: Final = 1e-6


class Naming(NamedTuple):
    """
    Whose events they are, and what for.

    Attributes:
        run: what event ids begin with: another run's events are others.
        period: that is planned.
        products: their names, by number.
        councils: by consumer, the name of its council; empty if there are none.
    """

    run: str
    period: Period
    products: Sequence[str]
    councils: Sequence[str] = ()


class AnswerEvents:
    """
    Turns answers into events.

    Args:
        naming: whose they are.
        layout: any answer of the economy: its lines are those of all others
            (economy.py), and only their quantities and schedules differ.
    """

    def __init__(self, naming: Naming, layout: Answers) -> None:
        if layout.hidden_supply.any() or layout.hidden_demand.any():
            raise ValueError("sums without a bidder cannot be bid; show all lines")
        self._naming = naming
        bids, inputs, plans = layout.bids, layout.inputs, layout.plans
        names, councils = naming.products, naming.councils
        company = [_named("company", number) for number in bids.company.tolist()]
        made = bids.product.tolist()
        self._bids = [
            self._line(
                "bid",
                f"bid:{place}",
                product_id=names[made[place]],
                company_id=company[place],
                **({"is_fixed": True} if is_fixed else {}),
            )
            for place, is_fixed in enumerate(bids.is_fixed.tolist())
        ]
        self._inputs = [
            self._line(
                "plan",
                f"input:{place}",
                product_id=names[product],
                consumer_id=company[bid],
                for_product_id=names[made[bid]],
            )
            for place, (product, bid) in enumerate(
                zip(inputs.product.tolist(), inputs.bid.tolist(), strict=True)
            )
        ]
        self._plans = [
            self._line(
                "plan",
                f"plan:{place}",
                product_id=names[product],
                consumer_id=_named("consumer", whose),
                **({"council_id": councils[whose]} if councils else {}),
            )
            for place, (product, whose) in enumerate(
                zip(plans.product.tolist(), plans.consumer.tolist(), strict=True)
            )
        ]

    @property
    def count(self) -> int:
        """How many events a round has."""
        return len(self._bids) + len(self._inputs) + len(self._plans)

    def of_round(self, answers: Answers, round_: int, now: datetime) -> list[bytes]:
        """
        Return a round's events: bids, what they need, and what consumers want.

        Args:
            answers: to the round's prices.
            round_: its number; also the lines' revision.
            now: when they are given.
        """
        bids, inputs, plans = answers.bids, answers.inputs, answers.plans
        tail = b',"revision":%d,"round":%d,"occurred_at":"%b"}' % (
            round_,
            round_,
            now.isoformat().encode(),
        )
        return [
            *_of_round(self._bids, bids.quantity, bids.schedules, round_, tail),
            *_of_round(self._inputs, inputs.quantity, NO_SCHEDULES, round_, tail),
            *_of_round(self._plans, plans.quantity, plans.schedules, round_, tail),
        ]

    # Private

    def _line(self, tag: str, place: str, **fields: str | bool) -> _Line:
        # What stays of a line, up to its quantity; the round goes in between.
        event_id = _encode(f"{self._naming.run}:{place}:")
        said = _encode({"period": str(self._naming.period), **fields})
        return (
            b'{"type":"%b","event_id":%b' % (tag.encode(), event_id[:-1]),
            b'",%b,"quantity":"' % said[1:-1],
        )


def _named(kind: str, number: int) -> str:
    return f"{kind}-{number + 1:04}"


def _of_round(
    lines: Sequence[_Line],
    quantity: Floats,
    schedules: Schedules,
    round_: int,
    tail: bytes,
) -> Iterator[bytes]:
    if len(lines) != len(quantity):
        raise ValueError(
            f"an answer must have as many lines as the first, {len(lines)}; "
            f"was {len(quantity)}"
        )
    amounts = np.minimum(quantity * PARTS_PER_UNIT, _MOST).tolist()
    if len(schedules.line):
        tails = [said + tail for said in _schedules(schedules, len(lines))]
    else:
        tails = [tail] * len(lines)
    for (head, middle), amount, end in zip(lines, amounts, tails, strict=True):
        yield b'%b%d%b%.6f"%b' % (head, round_, middle, amount, end)


def opening_events(
    naming: Naming,
    start_prices: Floats,
    councils: Sequence[CouncilFormed],
    now: datetime,
    **opening: object,
) -> list[bytes]:
    """
    Return the events that begin a period's planning, in their order.

    Args:
        naming: whose they are.
        start_prices: by product.
        councils: the tree, the highest first.
        now: when they are given.
        opening: fields of `PeriodOpened`.
    """
    listings = (
        ProductListed(
            event_id=f"{naming.run}:listing:{place}",
            occurred_at=now,
            product_id=name,
            period=naming.period,
            start_price=PositiveQuantity(f"{max(price, _LEAST_PRICE):.6f}"),
        )
        for place, (name, price) in enumerate(
            zip(naming.products, start_prices.tolist(), strict=True)
        )
    )
    opened = PeriodOpened(
        event_id=f"{naming.run}:opening",
        occurred_at=now,
        period=naming.period,
        **opening,  # type: ignore[arg-type]  # checked by the feed, as all events are
    )
    return [encode(event) for event in chain(councils, listings, (opened,))]


def _schedules(schedules: Schedules, lines: int) -> list[bytes]:
    # Of each line `,"schedule":[...]`, or nothing.
    points = [
        b'["%.6f","%.6f"]' % point
        for point in zip(
            np.clip(schedules.price, _LEAST_PRICE, _MOST).tolist(),
            np.minimum(schedules.quantity * PARTS_PER_UNIT, _MOST).tolist(),
            strict=True,
        )
    ]
    ends: Integers = np.searchsorted(schedules.line, np.arange(lines), side="right")
    said = []
    begin = 0
    for end in ends.tolist():
        of_line = b",".join(points[begin:end])
        said.append(b',"schedule":[%b]' % of_line if of_line else b"")
        begin = end
    return said
