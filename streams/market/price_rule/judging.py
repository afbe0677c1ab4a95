"""
PURE. What each method expects of prices, and whose forecasts came true.

Past rounds tell: every method is asked what it would have forecast, from the rounds
before, for the prices that were announced, whichever method had found them.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from streams.market.answers import Floats
from streams.market.price_rule.bending import bend_of
from streams.market.price_rule.book import Book, Keyed, open_book
from streams.market.price_rule.clearing import Bend
from streams.market.price_rule.limits import Limits
from streams.market.price_rule.model import Model, forecast
from streams.market.price_rule.reading import read
from streams.market.price_rule.sums import FARTHEST, Line, far_ratio, straight
from streams.market.price_rule.watching import Watch, watch

JUDGED: Final = 2
"""Rounds whose forecasts are held against what came: the last says what is true here,
the one before keeps one lucky round from deciding. Each costs a reading."""

READABLE: Final = 0.5
"""Part of all money bid and planned that must be seen in lines for shares to be the
first method; with less, sums are until shares' forecasts prove better."""


class Views(NamedTuple):
    """
    What the methods know after some rounds.

    Attributes:
        model: shares, as read off the bids.
        bend: what the rounds add to it.
        line: the sums' line.
        plain: what is expected of sums before anything is known.
        seen: what is plain to see.
        is_readable: whether bids show enough to begin with shares.
    """

    model: Model
    bend: Bend
    line: Line
    plain: Line
    seen: Watch
    is_readable: bool

    def forecasts(self, log_prices: Floats) -> tuple[Floats, ...]:
        """
        Return the imbalance in percent that is expected of prices.

        Returns:
            By shares, by bent shares, by sums and by bounded steps.
        """
        return tuple(-200 * np.tanh(ratio / 2) for ratio in self.ratios(log_prices))

    def ratios(self, log_prices: Floats) -> tuple[Floats, ...]:
        """Return the same as ln(D/S), within FARTHEST: v = -200 tanh(ln(D/S) / 2)."""
        said = forecast(self.model, log_prices)
        ratio = far_ratio(said.supply, said.demand)
        bent = ratio + self.bend.at(log_prices - self.model.log_prices)
        others = (self.line.forecast(log_prices), self.plain.forecast(log_prices))
        return (
            ratio,
            *(np.clip(other, -FARTHEST, FARTHEST) for other in (bent, *others)),
        )


class Errors(NamedTuple):
    """
    Root mean squares of what the methods' forecasts of ln(D/S) missed.

    Attributes:
        shares, bent, sums, bounded: by method.
        change: of how much the imbalance changed, as if nothing had been forecast.
        growth: how many times as far off all products are as they were a round ago.
        off: the root mean square of ln(D/S) itself, in the newest round.
        apart: how far the price that moved farthest beyond all prices' mean did so in
            the newest round, in ln p.
    """

    shares: float
    bent: float
    sums: float
    bounded: float
    change: float
    growth: float
    off: float
    apart: float


def views_of(book: Book, limits: Limits) -> Views:
    """Return what the methods know after the rounds of a book."""
    seen = watch(book, limits)
    prices = np.exp(book.log_prices[-1])
    total = (prices * (book.supply[-1] + book.demand[-1])).sum()
    hidden = (prices * (book.hidden_supply[-1] + book.hidden_demand[-1])).sum()
    model = read(book)
    return Views(
        model=model,
        bend=bend_of(book, model, seen.is_free),
        line=straight(book, seen.is_summed),
        plain=straight(book, seen.is_summed, rounds=1),
        seen=seen,
        is_readable=bool(hidden <= (1 - READABLE) * total),
    )


def errors_of(
    rounds: Sequence[Keyed], book: Book, seen: Watch, limits: Limits
) -> Errors | None:
    """
    Return what the methods' forecasts of the newest rounds missed.

    Args:
        rounds: all so far.
        book: of these rounds.
        seen: in these rounds.
        limits: what the rule may do.

    Returns:
        None after the first round, which nobody could forecast.
    """
    if book.rounds < 2:
        return None
    came = far_ratio(book.supply, book.demand)
    squares = np.zeros(5)
    weight = 1.0
    for number in range(book.rounds - 1, max(0, book.rounds - 1 - JUDGED), -1):
        views = views_of(open_book(rounds[:number]), limits)
        looked_at = views.seen.is_free & seen.is_free
        missed = [said - came[number] for said in views.ratios(book.log_prices[number])]
        missed.append(came[number] - came[number - 1])
        if looked_at.any():
            squares += weight * np.array(
                [np.mean(miss[looked_at] ** 2) for miss in missed]
            )
        weight /= 2
    off = np.sqrt((came[-2:, seen.is_free] ** 2).sum(axis=1)) + 1e-9
    growth = float(off[1] / off[0])
    shares, bent, sums, bounded, change = np.sqrt(squares).tolist()
    usual = float(off[1] / np.sqrt(max(1, seen.is_free.sum())))
    dx = (book.log_prices[-1] - book.log_prices[-2])[seen.is_free]
    level = float(dx.sum()) / max(1, len(dx))
    apart = float(np.abs(dx - level).max(initial=0.0))
    return Errors(shares, bent, sums, bounded, change, growth, usual, apart)
