"""Rounds of a rule and its bidders, and the published rule along the published path."""

from itertools import islice

import numpy as np
import pytest

from benchmarks.peers import published_rule
from parfeed.economy.councils import economy_of
from parfeed.economy.drawing import draw_economy
from parfeed.economy.playing import play, rounds_to
from parfeed.economy.reading import read_councils
from parfeed.economy.troubles import WithoutMakers
from streams.market.answers import demand_of, imbalance_percent, supply_of


def test_the_published_rule_takes_the_published_path_and_its_rounds():
    file = read_councils()
    played = [*islice(play(economy_of(file), published_rule.announce), 64)]
    for of_round, expected in zip(played[1:], file.expected, strict=False):
        np.testing.assert_allclose(of_round.prices, expected.price, rtol=1e-9)
    worst = [of_round.worst_percent() for of_round in played]
    assert [rounds_to(worst, level) for level in (5, 3, 1)] == [11, 19, 64]


@pytest.fixture(scope="module")
def economy():
    return draw_economy(3, "ces", 12)


def test_a_round_answers_to_what_was_announced_after_the_rounds_before(economy):
    seen: list[int] = []

    def rule(rounds):
        seen.append(len(rounds))
        np.testing.assert_array_equal(rounds[0].prices, economy.start_prices)
        return published_rule.Published(rounds[-1].prices * 1.5)

    first, second, third = islice(play(economy, rule), 3)
    assert seen == [1, 2]
    assert [first.number, second.number, third.number] == [1, 2, 3]
    assert first.announced is None
    np.testing.assert_array_equal(third.prices, economy.start_prices * 1.5 * 1.5)
    assert third.announced.prices is third.prices
    answers = economy.answer(second.prices)
    np.testing.assert_array_equal(
        second.percent, imbalance_percent(supply_of(answers), demand_of(answers))
    )


def test_the_rule_is_asked_for_no_round_that_is_not_played(economy):
    def rule(_):
        raise AssertionError("asked")

    next(play(economy, rule))


def test_a_play_begins_with_the_prices_it_is_given(economy):
    first = next(play(economy, published_rule.announce, economy.clearing_prices))
    assert first.worst_percent() < 1e-6
    assert first.within(1) == 12


def test_only_what_can_be_traded_counts(economy):
    product = int(economy.parts.processes.output_product[0])
    without = WithoutMakers(economy, product)
    first = next(play(without, published_rule.announce, economy.clearing_prices))
    assert first.percent[product] == -200
    assert first.worst_percent() < 200
    assert first.worst()[0] != product
    assert first.within(201) == 11


def test_the_worst_is_the_farthest_from_clearing_on_either_side(economy):
    first = next(play(economy, published_rule.announce))
    product, percent = first.worst()
    assert abs(percent) == np.abs(first.percent).max() == first.worst_percent()
    assert first.percent[product] == percent
    assert first.within(first.worst_percent()) == 11


@pytest.mark.parametrize(
    ("worst", "percent", "expected"),
    [([9, 4, 2], 5, 2), ([9, 4, 6, 2], 5, 2), ([9, 5], 5, None), ([], 5, None)],
)
def test_the_first_round_below_counts(worst, percent, expected):
    assert rounds_to(worst, percent) == expected
