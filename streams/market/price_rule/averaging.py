"""
PURE. What was said in earlier rounds, carried to the newest prices and averaged.

The model says what a round's bidders would answer to the newest prices. Where that is
what they do answer, but for chance, their mean has less of the chance in it than the
newest answers alone. How much an earlier round counts follows from how well it
forecasts the newest sums: chance makes it miss them by as much however near its prices
were, an error of the model by the more the farther they were.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from streams.market.answers import Floats
from streams.market.price_rule.book import Book, Lines, log_of
from streams.market.price_rule.curves import Curves
from streams.market.price_rule.model import Forecast, Model, forecast, shared

NEAREST: Final = 0.01
"""In ln p: rounds nearer than this to the newest are not told apart by distance."""

FARTHEST: Final = 2.0
"""By how much a line may be off what its schedule says of the same price, by chance."""

OUTLIER: Final = 4.0
"""Standard deviations by which a line that was carried may differ from what stands: one
line in 16,000 does by chance."""

_LEAST_NOISE: Final = 1e-9
"""Standard deviation of a sum that counts as none: earlier rounds are left alone."""


def averaged(book: Book, seen_in: Callable[[int], Model]) -> Model:
    """
    Return the newest round's model, of quantities averaged over the rounds.

    Args:
        book: the rounds so far.
        seen_in: makes the model of a round's own answers.
    """
    newest = seen_in(book.rounds - 1)
    if book.rounds < 3:
        # Of two rounds nobody can say whether chance or distance parts them.
        return newest
    carried = [
        forecast(seen_in(number), newest.log_prices)
        for number in range(book.rounds - 1)
    ]
    weights = _weights(book, carried)
    if weights is None:
        return newest
    own = (book.plans.quantity, book.bids.quantity, book.inputs.quantity)
    plans, bids, inputs = (
        _mean([*earlier, lines[-1]], lines, weights)
        for earlier, lines in zip(
            zip(
                *((said.plans, said.bids, said.inputs) for said in carried), strict=True
            ),
            own,
            strict=True,
        )
    )
    plan_curves = _scaled(book, book.plans, newest.plan_curves, weights)
    bid_curves = _scaled(book, book.bids, newest.bid_curves, weights)
    x, makers = newest.log_prices, newest.bids
    outputs = makers.outputs
    return newest._replace(
        plans=shared(newest.plans, plans, newest.plans.distance, x),
        bids=makers._replace(outputs=shared(outputs, bids, outputs.distance, x)),
        inputs=shared(newest.inputs, inputs, newest.inputs.distance, x),
        plan_curves=plan_curves,
        bid_curves=bid_curves,
    )


def _scaled(book: Book, lines: Lines, curves: Curves, weights: Floats) -> Curves:
    # A schedule that is stated anew each round is off by that round's chance: what
    # was answered to earlier prices, by what it says of them, tells how much.
    at = curves.line
    total, weight = np.zeros(len(at)), np.zeros(len(at))
    for log_prices, quantity, part in zip(
        book.log_prices, lines.quantity, weights, strict=True
    ):
        said, _ = curves.at(np.exp(log_prices)[lines.product[at]])
        took = np.nan_to_num(quantity[at])
        known = (said > 0) & (took > 0)
        ratio = np.divide(took, said, out=np.ones(len(at)), where=known)
        # An end of a schedule is no chance.
        known &= (ratio < FARTHEST) & (ratio > 1 / FARTHEST)
        total += np.where(known, part * np.log(ratio), 0.0)
        weight += np.where(known, part, 0.0)
    factor = np.exp(total / np.where(weight > 0, weight, 1.0))
    return curves._replace(
        quantity=curves.quantity * np.repeat(factor, np.diff(curves.first))
    )


def _weights(book: Book, carried: list[Forecast]) -> Floats | None:
    # Squares of what each earlier round missed, against those of its distance:
    # square = 2 noise + error * distance.
    squares, distances = [], []
    for number, said in enumerate(carried):
        squares.append(_missed(book, said))
        apart = book.log_prices[-1] - book.log_prices[number]
        distances.append(max(float(np.mean(apart**2)), NEAREST**2))
    square, distance = np.array(squares), np.array(distances)
    noise, error = _parted(square, distance)
    if noise < _LEAST_NOISE**2:
        return None
    spread = np.append(noise + error * distance, noise)
    weights: Floats = 1 / spread / (1 / spread).sum()
    return weights


def _missed(book: Book, said: Forecast) -> float:
    # The usual square of what is missed of ln S and ln D, not led by a few products.
    missed = []
    for sums, own in ((said.supply, book.supply[-1]), (said.demand, book.demand[-1])):
        known = (sums > 0) & (own > 0)
        missed.append(np.log(sums[known] / own[known]))
    joined = np.concatenate(missed)
    # Half of a normal distribution lies within 0.6745 standard deviations.
    return float(np.median(np.abs(joined)) / 0.6745) ** 2 if joined.size else 0.0


def _parted(square: Floats, distance: Floats) -> tuple[float, float]:
    # Least squares relative to the squares themselves, neither part below 0. What
    # the nearest round misses bounds the noise.
    weight = 1 / np.maximum(square, 1e-300)
    a = np.stack([2 * weight, distance * weight], axis=1)
    b = np.ones(len(square))
    noise, error = np.linalg.lstsq(a, b, rcond=1e-12)[0].tolist()
    if error < 0:
        noise, error = float(np.median(square)) / 2, 0.0
    if noise < 0:
        noise, error = 0.0, 1.0
    return min(noise, float(square.min()) / 2), error


def _mean(answers: list[Floats], stood: Floats, weights: Floats) -> Floats:
    # Geometric, of the rounds in which a line stood; one that is 0 now stays 0.
    newest = log_of(stood[-1])
    total, weight = np.zeros(len(newest)), np.zeros(len(newest))
    # What chance does between two rounds, by the usual line of the last one.
    apart = np.abs(log_of(answers[-2]) - newest)
    apart = apart[np.isfinite(apart)]
    most = OUTLIER * float(np.median(apart)) / 0.6745 if apart.size else 0.0
    for answer, quantity, part in zip(answers, stood, weights, strict=True):
        known = (quantity > 0) & (answer > 0)
        # A line that the model carries elsewhere says something of its own.
        known &= ~(np.abs(log_of(answer) - newest) > most)
        total += np.where(known, part * np.log(np.where(known, answer, 1.0)), 0.0)
        weight += np.where(known, part, 0.0)
    mean = np.exp(total / np.where(weight > 0, weight, 1.0))
    return np.where(stood[-1] > 0, mean, 0.0)
