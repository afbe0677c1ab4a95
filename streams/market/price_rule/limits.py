"""PURE. What the board lets the price rule do; each number argues for itself."""

from typing import Final, NamedTuple


class Limits(NamedTuple):
    """
    Attributes:
        tolerance_percent: imbalance below which a product's price stands
            (docs/economics.md: 3 %, the board's choice).
        first_step: greatest step of ln p after the first round, when bids can be read
            but nothing has been proved yet: a factor of 1,100, so that prices a
            hundred times off, in opposite directions even, are mended in one step.
        unclear_step: the same while even the model finds nothing that clears: the way
            is right for most, but how far is not told.
        reach: how far from its first price a price may ever go, in ln p: a factor of
            8,000. A first price that is farther off is for people to mend.
        groping_step: greatest step of ln p by sums alone and while the model read off
            the bids is not trusted: a factor of 1.5. Smaller ones need more rounds
            than people bear, larger ones overshoot where supply is elastic.
        farthest_groping: the same by sums alone at last: twice as far each round as
            long as their forecasts come true.
        near_factor: greatest step of the model that is not trusted by what all products
            are off, as a root mean square of ln(D/S): what is left at the end, noise
            for the most part, is no reason to go far.
        level_step: greatest step by sums of all prices together: a factor of 150,
            since a level that is wrong shows in every sum.
        least_step: below it a step is not shrunk: a tenth of the tolerance moves
            nothing that anybody would see.
        alarm_growth: the worst imbalance has grown when it is more than this many
            times what it was, and is less than ever when it is so much less: noise
            alone moves it by some percent.
        alarm_rounds: rounds without a new least worst imbalance that raise the alarm,
            too: what is clearing finds one in every second round at least.
    """

    tolerance_percent: float = 3.0
    first_step: float = 7.0
    unclear_step: float = 1.5
    reach: float = 9.0
    groping_step: float = 0.4
    farthest_groping: float = 3.0
    near_factor: float = 2.0
    level_step: float = 5.0
    least_step: float = 0.02
    alarm_growth: float = 1.05
    alarm_rounds: int = 4


DEFAULT_LIMITS: Final = Limits()
"""The board's own choice."""
