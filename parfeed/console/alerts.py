"""
PURE. What a company or a board wants to be told of: thresholds of its own, and alerts.

An alert is raised when a figure reaches its threshold and ends when the figure has
fallen below nine tenths of it: one that trembles at the threshold rings once.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from parfeed.console.economics import difference_percent, pace
from parfeed.console.errors import Unfit
from parfeed.console.glances import Glance

ENDS_BELOW: Final = 0.9
"""Of the threshold."""

KINDS: Final = {
    "imbalance": "planned supply and demand lie so many percent apart, either way",
    "pace": "bought so many times as fast as planned: 1.5 is half as much again",
    "difference": "the least unplanned price lies so many percent off the planned one",
    "unplanned": "so many percent of what is bought is unplanned",
    "undercut": "somebody asks so many percent less than your unplanned price",
}
"""What can be watched; the figure is the threshold."""

DEFAULTS: Final[Mapping[str, float]] = {"imbalance": 20.0, "pace": 1.5}
"""Red imbalance, and sales that would need half as much again as was planned."""


class Alert(msgspec.Struct, frozen=True):
    """
    A figure that has reached its threshold.

    Attributes:
        product_id: whose.
        kind: a key of `KINDS`.
        figure: as it stands.
        threshold: that it reached.
    """

    product_id: str
    kind: str
    figure: float
    threshold: float

    def __str__(self) -> str:
        if self.kind == "pace":
            return f"pace {self.figure:.2f}"
        if self.kind == "undercut":
            return f"undercut by {self.figure:.1f}%"
        sign = "" if self.kind == "unplanned" else "+"
        return f"{self.kind} {self.figure:{sign}.1f}%"


def read_thresholds(words: Sequence[str]) -> dict[str, float]:
    """
    Read thresholds such as `imbalance=10`, `pace=1.5`; `pace=off` watches it no more.

    Args:
        words: changes to `DEFAULTS`; each may hold several, with commas or blanks
            between.

    Raises:
        Unfit: if one cannot be read, saying which.
    """
    found = dict(DEFAULTS)
    for word in " ".join(words).replace(",", " ").split():
        kind, _, text = word.partition("=")
        if kind not in KINDS:
            raise Unfit(f"an alert is one of {', '.join(KINDS)}, was {kind[:40]!r}")
        if text == "off":
            found.pop(kind, None)
            continue
        try:
            threshold = float(text)
        except ValueError:
            threshold = math.nan
        if not 0 < threshold < math.inf:
            raise Unfit(
                f"{kind} takes a number above 0 or off, such as {kind}=10, was "
                f"{text[:40]!r}"
            )
        found[kind] = threshold
    return found


def write_thresholds(thresholds: Mapping[str, float]) -> str:
    """Write thresholds as `read_thresholds` reads them."""
    # What is watched by default and is not any more must be said.
    return " ".join(
        f"{kind}={thresholds[kind]:g}" if kind in thresholds else f"{kind}=off"
        for kind in KINDS
        if kind in thresholds or kind in DEFAULTS
    )


def figures_of(
    glance: Glance, gone: float, own_price: float | None = None
) -> Iterator[tuple[str, float]]:
    """
    Return what of a product can be watched: kinds and figures.

    Args:
        glance: the product.
        gone: share of its period that is over.
        own_price: the company's unplanned price, if it has one.
    """
    if glance.imbalance is not None:
        yield "imbalance", float(glance.imbalance.percent)
    if (sold := pace(glance, gone)) is not None:
        yield "pace", sold
    price = glance.price
    if price.unplanned is not None:
        if price.planned is not None:
            far = difference_percent(price.unplanned, price.planned)
            if far is not None:
                yield "difference", far
        if own_price and price.unplanned < own_price:
            yield "undercut", 100 * (1 - float(price.unplanned) / own_price)
    if (bought := glance.bought) > 0:
        yield "unplanned", float(100 * glance.unplanned_bought / bought)


class Alerts:
    """
    The alerts that stand, by product.

    Args:
        thresholds: by kind.

    Attributes:
        thresholds: as they are now.
        standing: by product_id and kind.
    """

    def __init__(self, thresholds: Mapping[str, float]) -> None:
        self.thresholds = dict(thresholds)
        self.standing: dict[str, dict[str, Alert]] = {}
        self._raised: list[Alert] = []

    def __len__(self) -> int:
        """Return how many alerts stand."""
        return sum(map(len, self.standing.values()))

    def look(self, glance: Glance, gone: float, own_price: float | None = None) -> None:
        """Raise, keep or end the alerts of a product."""
        before = self.standing.get(glance.product_id, {})
        now: dict[str, Alert] = {}
        for kind, figure in figures_of(glance, gone, own_price):
            threshold = self.thresholds.get(kind)
            if threshold is None:
                continue
            held = kind in before
            if abs(figure) >= threshold * (ENDS_BELOW if held else 1.0):
                now[kind] = Alert(glance.product_id, kind, figure, threshold)
                if not held:
                    self._raised.append(now[kind])
        if now:
            self.standing[glance.product_id] = now
        elif before:
            del self.standing[glance.product_id]

    def change(self, thresholds: Mapping[str, float]) -> None:
        """Watch for other thresholds; all products are to be looked at again."""
        self.thresholds = dict(thresholds)
        self.clear()

    def clear(self) -> None:
        """Forget all alerts: other rows follow."""
        self.standing.clear()
        self._raised.clear()

    def raised(self) -> list[Alert]:
        """Return the alerts raised since this was asked before."""
        raised, self._raised = self._raised, []
        return raised
