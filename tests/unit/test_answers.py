"""Sums and imbalances of a round's answers."""

import numpy as np

from streams.market.answers import (
    NO_SCHEDULES,
    Answers,
    Bids,
    Inputs,
    Plans,
    demand_of,
    imbalance_percent,
    supply_of,
)

ANSWERS = Answers(
    bids=Bids(
        company=np.array([0, 0, 1]),
        product=np.array([0, 1, 0]),
        quantity=np.array([5.0, 3.0, 2.0]),
        is_fixed=np.array([False, False, True]),
        schedules=NO_SCHEDULES,
    ),
    inputs=Inputs(bid=np.array([0]), product=np.array([1]), quantity=np.array([0.5])),
    plans=Plans(
        consumer=np.array([0, 1]),
        product=np.array([1, 1]),
        quantity=np.array([1.0, 1.5]),
        schedules=NO_SCHEDULES,
    ),
    hidden_supply=np.array([0.0, 0.0, 4.0]),
    hidden_demand=np.array([10.0, 0.0, 0.0]),
)


def test_supply_is_the_sum_of_bids_and_of_what_is_known_as_a_sum() -> None:
    assert supply_of(ANSWERS).tolist() == [7.0, 3.0, 4.0]


def test_demand_is_the_sum_of_plan_lines_inputs_and_hidden_demand() -> None:
    assert demand_of(ANSWERS).tolist() == [10.0, 3.0, 0.0]


def test_imbalance_is_200_where_nobody_wants_a_product_and_0_where_nothing_is() -> None:
    v = imbalance_percent(
        np.array([4.0, 0.0, 0.0, 3.0]), np.array([0.0, 2.0, 0.0, 1.0])
    )
    assert v.tolist() == [200.0, -200.0, 0.0, 100.0]
