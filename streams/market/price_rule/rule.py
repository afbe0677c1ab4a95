"""
PURE. The price rule: from the rounds so far to the prices of the next.

It keeps nothing between rounds: what it learns it learns from the rounds it is given,
so that anybody who has them announces the same prices, bit for bit. Three methods
forecast every round, and the one whose forecasts come true sets the next prices
(docs/decisions/price_rule.md):

- shares: the model read off the bids (reading.py), solved for what clears it;
- sums: a straight line through the rounds' sums (sums.py);
- bounded: a small step towards balance, product by product.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from streams.market.answers import Flags, Floats, Round, imbalance_percent
from streams.market.price_rule.book import LEAST_PRICE, Book, open_book
from streams.market.price_rule.clearing import clear
from streams.market.price_rule.limits import DEFAULT_LIMITS, Limits
from streams.market.price_rule.model import Model, forecast
from streams.market.price_rule.reading import read
from streams.market.price_rule.sums import Line, straight
from streams.market.price_rule.watching import Watch, watch

Method = Literal["shares", "sums", "bounded"]


class Announcement(NamedTuple):
    """
    What the board announces for the next round.

    Attributes:
        prices: by product, above 0.
        forecast_percent: the imbalance that is expected of them, by product.
        method: by which they were found.
        alarm: whether the worst imbalance grew twice in a row and has not fallen.
        no_bid: the products that nobody bids for; their price stays.
        no_demand: the products that nobody wants at any price so far.
    """

    prices: Floats
    forecast_percent: Floats
    method: Method
    alarm: bool
    no_bid: Flags
    no_demand: Flags


def announce(rounds: Sequence[Round], limits: Limits = DEFAULT_LIMITS) -> Announcement:
    """
    Return the prices of the next round.

    Args:
        rounds: all of this period so far, oldest first, at least one. Products have
            the same numbers in all of them; lines may come, go and change order.
        limits: what the board lets the rule do.

    Raises:
        ValueError: if there is no round, or rounds have different products.
    """
    book = open_book(rounds)
    seen = watch(book, limits)
    views = _views(book, seen)
    errors = _errors(rounds, book, seen, limits)
    return _announced(book, seen, views, errors, limits)


class _Views(NamedTuple):
    # What each method thinks after some rounds.
    model: Model
    line: Line
    plain: Line
    seen: Watch
    is_readable: bool

    def forecasts(self, log_prices: Floats) -> tuple[Floats, Floats, Floats]:
        """Return by method the imbalance in percent expected of some prices."""
        said = forecast(self.model, log_prices)
        return (
            imbalance_percent(said.supply, said.demand),
            _percent(self.line.forecast(log_prices)),
            _percent(self.plain.forecast(log_prices)),
        )


READABLE = 0.5
"""Part of all money bid and planned that must be seen in lines for shares to be the
first method; with less, sums are until shares' forecasts prove better."""

JUDGED = 2
"""Rounds whose forecasts are held against what came: the last says what is true here,
the one before keeps one lucky round from deciding. Each costs a reading."""

PROVED = 0.6
"""Part of a round's change that forecasts may miss and still be proved: what remains
then shrinks by itself from round to round."""


def _views(book: Book, seen: Watch) -> _Views:
    prices = np.exp(book.log_prices[-1])
    total = (prices * (book.supply[-1] + book.demand[-1])).sum()
    hidden = (prices * (book.hidden_supply[-1] + book.hidden_demand[-1])).sum()
    return _Views(
        model=read(book),
        line=straight(book, seen.is_free),
        plain=straight(book, seen.is_free, rounds=1),
        seen=seen,
        is_readable=bool(hidden <= (1 - READABLE) * total),
    )


class _Errors(NamedTuple):
    # Root mean squares, in percent, of what each method's forecasts missed, and of
    # how much the imbalance changed.
    shares: float
    sums: float
    bounded: float
    change: float


def _errors(
    rounds: Sequence[Round], book: Book, seen: Watch, limits: Limits
) -> _Errors | None:
    came = imbalance_percent(book.supply, book.demand)
    squares = np.zeros(4)
    weight = 1.0
    for number in range(book.rounds - 1, max(0, book.rounds - 1 - JUDGED), -1):
        earlier = open_book(rounds[:number])
        views = _views(earlier, watch(earlier, limits))
        looked_at = views.seen.is_free & seen.is_free
        if looked_at.any():
            missed = [
                said - came[number] for said in views.forecasts(book.log_prices[number])
            ]
            missed.append(came[number] - came[number - 1])
            squares += weight * np.array(
                [np.mean(miss[looked_at] ** 2) for miss in missed]
            )
        weight /= 2
    if book.rounds < 2:
        return None
    return _Errors(*np.sqrt(squares).tolist())


def _announced(
    book: Book, seen: Watch, views: _Views, errors: _Errors | None, limits: Limits
) -> Announcement:
    method, bound = _chosen(views, errors, limits)
    bound = max(bound * seen.damping, limits.least_step)
    newest = book.log_prices[-1]
    start = np.where(seen.is_blind, seen.blind, newest)
    if method == "shares":
        bounds = np.full(book.products, bound)
        found = clear(views.model, start, seen.is_free, bounds).log_prices
        x = np.where(seen.is_free, found, start)
    else:
        line = views.line if method == "sums" else views.plain
        x = start + _bounded_step(line, seen, bound, limits)
    x = np.clip(x, np.log(LEAST_PRICE), -np.log(LEAST_PRICE))
    said = views.forecasts(x)[("shares", "sums", "bounded").index(method)]
    return Announcement(
        np.exp(x), said, method, seen.alarm, seen.no_bid, seen.no_demand
    )


def _chosen(
    views: _Views, errors: _Errors | None, limits: Limits
) -> tuple[Method, float]:
    # The method, and its greatest step of ln p.
    if errors is None:
        if views.is_readable:
            return "shares", limits.first_step
        return "sums", limits.groping_step
    if errors.shares <= min(errors.sums, errors.bounded):
        is_proved = errors.shares <= PROVED * errors.change
        return "shares", limits.first_step if is_proved else limits.groping_step
    if errors.sums <= errors.bounded:
        return "sums", limits.groping_step
    return "bounded", limits.groping_step / 2


def _bounded_step(line: Line, seen: Watch, bound: float, limits: Limits) -> Floats:
    # All prices together may go farther than one against another: their level is
    # told by all sums at once.
    step = line.step()
    free = seen.is_free
    if not free.any():
        return np.zeros_like(step)
    level = float(step[free].mean())
    apart = np.clip(step - level, -bound, bound)
    farthest = limits.level_step * seen.damping
    return np.where(free, np.clip(level, -farthest, farthest) + apart, 0.0)


def _percent(ratio: Floats) -> Floats:
    # v = 200 (S - D) / (S + D), of r = ln(D/S).
    return -200 * np.tanh(ratio / 2)
