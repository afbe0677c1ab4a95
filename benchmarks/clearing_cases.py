"""
What the clearing benchmark plays: which economy, in which trouble, by whose rule.

A case is words and numbers, so that any process can play it and play the same.
"""

import math
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, Literal

import msgspec
import numpy as np

from benchmarks.peers import published_rule
from parfeed.economy.councils import economy_of
from parfeed.economy.drawing import KINDS, draw_economy
from parfeed.economy.economy import Bidders, Economy
from parfeed.economy.playing import Announced, Rule, play, rounds_to
from parfeed.economy.reading import read_councils
from parfeed.economy.returns import with_increasing_returns
from parfeed.economy.solving import clearing_prices
from parfeed.economy.troubles import (
    Dominated,
    Hiding,
    Late,
    Lying,
    Noisy,
    Swapping,
    WithoutMakers,
    WithoutWanters,
)
from streams.market.answers import (
    Floats,
    Round,
    demand_of,
    imbalance_percent,
    supply_of,
)
from streams.market.price_rule.rule import announce

COUNCILS: Final = "councils_01"
NOISE_ROUND: Final = 6
"""By then a rule has to be down to the noise."""

FLOOR_DRAWS: Final = 25
"""Of the noise at the prices that clear: its worst imbalance differs by a factor of
three from one draw to the next, and their median is wanted to a tenth."""

Seen = Literal["bids", "schedules", "unsaid", "sums"]
Whose = Literal["ours", "published"]

TROUBLES: Final[dict[str, Callable[[Economy, int], Bidders]]] = {
    "noise": lambda of, seed: Noisy(of, seed=seed),
    "jumps": lambda of, seed: with_increasing_returns(of, seed=seed),
    "falls": lambda of, seed: with_increasing_returns(
        of, seed=seed, with_capacity=False
    ),
    "no_makers": lambda of, _: WithoutMakers(of, _made(of)),
    "no_wanters": lambda of, _: WithoutWanters(of, _made(of)),
    "dominated": lambda of, _: Dominated(of, _made(of)),
    "late": lambda of, seed: Late(of, seed=seed),
    "lying": lambda of, seed: Lying(of, seed=seed),
    "swapping": lambda of, seed: Swapping(of, seed=seed),
    "half_hidden": lambda of, seed: Hiding(of, 0.5, seed=seed),
    "late_lying_noise": lambda of, seed: Noisy(
        Late(Lying(of, seed=seed), seed=seed), seed=seed
    ),
}
"""Each by name: what it makes of an economy, with a seed of its own."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """
    One play.

    Attributes:
        economy: COUNCILS, or how a drawn one's consumers want.
        seed: of a drawn economy.
        products: of a drawn economy; None to draw them too.
        sees: what the board sees: bids, with limits stated where bidders have them;
            schedules of all of them too; bids whose limits are not stated; sums alone.
        trouble: a name of TROUBLES; empty for none.
        trouble_seed: of its chance.
        rule: by which prices are found.
        start_price: of every product; None for the economy's own.
    """

    economy: str = COUNCILS
    seed: int = 0
    products: int | None = None
    sees: Seen = "bids"
    trouble: str = ""
    trouble_seed: int = 0
    rule: Whose = "ours"
    start_price: float | None = None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """
    What came of a case.

    Attributes:
        case: that was played.
        products: how many the economy has.
        worst_percent: the worst imbalance of each round.
        rounds_to: the first round below 5, 3 and 1 %, None where there is none.
        alarm: the first round whose announcement raised the alarm; None without one.
        farthest_price: the most that a price was off the one that clears in the last
            round, as a factor; None where nobody knows one.
        floor_percent: the worst imbalance that the noise alone makes.
        noiseless_percent: of round NOISE_ROUND, what it would have been without noise.
        rule_s: what the rule took for each round after the first.
    """

    case: Case
    products: int
    worst_percent: list[float]
    rounds_to: dict[str, int | None]
    alarm: int | None
    farthest_price: float | None
    floor_percent: float | None
    noiseless_percent: float | None
    rule_s: list[float]


class _Timed:
    def __init__(self, rule: Rule[Announced]) -> None:
        self.rule = rule
        self.seconds: list[float] = []

    def __call__(self, rounds: Sequence[Round]) -> Announced:
        begin_s = time.perf_counter()
        announced = self.rule(rounds)
        self.seconds.append(time.perf_counter() - begin_s)
        return announced


def play_case(case: Case, most_rounds: int) -> Run:
    """
    Play a case until every product is below 1 %, or for so many rounds.

    Noise never ends by itself: such a case is played to its last round.
    """
    of = _economy(case.economy, case.seed, case.products, bool(case.trouble))
    of = of.replaced(
        with_schedules=case.sees == "schedules", with_limits=case.sees != "unsaid"
    )
    if case.start_price is not None:
        of = of.replaced(start_prices=np.full(len(of.names), case.start_price))
    bidders: Bidders = of
    if case.trouble:
        bidders = TROUBLES[case.trouble](of, case.trouble_seed)
    if case.sees == "sums":
        bidders = Hiding(bidders)
    is_noisy = case.trouble == "noise"
    timed = _Timed(published_rule.announce if case.rule == "published" else announce)
    rule: Rule[Announced] = timed
    worst: list[float] = []
    alarm, noiseless = None, None
    last = of.start_prices
    for played in play(bidders, rule):
        worst.append(played.worst_percent())
        last = played.prices
        if alarm is None and getattr(played.announced, "alarm", False):
            alarm = played.number
        if is_noisy and played.number == NOISE_ROUND:
            noiseless = _worst(of, last)
        if played.number >= most_rounds or (worst[-1] < 1 and not is_noisy):
            break
    clearing = of.clearing_prices
    return Run(
        case=case,
        products=len(of.names),
        worst_percent=worst,
        rounds_to={str(level): rounds_to(worst, level) for level in (5, 3, 1)},
        alarm=alarm,
        farthest_price=(
            None
            if clearing is None
            else math.exp(np.abs(np.log(last / clearing)).max())
        ),
        floor_percent=_floor(of) if is_noisy else None,
        noiseless_percent=noiseless,
        rule_s=timed.seconds,
    )


@lru_cache(maxsize=8)
def _economy(
    name: str, seed: int, products: int | None, with_clearing_prices: bool
) -> Economy:
    if name != COUNCILS:
        kind = next(kind for kind in KINDS if kind == name)
        return draw_economy(seed, kind, products)
    councils = economy_of(read_councils())
    if not with_clearing_prices:
        return councils
    return councils.replaced(clearing_prices=clearing_prices(councils))


def _made(of: Economy) -> int:
    # The product that most processes make, so that a tenth can be left to the others.
    return int(np.argmax(np.bincount(of.parts.processes.output_product)))


def _worst(bidders: Bidders, prices: Floats) -> float:
    answers = bidders.answer(prices)
    percent = imbalance_percent(supply_of(answers), demand_of(answers))
    return float(np.abs(percent[bidders.tradable]).max())


def _floor(of: Economy) -> float:
    if of.clearing_prices is None:
        raise AssertionError("a floor is that at prices which clear")
    noisy = Noisy(of, seed=1_000_003)
    prices = of.clearing_prices
    return float(np.median([_worst(noisy, prices) for _ in range(FLOOR_DRAWS)]))
