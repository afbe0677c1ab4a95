"""
PURE. Which of the consumers' sums are withheld, so that none can be found out.

A sum of fewer than `people_least` people is withheld (ECONOMICS, Planning). It must
not be what is left of the sum above it either, when those beside it are taken off: so
of every sum that is shown, what is not shown below it is of at least that many people
together, or nothing. Where it is less, the sums of the fewest people beside it are
withheld too; of one that has councils below it also one of theirs, down to the lowest,
since it would be their sum.

Why that is enough: withheld sums at the lowest level are the unknowns. Each lies under
one nearest sum that is shown, and of the unknowns under a shown sum nothing is known
but their total. Any other equation has two unknowns or more.

- What lines at a council itself ask, beside those below it, is shown nowhere: it is
  an unknown too.
- A vetoed sum is not part of the one above it. It is the top of a tree of its own.
- The highest councils are treated as if their total were shown: planned demand is.
- A sum of nobody is shown: there is nobody to protect.
"""

from typing import Final

from streams.market.councils.sums import Sums
from streams.market.councils.tree import Tree

_EVERYBODY: Final = ""
"""Stands for the total of the highest councils; no council has an empty name."""


class Withholding:
    """Which councils' sums of a product in a period are withheld."""

    __slots__ = ("_beside", "_changed", "_guarded", "_least", "_sums", "_tree")

    def __init__(self, tree: Tree, sums: Sums, people_least: int) -> None:
        self._tree = tree
        self._sums = sums
        self._least = people_least
        # Withheld for the sake of others, though of enough people by themselves.
        self._beside: set[str] = set()
        # Shown sums below which it has been seen to that nothing can be found out.
        self._guarded: set[str] = set()
        self._changed: set[str] = set()

    def withholds(self, council_id: str) -> bool:
        """Tell whether a council's sum is withheld, as of the last `update`."""
        people = self._sums.people(council_id)
        if people < self._least:
            return people > 0
        return council_id in self._beside

    def update(self, touched: set[str]) -> set[str]:
        """
        Withhold what has to be, after the sums of some councils changed.

        Args:
            touched: those councils, with all above that their sums are part of.

        Returns:
            Councils beside them that are withheld, or shown, from now on.
        """
        self._changed = set()
        self._guarded -= touched
        # Those not guarded at the start are all that is looked at: the sums under any
        # other shown one are as they were.
        self._guard(_EVERYBODY)
        for council_id in self._sums.vetoed - self._guarded:
            self._show(council_id)
            if self._sums.people(council_id) >= self._least:
                self._guard(council_id)
        return self._changed

    # Private

    def _guard(self, council_id: str) -> None:
        # Withhold what is needed below a shown sum, then look after the shown ones.
        people = self._sums.people
        shown, largest = self._below(council_id)
        if council_id == _EVERYBODY:
            hidden = sum(
                people(root) for root in self._parts(_EVERYBODY) if root not in shown
            )
        else:
            self._guarded.add(council_id)
            hidden = people(council_id) - sum(map(people, shown))
        candidates = shown
        # So many are hidden at least: who is in several of the sums is taken off
        # several times, but nobody is several people in one part.
        while largest > 0 and max(hidden, largest) < self._least and candidates:
            fewest = min(candidates, key=lambda part: (people(part), part))
            shown.discard(fewest)
            self._withhold(fewest)
            inner, inner_largest = self._below(fewest)
            hidden += people(fewest) - sum(map(people, inner))
            shown |= inner
            largest = max(largest, inner_largest)
            # What is withheld must not be the sum of what is shown below it.
            candidates = shown if inner_largest else inner
        for part in shown:
            self._show(part)
        for part in shown:
            if part not in self._guarded:
                self._guard(part)

    def _below(self, council_id: str) -> tuple[set[str], int]:
        # The parts of a sum that may be shown, and of how many people the largest
        # other part is.
        shown = set()
        cell = self._sums.cells.get(council_id)
        largest = 0 if cell is None else cell.own_heads
        for part in self._parts(council_id):
            people = self._sums.people(part)
            if people >= self._least:
                shown.add(part)
            elif people:
                largest = max(largest, people)
        return shown, largest

    def _parts(self, council_id: str) -> list[str]:
        tree = self._tree
        known = (
            tree.roots
            if council_id == _EVERYBODY
            else tree.children.get(council_id, ())
        )
        cells, vetoed = self._sums.cells, self._sums.vetoed
        return [part for part in known if part in cells and part not in vetoed]

    def _withhold(self, council_id: str) -> None:
        self._guarded.discard(council_id)
        if council_id not in self._beside:
            self._beside.add(council_id)
            self._changed.add(council_id)

    def _show(self, council_id: str) -> None:
        if council_id in self._beside:
            self._beside.remove(council_id)
            self._changed.add(council_id)
