"""
PURE. One side's councils: its tree, and a book for every product in every period.

A book is made when something of its product and period comes. Those that were stirred
since they were last asked are known, so that asking costs what changed.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from schemas.agenda import CouncilFormed, CouncilSigned
from schemas.board_rows import CouncilRow
from schemas.errors import Refused
from schemas.planning import CouncilDecided
from schemas.rows import Line
from schemas.values import Period
from streams.market.councils.decisions import Decisions
from streams.market.councils.public import PublicRows, WaitingLine
from streams.market.councils.sums import Key, Sums
from streams.market.councils.tree import Side, Tree, check_decidable
from streams.market.councils.withholding import Withholding


class Book:
    """
    What is known of one product in one period.

    Attributes:
        sums, decisions, rows: its parts.
        unwritten: councils whose row may have changed since rows were asked for.
    """

    __slots__ = ("_unguarded", "decisions", "rows", "sums", "unwritten")

    def __init__(self, tree: Tree, sums: Sums, withholding: Withholding | None) -> None:
        self.sums = sums
        self.decisions = Decisions(tree, sums)
        self.rows = PublicRows(tree, sums, self.decisions, withholding)
        self.unwritten: set[str] = set()
        self._unguarded: set[str] = set()

    def settle(self) -> None:
        """Find out what the newest sums stop or let pass."""
        self._unguarded |= self.decisions.settle()

    def guard(self) -> None:
        """Find out what has to be withheld now, before anything is shown."""
        if self._unguarded:
            self.unwritten |= self._unguarded
            self.unwritten |= self.rows.guard(self._unguarded)
            self._unguarded = set()


class SideCouncils:
    """
    The councils of consumers, or those of producers.

    Attributes:
        tree: of the formed councils.
    """

    def __init__(self, side: Side, people_least: int) -> None:
        self.tree = Tree(side)
        self._people_least = people_least
        self._least_of: dict[Period, int] = {}
        self._books: dict[Key, Book] = {}
        self._appears: dict[str, list[Key]] = {}
        # Books to settle, and those settled of which nobody asked for the decisions
        # or rows yet. Dicts: their order is that of coming, whatever a set's is.
        self._stirred: dict[Key, None] = {}
        self._undecided: dict[Key, None] = {}
        self._unwritten: dict[Key, None] = {}

    # What goes in

    def form(self, event: CouncilFormed) -> None:
        """
        Form a council.

        Raises:
            Refused: if it does not fit; nothing has changed then.
        """
        check_decidable(event)
        council_id = event.council_id
        is_new = council_id not in self.tree.councils
        for move in self.tree.form(event):
            for key in tuple(self._appears.get(move.council_id, ())):
                self._books[key].sums.move(move)
                self._stirred[key] = None
        for key in self._appears.get(council_id, ()):
            book = self._books[key]
            book.decisions.reform(event)
            if is_new:
                book.sums.rebuilt.add(council_id)
            self._stirred[key] = None

    def sign(self, event: CouncilSigned, price: Decimal | None) -> None:
        """
        Count a signature of a formed council.

        Raises:
            Refused: if it cannot count; nothing has changed then.
        """
        council = self.tree.councils.get(event.council_id)
        if council is None:
            raise Refused("unknown_council")
        key = (event.product_id, event.period)
        self._book(key, price).decisions.sign(council, event)
        self._stirred[key] = None

    def put(self, line: Line, price: Decimal | None) -> None:
        """Let a bid or plan line replace its party's earlier one."""
        key = (line.product_id, line.period)
        book = self._books.get(key)
        if book is None:
            if line.council_id is None:
                return
            book = self._book(key, price)
        if book.sums.put(line):
            self._stirred[key] = None

    def reprice(self, key: Key, price: Decimal) -> None:
        """Ask a product's lines again, at another price."""
        book = self._books.get(key)
        if book is not None:
            book.sums.reprice(price)
            self._stirred[key] = None

    def told(self, line: Line, price: Decimal | None) -> None:
        """Take note of a decision that the workers know."""
        key = (line.product_id, line.period)
        self._book(key, price).decisions.told(
            line.party_id, bool(line.amount), line.revision
        )
        self._stirred[key] = None

    def restore(self, row: CouncilRow, price: Decimal | None) -> None:
        """Take note of a row that has been written."""
        key = (row.product_id, row.period)
        self._book(key, price).rows.restore(row)
        self._stirred[key] = None

    def protect(self, period: Period, people_least: int) -> None:
        """Withhold a period's sums of fewer people than that."""
        self._least_of[period] = people_least
        for key, book in self._books.items():
            withholding = self._withholding(book.sums)
            if key[1] == period and withholding is not None:
                book.rows.protect(withholding)
                self._stirred[key] = None

    def forget(self, period: Period) -> None:
        """Drop a period's books."""
        self._least_of.pop(period, None)
        for known in (self._books, self._stirred, self._undecided, self._unwritten):
            for key in [key for key in known if key[1] == period]:
                del known[key]
        for council_id, keys in list(self._appears.items()):
            kept = [key for key in keys if key[1] != period]
            if kept:
                self._appears[council_id] = kept
            else:
                del self._appears[council_id]

    # What comes out

    def decisions(self, now: datetime) -> dict[Key, list[CouncilDecided]]:
        """Return what changed of whether lines count, by product and period."""
        self._settle()
        asked, self._undecided = self._undecided, {}
        return {key: self._books[key].decisions.changes(now) for key in asked}

    def rows(self, now: datetime) -> dict[Key, list[CouncilRow]]:
        """Return the rows that changed, by product and period."""
        self._settle()
        asked, self._unwritten = self._unwritten, {}
        changed = {}
        for key in asked:
            book = self._books[key]
            book.guard()
            looked_at, book.unwritten = book.unwritten, set()
            changed[key] = book.rows.changes(looked_at, now)
        return changed

    def waits(self, period: Period | None) -> Mapping[Key, Iterable[WaitingLine]]:
        """Return what waits for signatures, by product and period."""
        self._settle()
        waiting = {}
        for key, book in self._books.items():
            if period is None or key[1] == period:
                book.guard()
                waiting[key] = book.rows.waiting()
        return waiting

    # Private

    def _book(self, key: Key, price: Decimal | None) -> Book:
        book = self._books.get(key)
        if book is None:
            sums = Sums(self.tree, key, price, self._appears)
            book = Book(self.tree, sums, self._withholding(sums))
            self._books[key] = book
        return book

    def _withholding(self, sums: Sums) -> Withholding | None:
        if self.tree.side == "producers":
            return None
        least = self._least_of.get(sums.key[1], self._people_least)
        return Withholding(self.tree, sums, least)

    def _settle(self) -> None:
        for key in self._stirred:
            self._books[key].settle()
        self._undecided.update(self._stirred)
        self._unwritten.update(self._stirred)
        self._stirred.clear()
