"""The model's slopes are those of its forecasts, and its solver clears it."""

import numpy as np
import pytest
from support.small_market import round_of

from parfeed.economy.drawing import KINDS, draw_economy
from parfeed.economy.troubles import Hiding
from streams.market.answers import Round
from streams.market.price_rule import clearing
from streams.market.price_rule.book import keyed, open_book
from streams.market.price_rule.clearing import Bend, clear
from streams.market.price_rule.curves import curves_of
from streams.market.price_rule.model import forecast, forecast_with_slopes
from streams.market.price_rule.reading import read
from streams.market.price_rule.rule import announce

SMALL = 1e-6


def read_after(bidders, rounds: int):
    prices, played = bidders.start_prices, []
    for _ in range(rounds):
        played.append(Round(prices, bidders.answer(prices)))
        prices = announce(played).prices
    return read(open_book(keyed(played)))


def unbent(size: int) -> Bend:
    return Bend(np.zeros((size, 0)), np.zeros((0, size)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rounds", [1, 2])
def test_slopes_are_differences_of_forecasts(kind, rounds):
    economy = Hiding(draw_economy(5, kind, products=12), 0.2)
    model = read_after(economy, rounds)
    x = model.log_prices + 0.013
    supply, demand, slopes = forecast_with_slopes(model, x)
    of_supply, of_demand = np.diag(slopes.supply), np.diag(slopes.demand)
    for left, right, is_demand in slopes.factors:
        if is_demand:
            of_demand = of_demand + (left @ right).toarray()
        else:
            of_supply = of_supply + (left @ right).toarray()
    for product in range(len(x)):
        aside = x.copy()
        aside[product] += SMALL
        said = forecast(model, aside)
        scale = np.maximum(np.maximum(supply, demand), 1e-9)
        difference = (said.supply - supply) / SMALL / scale
        assert of_supply[:, product] / scale == pytest.approx(difference, abs=1e-3)
        difference = (said.demand - demand) / SMALL / scale
        assert of_demand[:, product] / scale == pytest.approx(difference, abs=1e-3)


def test_a_model_forecasts_what_it_was_read_off():
    economy = draw_economy(6, "ces", products=12)
    answers = economy.answer(economy.start_prices)
    book = open_book(keyed([Round(economy.start_prices, answers)]))
    said = forecast(read(book), book.log_prices[0])
    assert said.supply == pytest.approx(book.supply[0])
    assert said.demand == pytest.approx(book.demand[0])


def test_what_is_found_clears_the_model():
    model = read_after(draw_economy(7, "cobb_douglas", products=20), 1)
    x, free = model.log_prices, np.ones(20, bool)
    found = clear(model, unbent(20), x, free, x - 9, x + 9)
    said = forecast(model, found.log_prices)
    assert found.is_clear
    assert said.demand == pytest.approx(said.supply, rel=1e-3)


def test_iterations_find_what_elimination_finds(monkeypatch):
    model = read_after(draw_economy(8, "ces", products=40), 2)
    x, free = model.log_prices, np.ones(40, bool)
    solved = clear(model, unbent(40), x, free, x - 9, x + 9)
    monkeypatch.setattr(clearing, "DENSE", 0)
    iterated = clear(model, unbent(40), x, free, x - 9, x + 9)
    assert iterated.log_prices == pytest.approx(solved.log_prices, abs=1e-3)


def test_a_price_that_is_not_free_stays():
    model = read_after(draw_economy(7, "cobb_douglas", products=20), 1)
    x, free = model.log_prices, np.arange(20) > 0
    found = clear(model, unbent(20), x, free, x - 9, x + 9)
    assert found.log_prices[0] == x[0]


def test_a_curve_goes_straight_between_its_points_and_ends_as_said():
    bids = round_of([1.0], bids=[(0, 0, 1.0)], bid_points={0: [(2, 3), (4, 7)]})
    curves = curves_of(bids.answers.bids.schedules, rising=True)
    at = [float(curves.at(np.array([p]))[0][0]) for p in (1.0, 2.0, 3.0, 4.0, 9.0)]
    assert at == pytest.approx([0, 3, 5, 7, 7])
    plans = round_of([1.0], plans=[(0, 0, 1.0)], plan_points={0: [(2, 7), (4, 3)]})
    curves = curves_of(plans.answers.plans.schedules, rising=False)
    at = [float(curves.at(np.array([p]))[0][0]) for p in (1.0, 2.0, 3.0, 4.0, 9.0)]
    assert at == pytest.approx([7, 7, 5, 3, 0])
