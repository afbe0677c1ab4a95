"""
PURE. What a line with limits or a schedule says of all prices, as the rule's points.

The rule's own reading of points is that of a schedule (streams/market/answers.py). A
limit cuts a schedule off where it is broken; so does a least quantity, at the price
where the line would come to just that.
"""

from itertools import pairwise

from schemas.rows import Line, Terms

Point = tuple[float, float]
"""Price, quantity."""


def points_of(line: Line) -> list[Point]:
    """Return the line's points, prices rising; none if it says of one price only."""
    terms = line.terms
    if terms is None or terms.is_fixed:
        return []
    if line.kind == "bid":
        return _bid_points(float(line.quantity), terms)
    return _plan_points(float(line.quantity), terms)


def _bid_points(quantity: float, terms: Terms) -> list[Point]:
    # Nothing below the first point, and not falling: what is cut off lies below.
    limit = None if terms.limit is None else float(terms.limit)
    if not terms.schedule:
        return [] if limit is None else [(limit, quantity)]
    points = [(float(price), float(units)) for price, units in terms.schedule]
    least = terms.least_quantity
    if least is not None and points[0][1] < least:
        reached = _price_of(points, float(least))
        if reached is None:
            return [(points[-1][0], 0.0)]
        limit = reached if limit is None else max(limit, reached)
    if limit is None or limit <= points[0][0]:
        return points
    return [
        (limit, _quantity_at(points, limit)),
        *(point for point in points if point[0] > limit),
    ]


def _plan_points(quantity: float, terms: Terms) -> list[Point]:
    # Nothing beyond the last point, and not rising: what is cut off lies above.
    limit = None if terms.limit is None else float(terms.limit)
    if not terms.schedule:
        return [] if limit is None else [(limit, quantity)]
    points = [(float(price), float(units)) for price, units in terms.schedule]
    least = terms.least_quantity
    if least is not None and points[-1][1] < least:
        reached = _price_of(points, float(least))
        if reached is None:
            return [(points[0][0], 0.0)]
        limit = reached if limit is None else min(limit, reached)
    if limit is None or limit >= points[-1][0]:
        return points
    return [
        *(point for point in points if point[0] < limit),
        (limit, _quantity_at(points, limit)),
    ]


def _quantity_at(points: list[Point], price: float) -> float:
    # Between points one goes straight; beyond either end its quantity stays.
    if price <= points[0][0]:
        return points[0][1]
    for (low_price, low), (high_price, high) in pairwise(points):
        if price < high_price:
            part = (price - low_price) / (high_price - low_price)
            return low + part * (high - low)
    return points[-1][1]


def _price_of(points: list[Point], quantity: float) -> float | None:
    # The price at which a schedule, rising or falling, first comes to a quantity that
    # its lesser end does not reach: of a rising one the lowest such price, of a
    # falling one the highest; None if it never does.
    is_rising = points[0][1] <= points[-1][1]
    ordered = points if is_rising else points[::-1]
    for (near_price, near), (far_price, far) in pairwise(ordered):
        if far >= quantity:
            part = (quantity - near) / (far - near)
            return near_price + part * (far_price - near_price)
    return None
