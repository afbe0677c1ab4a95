"""
PURE. From the book to the price rule and back: numbers to names.

The one place where the rule is asked, for what is announced, indicated and audited
alike: the same rounds give the same prices.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from streams.market.answers import Round
from streams.market.planning.announcing import Proposal
from streams.market.planning.book import Book
from streams.market.price_rule.limits import Limits
from streams.market.price_rule.rule import announce


class Proposals(NamedTuple):
    """
    What the rule would announce.

    Attributes:
        by_product: its price of every product.
        alarm: whether the worst imbalance grew twice in a row.
    """

    by_product: dict[str, Proposal]
    alarm: bool


def round_of(prices: Mapping[str, Decimal], book: Book) -> Round:
    """Return the round as the rule sees it: its prices and what stands in the book."""
    return Round(
        np.array([float(prices[name]) for name in book.products]), book.answers()
    )


def propose(
    rounds: Sequence[Round], products: Sequence[str], tolerance_percent: float
) -> Proposals:
    """
    Ask the rule for the next round's prices.

    Args:
        rounds: all so far, oldest first.
        products: by their numbers.
        tolerance_percent: below which a product's price stands.
    """
    found = announce(rounds, Limits(tolerance_percent=tolerance_percent))
    flags = {
        n: tuple(
            name
            for name, flag in (("no_bid", found.no_bid), ("no_demand", found.no_demand))
            if flag[n]
        )
        for n in range(len(products))
    }
    return Proposals(
        {
            name: Proposal(
                float(found.prices[n]),
                float(found.forecast_percent[n]),
                found.method,
                flags[n],
            )
            for n, name in enumerate(products)
        },
        bool(found.alarm),
    )
