"""Small markets said in a few words, for the price rule's cases."""

from collections.abc import Mapping, Sequence

import numpy as np

from streams.market.answers import (
    NO_SCHEDULES,
    Answers,
    Bids,
    Inputs,
    Plans,
    Round,
    Schedules,
)

Points = Sequence[tuple[float, float]]


def schedules(points: Mapping[int, Points]) -> Schedules:
    """Schedules of lines, each as its points (price, quantity)."""
    flat = [(line, *point) for line in sorted(points) for point in points[line]]
    if not flat:
        return NO_SCHEDULES
    line, price, quantity = zip(*flat, strict=True)
    return Schedules(
        np.array(line, np.int64), np.array(price, float), np.array(quantity, float)
    )


def round_of(
    prices: Sequence[float],
    *,
    bids: Sequence[tuple[int, int, float]] = (),
    inputs: Sequence[tuple[int, int, float]] = (),
    plans: Sequence[tuple[int, int, float]] = (),
    fixed: Sequence[int] = (),
    hidden_supply: Sequence[float] | None = None,
    hidden_demand: Sequence[float] | None = None,
    bid_points: Mapping[int, Points] | None = None,
    plan_points: Mapping[int, Points] | None = None,
) -> Round:
    """
    A round of lines: (company, product, quantity), (bid, product, quantity),
    (consumer, product, quantity); `fixed` names the bids that are simply there.
    """
    company, made, quantity = _columns(bids)
    bid, needed, used = _columns(inputs)
    consumer, wanted, wish = _columns(plans)
    nothing = np.zeros(len(prices))
    is_fixed = np.isin(np.arange(len(company)), list(fixed))
    return Round(
        np.array(prices, float),
        Answers(
            Bids(company, made, quantity, is_fixed, schedules(bid_points or {})),
            Inputs(bid, needed, used),
            Plans(consumer, wanted, wish, schedules(plan_points or {})),
            nothing if hidden_supply is None else np.array(hidden_supply, float),
            nothing if hidden_demand is None else np.array(hidden_demand, float),
        ),
    )


def _columns(lines):
    rows = list(zip(*lines, strict=True)) or [(), (), ()]
    return (
        np.array(rows[0], np.int64),
        np.array(rows[1], np.int64),
        np.array(rows[2], float),
    )
