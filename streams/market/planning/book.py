"""
PURE. The book of a period: every line that stands, its sums, and how far answers are.

Rules that hold here:

- Sums are exact decimals, and the same whatever order lines came in. A line's amount
  is computed here from what was handed in and the announced price, by the same
  functions as in the workers' fold, so that a round's figures need not wait until the
  workers have answered for lines with limits.
- A line that may not count (a joint bid that is not confirmed, a vetoed council's)
  stands in the book with amount 0 and is left out of the answers.
- Lines lie in columns, for the price rule's sake: see columns.py.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, localcontext
from typing import Final, NamedTuple, cast

from schemas.rows import ZERO, Line
from schemas.values import EXACT
from streams.market.answers import Answers
from streams.market.planning.columns import Columns
from streams.market.planning.course import Told
from streams.market.terms import Side, answer

BID: Final = "bid"
PLAN: Final = "plan"

EntryKey = tuple[str, str, str, str | None]
"""kind, product_id, party_id, for_product_id."""


class Sums(NamedTuple):
    """Planned supply S and demand D of a product."""

    supply: Decimal = ZERO
    demand: Decimal = ZERO


class Entry(NamedTuple):
    """
    A line as it stands in the book.

    Attributes:
        line: as the workers wrote it.
        counts: whether it may count, whatever it amounts to.
        first_round: the round whose price it answered first.
    """

    line: Line
    counts: bool
    first_round: int


class Book:
    """
    The lines of one period.

    Args:
        prices: announced for its first round, by product. Lines of other products
            are left out.
    """

    def __init__(self, prices: Mapping[str, Decimal]) -> None:
        self._products = sorted(prices)
        self._prices = dict(prices)
        self._round = 1
        self._at: dict[EntryKey, int] = {}
        self._lines: list[Line] = []
        self._amounts: list[Decimal] = []
        self._counts = bytearray()
        self._awaited = bytearray()
        self._first_rounds: list[int] = []
        self._columns = Columns(self._products)
        # By (product, council): whether its lines count, and the decision's revision.
        self._decided: dict[tuple[str, str], tuple[int, bool]] = {}
        self._of_council: dict[tuple[str, str], set[int]] = {}
        self._supply = dict.fromkeys(self._products, ZERO)
        self._demand = dict.fromkeys(self._products, ZERO)
        self._bids = self._plans = self._expected = self._answered = 0

    # Reading

    @property
    def products(self) -> list[str]:
        """The products, by name: the numbers of the answers."""
        return self._products

    def __len__(self) -> int:
        return len(self._lines)

    def entries(self) -> Iterator[Entry]:
        """Return all lines, in no order."""
        for at, line in enumerate(self._lines):
            yield Entry(line, bool(self._counts[at]), self._first_rounds[at])

    def sums(self, product_id: str) -> Sums:
        """Return S and D of a product at the announced price."""
        return Sums(self._supply[product_id], self._demand[product_id])

    def told(self) -> Told:
        """Return how far the answers to the round that runs are."""
        return Told(self._bids, self._plans, self._expected, self._answered)

    def answers(self) -> Answers:
        """Return all answers as they stand."""
        return self._columns.answers(self._counts)

    # Changing

    def put(self, line: Line) -> bool:
        """
        Take a line.

        Returns:
            Whether it changed anything: not if it is of another kind, of a product
            that is not planned, or older than what stands.
        """
        with localcontext(EXACT):
            return self._put(line)

    def put_all(self, lines: Iterable[Line]) -> bool:
        """Take lines in their order; return whether any changed anything."""
        with localcontext(EXACT):
            # Not any(): that would stop at the first.
            return sum([self._put(line) for line in lines]) > 0

    def decide(
        self, product_id: str, council_id: str, counts: bool, revision: int
    ) -> bool:
        """Take a decision on a council's lines; return whether it changed anything."""
        with localcontext(EXACT):
            return self._decide(product_id, council_id, counts, revision)

    def begin_round(self, round_: int, prices: Mapping[str, Decimal]) -> None:
        """Answer the prices of another round, for all lines that say how."""
        self._round = round_
        before, self._prices = self._prices, dict(prices)
        with localcontext(EXACT):
            for at, line in enumerate(self._lines):
                product_id = line.product_id
                if line.terms is not None and before[product_id] != prices[product_id]:
                    self._take_out(at)
                    self._put_in(at)
        # Who has answered is counted by the round, which is another now.
        self._answered = sum(
            self._has_answered(self._lines[at])
            for at, is_awaited in enumerate(self._awaited)
            if is_awaited
        )

    # Private

    def _put(self, line: Line) -> bool:
        if line.kind == "decision":
            return self._decide(
                line.product_id, line.party_id, bool(line.amount), line.revision
            )
        if line.kind not in (BID, PLAN) or line.product_id not in self._prices:
            return False
        key = (line.kind, line.product_id, line.party_id, line.for_product_id)
        at = self._at.get(key)
        if at is None:
            at = self._at[key] = len(self._lines)
            self._lines.append(line)
            self._amounts.append(ZERO)
            self._counts.append(0)
            self._awaited.append(0)
            self._first_rounds.append(max(1, line.round))
            self._columns.append(line)
        else:
            before = self._lines[at]
            if line.offset < before.offset or _says_the_same(line, before):
                return False
            self._take_out(at)
            if before.council_id is not None:
                self._of_council[before.product_id, before.council_id].discard(at)
            self._lines[at] = line
            self._columns.replace(at, line)
        if line.council_id is not None:
            key_of = (line.product_id, line.council_id)
            self._of_council.setdefault(key_of, set()).add(at)
        self._put_in(at)
        return True

    def _decide(
        self, product_id: str, council_id: str, counts: bool, revision: int
    ) -> bool:
        key = (product_id, council_id)
        before = self._decided.get(key)
        if before is not None and revision <= before[0]:
            return False
        self._decided[key] = (revision, counts)
        if counts == (before is None or before[1]):
            return False
        for at in self._of_council.get(key, ()):
            self._take_out(at)
            self._put_in(at)
        return True

    def _put_in(self, at: int) -> None:
        line = self._lines[at]
        counts = self._counts[at] = self._may_count(line)
        amount = ZERO
        if counts:
            product_id = line.product_id
            amount = amount_at(line, self._prices[product_id])
            if line.kind == BID:
                self._supply[product_id] += amount
                self._bids += 1
            else:
                self._demand[product_id] += amount
                self._plans += 1
            if _needs_a_person(line):
                self._awaited[at] = True
                self._expected += 1
                self._answered += self._has_answered(line)
        self._amounts[at] = amount
        self._columns.amounts[at] = float(amount)

    def _take_out(self, at: int) -> None:
        if not self._counts[at]:
            return
        line = self._lines[at]
        if line.kind == BID:
            self._supply[line.product_id] -= self._amounts[at]
            self._bids -= 1
        else:
            self._demand[line.product_id] -= self._amounts[at]
            self._plans -= 1
        if self._awaited[at]:
            self._awaited[at] = False
            self._expected -= 1
            self._answered -= self._has_answered(line)

    def _has_answered(self, line: Line) -> bool:
        # In the first round nobody is known yet who must.
        return self._round == 1 or line.round >= self._round

    def _may_count(self, line: Line) -> bool:
        if is_withdrawn(line) or not is_confirmed(line):
            return False
        if line.council_id is None:
            return True
        decided = self._decided.get((line.product_id, line.council_id))
        return decided is None or decided[1]


def amount_at(line: Line, price: Decimal) -> Decimal:
    """Return what a line that counts comes to at a price."""
    return answer(line.quantity, line.terms, cast("Side", line.kind), price)


def is_withdrawn(line: Line) -> bool:
    """Tell whether nothing is asked for any more: no quantity, and no schedule."""
    return not line.quantity and (line.terms is None or not line.terms.schedule)


def is_confirmed(line: Line) -> bool:
    """Tell whether every member of a joint bid has confirmed it."""
    terms = line.terms
    return terms is None or len(terms.confirmed) >= len(terms.members)


def _needs_a_person(line: Line) -> bool:
    terms = line.terms
    return terms is None or not (
        terms.limit is not None or terms.schedule or terms.is_fixed
    )


def _says_the_same(line: Line, before: Line) -> bool:
    # The workers write a line again when its amount changes; the amount is ours.
    return line.offset == before.offset and line.terms == before.terms
