"""
PURE. A table that is looked through: sorted, filtered, searched, with one row chosen.

The order of rows is made at certain moments and kept between them, so that rows do not
move under the reader's hand; the chosen row stays chosen wherever it goes. What holds:

- The choice is a row by its name, never a place. When it goes the one that took its
  place is chosen.
- A sort is total: equal rows stand in the order of their names, and rows without the
  figure that is sorted by stand last, either way.
- Nothing here costs more than one pass over the rows and one sort.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar

import msgspec

from parfeed.cli.layout import Column

R = TypeVar("R")
K = TypeVar("K", bound=Hashable)

Order = str | int | float | Decimal | None
"""What rows are sorted by; all of one column are of one kind, or None."""

MIN_ORDER_S: Final = 1.0
"""A live order is made anew this often: more would make rows flicker by."""

HAND_S: Final = 3.0
"""So long after a movement of the choice the order stays as it is."""


class SheetColumn(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """
    A column that can be sorted by.

    Attributes:
        column: how it looks.
        order: what rows are sorted by.
        falls: whether the greatest come first when it is chosen.
    """

    column: Column[R]
    order: Callable[[R], Order]
    falls: bool = True


class Filter(msgspec.Struct, Generic[R], frozen=True):
    """
    Which rows are shown.

    Attributes:
        name: what the screen says of it.
        accepts: whether a row is shown.
    """

    name: str
    accepts: Callable[[R], bool]


class Sheet(Generic[K, R]):
    """
    A table that is looked through.

    Args:
        name: what it is called.
        columns: of the table.
        filters: the first is at work in the beginning.
        text: what of a row is searched, in small letters.
        sorted_by: the title of the column that rows are sorted by at first.

    Attributes:
        keys: names of the rows that are shown, in their order.
        total: how many rows there are, shown or not.
        chosen: the name of the chosen row; None if there is none.
        search: what is searched for.
        top: the place of the first row on the screen.
    """

    def __init__(
        self,
        name: str,
        columns: Sequence[SheetColumn[R]],
        *,
        filters: Sequence[Filter[R]],
        text: Callable[[R], str],
        sorted_by: str,
    ) -> None:
        self.name = name
        self.columns = tuple(columns)
        self.keys: list[K] = []
        self.total = 0
        self.chosen: K | None = None
        self.search = ""
        self.top = 0
        self._filters = tuple(filters)
        self._filter = 0
        self._text = text
        self._sorted_by = next(
            column for column in columns if column.column.title == sorted_by
        )
        self._falls = self._sorted_by.falls
        self._places: dict[K, int] = {}
        self._arranged_at: float | None = None
        self._moved_at: float | None = None

    # What is shown.

    @property
    def filter(self) -> Filter[R]:
        """The filter at work."""
        return self._filters[self._filter]

    @property
    def sorted_by(self) -> SheetColumn[R]:
        """The column that rows are sorted by."""
        return self._sorted_by

    @property
    def falls(self) -> bool:
        """Whether the greatest come first."""
        return self._falls

    @property
    def place(self) -> int:
        """The chosen row's place among those shown, from 0; -1 if there is none."""
        return -1 if self.chosen is None else self._places.get(self.chosen, -1)

    def window(self, height: int) -> list[K]:
        """Return the names of so many rows, the chosen one among them."""
        self._scroll(height)
        return self.keys[self.top : self.top + max(0, height)]

    # Ordering.

    def arrange(self, rows: Mapping[K, R]) -> None:
        """Filter and sort the rows anew, as they are now."""
        wanted = self.search.casefold()
        accepts, text = self.filter.accepts, self._text
        shown = [
            (key, row)
            for key, row in rows.items()
            if accepts(row) and (not wanted or wanted in text(row))
        ]
        order = self._sorted_by.order
        # Twice, since a sort is stable: by name, then by figure.
        shown.sort(key=lambda named: _name(named[0]))
        figures = [(order(row), key) for key, row in shown]
        known = [pair for pair in figures if pair[0] is not None]
        known.sort(key=_figure, reverse=self._falls)
        before = self.place
        self.keys = [key for _, key in known]
        self.keys += [key for figure, key in figures if figure is None]
        self.total = len(rows)
        self._places = {key: place for place, key in enumerate(self.keys)}
        self._choose_after(before)

    def arrange_if_due(self, rows: Mapping[K, R], now: float) -> bool:
        """
        Arrange the rows if enough time has passed and nobody is moving among them.

        Args:
            rows: all there are.
            now: seconds of any clock.

        Returns:
            Whether it did.
        """
        if self._arranged_at is not None:
            if now - self._arranged_at < MIN_ORDER_S:
                return False
            # Rows that are new or gone are shown at once, hand or not.
            if (
                self._moved_at is not None
                and now - self._moved_at < HAND_S
                and len(rows) == self.total
            ):
                return False
        self.arrange(rows)
        self._arranged_at = now
        return True

    def sort_next(self, by: int, among: Sequence[str]) -> None:
        """
        Sort by the next column, or with -1 by the one before.

        Args:
            by: 1 or -1.
            among: titles of the columns that are seen, in their order.
        """
        seen = [each for each in self.columns if each.column.title in among]
        if not seen:
            return
        at = seen.index(self._sorted_by) + by if self._sorted_by in seen else 0
        self._sorted_by = seen[at % len(seen)]
        self._falls = self._sorted_by.falls
        self._arranged_at = None

    def reverse(self) -> None:
        """Sort the other way round."""
        self._falls = not self._falls
        self._arranged_at = None

    def filter_next(self) -> None:
        """Put the next filter to work."""
        self._filter = (self._filter + 1) % len(self._filters)
        self._arranged_at = None

    def filter_by(self, name: str) -> None:
        """Put the filter of this name to work; the first one if it is at work."""
        names = [each.name for each in self._filters]
        self._filter = 0 if self.filter.name == name else names.index(name)
        self._arranged_at = None

    def search_for(self, text: str) -> None:
        """Show only rows that hold this text, whatever the case."""
        self.search = text.strip()
        self._arranged_at = None

    # Choosing.

    def move(self, by: int, now: float) -> None:
        """Choose the row so many places further down."""
        if not self.keys:
            return
        at = min(max(self.place + by, 0), len(self.keys) - 1)
        self.chosen = self.keys[at]
        self._moved_at = now

    def move_to(self, place: int, now: float) -> None:
        """Choose the row at a place; -1 is the last."""
        if self.keys:
            at = place if place >= 0 else len(self.keys) + place
            self.chosen = self.keys[min(max(at, 0), len(self.keys) - 1)]
            self._moved_at = now

    # Private.

    def _choose_after(self, before: int) -> None:
        if not self.keys:
            self.top = 0
            if not self.total:
                self.chosen = None
            return
        if self.chosen in self._places:
            return
        self.chosen = self.keys[min(max(before, 0), len(self.keys) - 1)]

    def _scroll(self, height: int) -> None:
        place = max(self.place, 0)
        if place < self.top:
            self.top = place
        elif place >= self.top + height:
            self.top = place - height + 1
        self.top = min(self.top, max(0, len(self.keys) - height))
        self.top = max(self.top, 0)


def _name(key: Hashable) -> str:
    return str(key)


def _figure(pair: tuple[Order, Hashable]) -> Any:
    # All figures of a column are of one kind, which the checker cannot see.
    return pair[0]
