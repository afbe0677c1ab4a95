"""
PURE. The book of a period: what counts in its settlement, in whatever order it came.

An event that is taken twice counts once. What the book holds is a set, and what is
settled follows from it alone. It keeps what settling needs and no more: some 300 bytes
per purchase; production earns fame and no money, so nothing of it is kept.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from schemas.events import (
    ProductionReported,
    PurchaseCancelled,
    PurchaseRecorded,
)
from schemas.planning import PlannedPriceAnnounced
from schemas.rows import ZERO, Line
from schemas.trading import BudgetSet, TermsSet
from schemas.values import EARLIEST, Period
from streams.market.settlement.prices import PlannedPrices
from streams.market.settlement.split import Split, Trade, split_purchases, trade_of

Counted = (
    PurchaseRecorded
    | PurchaseCancelled
    | ProductionReported
    | PlannedPriceAnnounced
    | BudgetSet
    | TermsSet
)
"""The kinds of events that a book takes."""

STANDARD_TERMS: Final = TermsSet(
    event_id="standard-terms", occurred_at=EARLIEST, period=Period("2000-W01")
)
"""What is traded on until the board sets terms of its own."""


class ProductBook:
    """
    What counts of one product.

    Attributes:
        prices: planned ones.
        bids: units by company, as they count at the planned price.
    """

    __slots__ = ("_inputs", "_plans", "_trades", "bids", "prices")

    def __init__(self) -> None:
        self.prices = PlannedPrices()
        self.bids: dict[str, Decimal] = {}
        self._trades: dict[str, Trade] = {}
        # By party; inputs also by the product of the bid that needs them.
        self._plans: dict[str, Decimal] = {}
        self._inputs: dict[tuple[str, str], Decimal] = {}

    @property
    def is_settled(self) -> bool:
        """Whether there is something to say of the product when it is settled."""
        return bool(self._trades or self.prices.all() or self.planned_quantity())

    def planned_quantity(self) -> Decimal:
        """Return P: units of all plan lines that count."""
        return sum(self._plans.values(), sum(self._inputs.values(), ZERO))

    def actual_quantity(self) -> Decimal:
        """Return A: units bought, less those given back."""
        return sum((trade.quantity for trade in self._trades.values()), ZERO)

    def splits(self, authorised: dict[str, Decimal]) -> Iterator[Split]:
        """
        Split all trades into planned and unplanned units.

        Args:
            authorised: the planned quantities that were approved, by event_id.
        """
        lines = dict(self._plans)
        for (party_id, _), amount in self._inputs.items():
            lines[party_id] = lines.get(party_id, ZERO) + amount
        by_consumer: dict[str | None, list[Trade]] = {}
        for trade in self._trades.values():
            by_consumer.setdefault(trade.consumer_id, []).append(trade)
        for consumer_id, trades in by_consumer.items():
            yield from split_purchases(
                trades,
                line=ZERO if consumer_id is None else lines.get(consumer_id, ZERO),
                prices=self.prices,
                authorised=authorised,
            )

    def put_trade(self, trade: Trade) -> None:
        """Take a trade; one that was taken before changes nothing."""
        self._trades.setdefault(trade.event_id, trade)

    def put_line(self, line: Line, names: dict[str, str]) -> None:
        """
        Take a line as it stands now, in the place of what stood before.

        Args:
            line: a bid or plan line.
            names: one text of each party; new ones are added.
        """
        party_id = names.setdefault(line.party_id, line.party_id)
        if line.kind == "bid":
            self.bids[party_id] = line.amount
        elif line.for_product_id is None:
            self._plans[party_id] = line.amount
        else:
            self._inputs[party_id, line.for_product_id] = line.amount


class PeriodBook:
    """
    The book of a period.

    Attributes:
        period: whose book it is.
    """

    def __init__(self, period: Period) -> None:
        self.period = period
        self._products: dict[str, ProductBook] = {}
        self._authorised: dict[str, Decimal] = {}
        self._budgets: dict[str, BudgetSet] = {}
        self._terms = STANDARD_TERMS
        # Parties come again and again; one text of each is kept.
        self._names: dict[str, str] = {}

    # What counts

    def take(self, event: Counted) -> None:
        """
        Take an event that counts in the period; twice is once.

        Args:
            event: an accepted one. Terms may be those of an earlier period, and stand
                until later ones.

        Raises:
            AssertionError: if it names another period.
        """
        match event:
            case PurchaseRecorded() | PurchaseCancelled():
                trade = trade_of(event, self._names)
                self._product(event.product_id).put_trade(trade)
            case PlannedPriceAnnounced():
                self._check(event.period)
                self._product(event.product_id).prices.take(event)
            case BudgetSet():
                self._check(event.period)
                known = self._budgets.get(event.consumer_id)
                if known is None or _newer(event, known):
                    self._budgets[event.consumer_id] = event
            case TermsSet():
                if event.period <= self.period and (
                    self._terms is STANDARD_TERMS or _newer_terms(event, self._terms)
                ):
                    self._terms = event
            case _:
                pass  # production moves no money

    def put_line(self, line: Line) -> None:
        """
        Take a bid or plan line as it stands, in the place of what stood before.

        Raises:
            AssertionError: if it is of another kind or period.
        """
        self._check(line.period)
        if line.kind not in ("bid", "plan"):
            raise AssertionError(f"the line must be a bid or plan, was {line.kind}")
        self._product(line.product_id).put_line(line, self._names)

    def authorise(self, event_id: str, planned_quantity: Decimal) -> None:
        """Note the planned units that were approved for a purchase."""
        self._authorised[event_id] = planned_quantity

    # What follows from it

    @property
    def terms(self) -> TermsSet:
        """The terms that the period is traded on."""
        return self._terms

    @property
    def authorised(self) -> dict[str, Decimal]:
        """The planned units that were approved, by event_id."""
        return self._authorised

    def councils(self) -> dict[str, str]:
        """Return the council of each consumer that has named one."""
        return {
            consumer_id: budget.council_id
            for consumer_id, budget in self._budgets.items()
            if budget.council_id is not None
        }

    def products(self) -> Iterable[tuple[str, ProductBook]]:
        """Return the books of all products, by name."""
        return sorted(self._products.items())

    # Private

    def _product(self, product_id: str) -> ProductBook:
        product = self._products.get(product_id)
        if product is None:
            product = self._products[product_id] = ProductBook()
        return product

    def _check(self, period: str) -> None:
        if period != self.period:
            raise AssertionError(f"the book is of {self.period}, was {period}")


def _newer(one: BudgetSet, other: BudgetSet) -> bool:
    # No two revisions are the same where a ledger has taken them; where they are, the
    # name decides, so that the order does not show.
    return (one.revision, one.event_id) > (other.revision, other.event_id)


def _newer_terms(one: TermsSet, other: TermsSet) -> bool:
    return (one.period, one.revision, one.event_id) > (
        other.period,
        other.revision,
        other.event_id,
    )
