"""
PURE. The sums of one product in one period, at every council of one side.

- A sum is over what lines ask at the announced price, whether they count already or
  not: a council must see what it is asked for. What a council vetoed is not passed
  up (P-4): it is in that council's own sum and in none above.
- A line adds to its own council and to all above, once each; so a change costs the
  depth of the tree, not its size.
- People are counted once, however many lines they have.
- A line that names no council, or one that this side does not know, is kept under
  that name and goes no further.

Sums are exact: they are made by EXACT, which raises rather than rounds.
"""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from schemas.rows import ZERO, Line
from schemas.values import EXACT, Period
from streams.market.councils.asks import asked
from streams.market.councils.tree import Move, Tree

_add = EXACT.add
_subtract = EXACT.subtract


Key = tuple[str, Period]
"""product_id, period."""


class Cell:
    """
    A council's sums.

    Attributes:
        quantity: asked for by it and below it, but for what is vetoed below it.
        heads: people of the same lines; one who has lines in several councils below
            it is in it several times, see `Sums.people`.
        own_heads: people whose lines name this council itself.
        own_lines: lines that name it, also those that ask nothing at this price.
    """

    __slots__ = ("heads", "own_heads", "own_lines", "quantity")

    def __init__(self) -> None:
        self.quantity = ZERO
        self.heads = 0
        self.own_heads = 0
        self.own_lines = 0


class _Asked(NamedTuple):
    line: Line
    quantity: Decimal


# A party's line for itself, or one of its lines for the product of a bid.
_LineName = str | tuple[str, str]


class Sums:
    """
    The sums of a product in a period, and which councils they changed for.

    Attributes:
        key: the product and the period.
        cells: by council, once something of it came. Read only.
        vetoed: councils that do not pass their sum up. Read only.
        touched: councils whose sums changed, or whose place or rules did. The owner
            looks at them and empties the set.
        rebuilt: councils whose lines, or those below, have to be looked at again:
            they are new, or stand elsewhere. The owner empties the set.
        price: announced; None before the first.
    """

    __slots__ = (
        "_appears",
        "_lines",
        "_overlaps",
        "_several",
        "_tree",
        "cells",
        "key",
        "price",
        "rebuilt",
        "touched",
        "vetoed",
    )

    def __init__(
        self,
        tree: Tree,
        key: Key,
        price: Decimal | None,
        appears: dict[str, list[Key]],
    ) -> None:
        """
        Args:
            tree: of the side.
            key: the product and the period.
            price: announced; None before the first.
            appears: by council, the keys whose sums have a cell of it; kept for all
                sums of a side together, so that a council can be moved in them.
        """
        self.key = key
        self.price = price
        self.cells: dict[str, Cell] = {}
        self.vetoed: set[str] = set()
        self.touched: set[str] = set()
        self.rebuilt: set[str] = set()
        self._tree = tree
        self._appears = appears
        self._lines: dict[_LineName, _Asked] = {}
        # The lines of parties that have more than the one under their own name: few.
        self._several: dict[str, set[_LineName]] = {}
        # How often too many a person is in `heads`, by council; None: not known.
        self._overlaps: dict[str, int] | None = {}

    def people(self, council_id: str) -> int:
        """Return how many different people ask for something at or below a council."""
        cell = self.cells.get(council_id)
        if cell is None:
            return 0
        if self._overlaps is None:
            self._overlaps = self._count_overlaps()
        return cell.heads - self._overlaps.get(council_id, 0)

    def cell(self, council_id: str) -> Cell:
        """Return a council's cell, a new one if it has none."""
        cell = self.cells.get(council_id)
        if cell is None:
            cell = self.cells[council_id] = Cell()
            self.touched.add(council_id)
            self._appears.setdefault(council_id, []).append(self.key)
        return cell

    def know(self, council_id: str) -> None:
        """Give a council and all above it a cell, so that each finds those below."""
        self._lift(council_id, ZERO, 0)

    def put(self, line: Line) -> bool:
        """
        Let a line replace its party's earlier one; an older revision is left out.

        Returns:
            Whether it says anything new. Workers write a line again whenever its
            amount changes, with every round's prices; the amount is ours to find.
        """
        name: _LineName = line.party_id
        if line.for_product_id is not None:
            name = (line.party_id, line.for_product_id)
        before = self._lines.get(name)
        if before is None:
            if line.council_id is None:
                return False
        elif line.revision < before.line.revision or _says_the_same(line, before.line):
            return False
        self._replace(name, before, _Asked(line, asked(line, self.price)))
        return True

    def reprice(self, price: Decimal) -> None:
        """Ask every line that has terms again, at another price."""
        self.price = price
        for name, before in list(self._lines.items()):
            if before.line.terms is not None:
                quantity = asked(before.line, price)
                if quantity != before.quantity:
                    self._replace(name, before, _Asked(before.line, quantity))

    def veto(self, council_id: str) -> None:
        """Pass a council's sum up no longer."""
        cell = self.cell(council_id)
        parent_id = self._tree.parents.get(council_id)
        self._lift(parent_id, _subtract(ZERO, cell.quantity), -cell.heads)
        self.vetoed.add(council_id)
        self.touched.add(council_id)
        self._note_overlaps()

    def move(self, move: Move) -> None:
        """Take a council's sum from its old parent to the new one."""
        council_id = move.council_id
        cell = self.cells[council_id]
        if council_id not in self.vetoed:
            minus = _subtract(ZERO, cell.quantity)
            self._lift(move.old_parent_id, minus, -cell.heads)
            self._lift(move.new_parent_id, cell.quantity, cell.heads)
            self._note_overlaps()
        self.touched.add(council_id)
        self.rebuilt.add(council_id)

    # Private

    def _replace(self, name: _LineName, before: _Asked | None, after: _Asked) -> None:
        party_id = after.line.party_id
        if party_id not in self._several and after.line.for_product_id is None:
            self._lines[name] = after
            self._shift(before, after, _heads(before), _heads(after))
            return
        names = self._several.setdefault(party_id, {party_id})
        homes = self._homes(party_id)
        names.add(name)
        self._lines[name] = after
        self._shift(before, after, 0, 0)
        now = self._homes(party_id)
        for council_id in homes - now:
            self._enter(council_id, ZERO, -1, 0)
        for council_id in now - homes:
            self._enter(council_id, ZERO, 1, 0)
        self._note_overlaps()

    def _shift(
        self, before: _Asked | None, after: _Asked, heads_before: int, heads_after: int
    ) -> None:
        new_id = after.line.council_id
        if before is not None and before.line.council_id == new_id:
            if new_id is not None:
                difference = _subtract(after.quantity, before.quantity)
                self._enter(new_id, difference, heads_after - heads_before, 0)
            return
        if before is not None and before.line.council_id is not None:
            minus = _subtract(ZERO, before.quantity)
            self._enter(before.line.council_id, minus, -heads_before, -1)
        if new_id is not None:
            self._enter(new_id, after.quantity, heads_after, 1)

    def _enter(
        self, council_id: str, quantity: Decimal, heads: int, lines: int
    ) -> None:
        cell = self.cell(council_id)
        cell.own_heads += heads
        cell.own_lines += lines
        if lines:
            self.rebuilt.add(council_id)
        if quantity or heads or lines:
            self._lift(council_id, quantity, heads)

    def _lift(self, council_id: str | None, quantity: Decimal, heads: int) -> None:
        # The hottest loop here: locals, and no call but the addition.
        cells, parents, vetoed = self.cells, self._tree.parents, self.vetoed
        touched = self.touched
        while council_id is not None:
            cell = cells.get(council_id)
            if cell is None:
                cell = self.cell(council_id)
            cell.quantity = _add(cell.quantity, quantity)
            cell.heads += heads
            touched.add(council_id)
            if council_id in vetoed:
                return
            council_id = parents.get(council_id)

    def _homes(self, party_id: str) -> set[str]:
        # The councils in which somebody with several lines counts as a person.
        found = (self._lines.get(name) for name in self._several[party_id])
        return {
            ask.line.council_id
            for ask in found
            if ask is not None and ask.line.council_id is not None and ask.quantity
        }

    def _note_overlaps(self) -> None:
        if self._several:
            self._overlaps = None

    def _count_overlaps(self) -> dict[str, int]:
        overlaps: Counter[str] = Counter()
        for party_id in self._several:
            reached = Counter(
                council_id
                for home in self._homes(party_id)
                for council_id in self._reached(home)
            )
            for council_id, times in reached.items():
                if times > 1:
                    overlaps[council_id] += times - 1
        return overlaps

    def _reached(self, council_id: str) -> Iterator[str]:
        for above_id in self._tree.path(council_id):
            yield above_id
            if above_id in self.vetoed:
                return


def _says_the_same(line: Line, before: Line) -> bool:
    return (
        line.offset == before.offset
        and line.quantity == before.quantity
        and line.council_id == before.council_id
        and line.terms == before.terms
    )


def _heads(ask: _Asked | None) -> int:
    # Who asks for nothing at this price is nobody's sum's person.
    return 1 if ask is not None and ask.quantity else 0
