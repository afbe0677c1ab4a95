"""What a line with limits or a schedule says, as points: held against its answers."""

from decimal import Decimal
from itertools import pairwise

import pytest
from support.period_planning import line, terms

from streams.market.planning.book import amount_at
from streams.market.planning.points import points_of

RISING = (("2", "10"), ("6", "30"), ("10", "34"))
FALLING = (("2", "30"), ("6", "10"), ("10", "4"))

CASES = {
    "a bid with a limit": ("bid", terms(limit="4")),
    "a plan with a limit": ("plan", terms(limit="4")),
    "a bid's schedule": ("bid", terms(*RISING)),
    "a plan's schedule": ("plan", terms(*FALLING)),
    "a bid's schedule with a limit": ("bid", terms(*RISING, limit="4")),
    "a plan's schedule with a limit": ("plan", terms(*FALLING, limit="4")),
    "a bid's limit below its schedule": ("bid", terms(*RISING, limit="1")),
    "a plan's limit above its schedule": ("plan", terms(*FALLING, limit="11")),
    "a plan's limit below its schedule": ("plan", terms(*FALLING, limit="1.5")),
    "a bid's limit above its schedule": ("bid", terms(*RISING, limit="12")),
    "a bid that wants to make enough": ("bid", terms(*RISING, least_quantity="20")),
    "a plan that wants enough": ("plan", terms(*FALLING, least_quantity="20")),
    "a bid that can never make enough": ("bid", terms(*RISING, least_quantity="50")),
    "a plan that never wants enough": ("plan", terms(*FALLING, least_quantity="50")),
    "a bid with both": ("bid", terms(*RISING, limit="5", least_quantity="20")),
    "a plan with both": ("plan", terms(*FALLING, limit="3", least_quantity="20")),
    "one point": ("bid", terms(("5", "7"))),
}


def read(kind: str, points: list[tuple[float, float]], price: float) -> float:
    # As the rule reads them (streams/market/answers.py), by the letter.
    if price < points[0][0]:
        return 0.0 if kind == "bid" else points[0][1]
    if price > points[-1][0]:
        return points[-1][1] if kind == "bid" else 0.0
    for (p0, q0), (p1, q1) in pairwise(points):
        if p0 <= price <= p1 and p1 > p0:
            return q0 + (q1 - q0) * (price - p0) / (p1 - p0)
    return points[-1][1]


@pytest.mark.parametrize("name", CASES)
def test_points_say_what_the_line_answers(name: str) -> None:
    kind, of = CASES[name]
    one = line(kind, quantity="10", terms=of)
    points = points_of(one)
    assert points == sorted(points)
    for hundredth in range(101, 1_500, 7):
        price = Decimal(hundredth) / 100
        answered = float(amount_at(one, price))
        assert read(kind, points, float(price)) == pytest.approx(answered, abs=1e-5), (
            f"at {price}"
        )


@pytest.mark.parametrize("of", [None, terms(), terms(*RISING, is_fixed=True)])
def test_a_line_that_says_of_one_price_only_has_no_points(of: object) -> None:
    assert points_of(line("bid", terms=of)) == []
