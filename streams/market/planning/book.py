"""
PURE. The book of a period: every line that stands, its sums, and what the rule sees.

Rules that hold here:

- Sums are exact decimals, and the same whatever order lines came in. A line's amount
  is computed here from what was handed in and the announced price, by the same
  functions as in the workers' fold, so that a round's figures need not wait until the
  workers have answered for lines with limits.
- Answers are numbered by name: products, bidders and bids in the order of their names,
  so that the same lines make the same arrays, bit for bit.
- A line that may not count (a joint bid that is not confirmed, a vetoed council's)
  stands in the book with amount 0 and is left out of the answers.
- An input whose bid does not stand, and a line in a council's own name, are known as
  sums only: `hidden`.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, localcontext
from typing import Final, NamedTuple, cast

from schemas.rows import ZERO, Line, Terms
from schemas.values import EXACT
from streams.market.answers import Answers
from streams.market.planning.arrays import Said, answers_of
from streams.market.planning.period import Told
from streams.market.terms import Side, answer

BID: Final = "bid"
PLAN: Final = "plan"

EntryKey = tuple[str, str, str, str]
"""kind, product_id, party_id, for_product_id or empty."""


class Sums(NamedTuple):
    """Planned supply S and demand D of a product, and how many lines make them."""

    supply: Decimal = ZERO
    demand: Decimal = ZERO


class Entry:
    """
    A line as it stands in the book.

    Attributes:
        line: as the workers wrote it.
        amount: of it at the announced price.
        counts: whether it may count, whatever it amounts to.
        first_round: the round whose price it answered first.
    """

    __slots__ = ("amount", "counts", "first_round", "is_awaited", "line")

    def __init__(self, line: Line) -> None:
        self.line = line
        self.amount = ZERO
        self.counts = False
        self.is_awaited = False
        self.first_round = max(1, line.round)


class Book:
    """
    The lines of one period.

    Args:
        prices: announced for its first round, by product. Lines of other products
            are left out.
    """

    def __init__(self, prices: Mapping[str, Decimal]) -> None:
        self._products = sorted(prices)
        self._number = {name: n for n, name in enumerate(self._products)}
        self._prices = dict(prices)
        self._round = 1
        self._entries: dict[EntryKey, Entry] = {}
        # By (product, council): whether its lines count, and the decision's revision.
        self._decided: dict[tuple[str, str], tuple[int, bool]] = {}
        self._of_council: dict[tuple[str, str], list[Entry]] = {}
        self._supply = dict.fromkeys(self._products, ZERO)
        self._demand = dict.fromkeys(self._products, ZERO)
        self._bids = self._plans = self._expected = self._answered = 0

    # Reading

    @property
    def products(self) -> list[str]:
        """The products, by name: the numbers of the answers."""
        return self._products

    def __len__(self) -> int:
        return len(self._entries)

    def entries(self) -> Iterator[Entry]:
        """Return all lines, in no order."""
        return iter(self._entries.values())

    def sums(self, product_id: str) -> Sums:
        """Return S and D of a product at the announced price."""
        return Sums(self._supply[product_id], self._demand[product_id])

    def told(self) -> Told:
        """Return how far the answers to the round that runs are."""
        return Told(self._bids, self._plans, self._expected, self._answered)

    # Changing

    def put(self, line: Line) -> bool:
        """
        Take a line.

        Returns:
            Whether it changed anything: not if it is of another kind, of a product
            that is not planned, or older than what stands.
        """
        if line.kind == "decision":
            return self.decide(
                line.product_id, line.party_id, bool(line.amount), line.revision
            )
        if line.kind not in (BID, PLAN) or line.product_id not in self._number:
            return False
        key = (line.kind, line.product_id, line.party_id, line.for_product_id or "")
        entry = self._entries.get(key)
        with localcontext(EXACT):
            if entry is None:
                entry = self._entries[key] = Entry(line)
                self._join(entry)
            else:
                before = entry.line
                if line.offset < before.offset or _says_the_same(line, before):
                    return False
                self._take_out(entry)
                if line.council_id != before.council_id:
                    self._leave(entry)
                    entry.line = line
                    self._join(entry)
                entry.line = line
            self._put_in(entry)
        return True

    def decide(
        self, product_id: str, council_id: str, counts: bool, revision: int
    ) -> bool:
        """Take a decision on a council's lines; return whether it changed anything."""
        key = (product_id, council_id)
        before = self._decided.get(key)
        if before is not None and revision <= before[0]:
            return False
        self._decided[key] = (revision, counts)
        if counts == (before is None or before[1]):
            return False
        with localcontext(EXACT):
            for entry in self._of_council.get(key, ()):
                self._take_out(entry)
                self._put_in(entry)
        return True

    def begin_round(self, round_: int, prices: Mapping[str, Decimal]) -> None:
        """Answer the prices of another round, for all lines that say how."""
        self._round = round_
        with localcontext(EXACT):
            for entry in self._entries.values():
                line = entry.line
                if line.terms is not None or entry.is_awaited:
                    self._take_out(entry)
                    self._prices[line.product_id] = prices[line.product_id]
                    self._put_in(entry)
            self._prices = dict(prices)
            self._recount()

    # What the rule sees

    def answers(self, councils: Iterable[str] = ()) -> Answers:
        """
        Return all answers as they stand.

        Args:
            councils: names of councils: a line in such a name is a sum.
        """
        return answers_of(
            (
                Said(entry.line, float(entry.amount))
                for entry in self._entries.values()
                if entry.counts
            ),
            self._number,
            frozenset(councils),
        )

    # Private

    def _put_in(self, entry: Entry) -> None:
        line = entry.line
        entry.counts = self._may_count(line)
        amount = ZERO
        if entry.counts:
            amount = amount_at(line, self._prices[line.product_id])
            if line.kind == BID:
                self._supply[line.product_id] += amount
                self._bids += 1
            else:
                self._demand[line.product_id] += amount
                self._plans += 1
        entry.amount = amount
        entry.is_awaited = entry.counts and _needs_a_person(line)
        if entry.is_awaited:
            self._expected += 1
            self._answered += self._has_answered(line)

    def _take_out(self, entry: Entry) -> None:
        line = entry.line
        if entry.counts:
            if line.kind == BID:
                self._supply[line.product_id] -= entry.amount
                self._bids -= 1
            else:
                self._demand[line.product_id] -= entry.amount
                self._plans -= 1
        if entry.is_awaited:
            self._expected -= 1
            self._answered -= self._has_answered(line)

    def _recount(self) -> None:
        # Who has answered is counted by the round, which is another now.
        self._answered = sum(
            self._has_answered(entry.line)
            for entry in self._entries.values()
            if entry.is_awaited
        )

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

    def _join(self, entry: Entry) -> None:
        line = entry.line
        if line.council_id is not None:
            key = (line.product_id, line.council_id)
            self._of_council.setdefault(key, []).append(entry)

    def _leave(self, entry: Entry) -> None:
        line = entry.line
        if line.council_id is not None:
            self._of_council[line.product_id, line.council_id].remove(entry)


def amount_at(line: Line, price: Decimal) -> Decimal:
    """Return what a line that counts comes to at a price."""
    return answer(line.quantity, line.terms, cast("Side", line.kind), price)


def is_withdrawn(line: Line) -> bool:
    """Tell whether nothing is asked for any more: no quantity, and no schedule."""
    return not line.quantity and (line.terms is None or not line.terms.schedule)


def is_confirmed(line: Line) -> bool:
    """Tell whether every member of a joint bid has confirmed it."""
    terms = line.terms
    return terms is None or not set(terms.members) - set(terms.confirmed)


def _answers_itself(terms: Terms | None) -> bool:
    return terms is not None and (
        terms.limit is not None or bool(terms.schedule) or terms.is_fixed
    )


def _needs_a_person(line: Line) -> bool:
    return not _answers_itself(line.terms)


def _says_the_same(line: Line, before: Line) -> bool:
    # The workers write a line again when its amount changes; the amount is ours.
    return line.offset == before.offset and line.terms == before.terms
