"""Flags, blind steps, the alarm and the way back from it."""

import numpy as np
import pytest
from support.small_market import round_of

from streams.market.price_rule.book import keyed, open_book
from streams.market.price_rule.limits import Limits
from streams.market.price_rule.watching import Watch, watch


def watched(*rounds) -> Watch:
    return watch(open_book(keyed(rounds)), Limits())


def off(percent: float, price: float = 1.0):
    """A round whose imbalance is so many percent."""
    ratio = (200 + percent) / (200 - percent)
    return round_of([price], bids=[(0, 0, ratio)], plans=[(0, 0, 1.0)])


def test_a_product_without_any_bid_keeps_its_price_and_is_flagged():
    seen = watched(round_of([5.0], plans=[(0, 0, 1.0)]))
    assert seen.no_bid[0]
    assert not seen.is_free[0]
    assert seen.blind[0] == pytest.approx(np.log(5.0))


def test_a_product_that_no_line_wants_keeps_its_price_and_is_flagged():
    seen = watched(round_of([5.0], bids=[(0, 0, 1.0)]))
    assert seen.no_demand[0]
    assert seen.blind[0] == pytest.approx(np.log(5.0))


def test_where_only_sums_are_seen_the_price_of_what_nobody_wants_falls():
    seen = watched(round_of([5.0], hidden_supply=[1.0]))
    assert seen.no_demand[0]
    assert seen.blind[0] < np.log(5.0)
    assert seen.is_summed[0]
    assert not seen.is_free[0]


def test_a_price_that_no_line_takes_falls_in_widening_steps():
    def refused(price: float):
        return round_of([price], bids=[(0, 0, 1.0)], plans=[(0, 0, 0.0)])

    rounds, steps = [], []
    price = 100.0
    for _ in range(3):
        rounds.append(refused(price))
        seen = watched(*rounds)
        assert seen.is_blind[0]
        steps.append(np.log(price) - seen.blind[0])
        price = float(np.exp(seen.blind[0]))
    assert steps == pytest.approx([1.2, 2.4, 4.8])


def test_a_price_that_no_bid_takes_goes_half_way_to_one_that_was_taken():
    taken = round_of([8.0], bids=[(0, 0, 1.0)], plans=[(0, 0, 1.0)])
    refused = round_of([2.0], bids=[(0, 0, 0.0)], plans=[(0, 0, 1.0)])
    seen = watched(taken, refused)
    assert np.exp(seen.blind[0]) == pytest.approx(4.0)


def test_the_alarm_is_raised_when_the_worst_grows_twice_in_a_row():
    assert not watched(off(10), off(20)).alarm
    seen = watched(off(10), off(20), off(40))
    assert seen.alarm
    assert seen.damping == 0.5


def test_the_alarm_is_raised_where_nothing_gets_better_for_four_rounds():
    assert not watched(off(20), off(30), off(25), off(30)).alarm
    assert watched(off(20), off(30), off(25), off(30), off(25)).alarm


def test_getting_better_by_less_than_noise_is_no_way_back():
    creeping = [off(percent) for percent in (100, 99, 98, 97, 96.5)]
    assert watched(*creeping).alarm


def test_further_growth_damps_the_steps_further():
    seen = watched(off(10), off(20), off(40), off(60))
    assert seen.damping == 0.25


def test_the_way_back_is_an_imbalance_less_than_ever():
    growing = [off(10), off(20), off(40)]
    back = watched(*growing, off(30))
    assert back.alarm
    assert back.damping == 1.0
    assert not watched(*growing, off(9)).alarm


def test_within_the_tolerance_there_is_no_alarm():
    assert not watched(off(0.5), off(1), off(2)).alarm
