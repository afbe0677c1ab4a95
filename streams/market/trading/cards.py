"""
PURE. A consumer's two cards in a period: what is on them, and what is left (P-7).

    planned card      (1 - w) B   less what planned units cost, saved and moved
    unplanned card    w B         less what unplanned units cost, and saved and moved

with tax. What fallen prices save and denied lines set free moves from one card to the
other, as far as the planned card holds it (our choice: a plan may cost more than an
income, and nothing can move that is not there). Figures follow from which purchases,
lines, prices, budget and terms there are, never from their order; after a change only
the product that it touched is computed anew, and the sums move by the difference.

Call all of it in the context `schemas.values.EXACT`.
"""

from bisect import insort
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple

from schemas.errors import Refused
from schemas.rows import ZERO
from schemas.trading import BudgetSet, TermsSet
from schemas.trading_rows import NEWEST_KEPT, CardRow
from schemas.values import Period
from streams.market.trading.groups import NOTHING, Group, Purchase, Totals
from streams.market.trading.loss import Rates
from streams.market.trading.period import in_utc


class Figures(NamedTuple):
    """What a card's row says in money, tax included."""

    income: Decimal
    unplanned_share: Decimal
    planned_left: Decimal
    unplanned_left: Decimal
    planned_spent: Decimal
    unplanned_spent: Decimal
    saved: Decimal
    moved: Decimal
    loss: Decimal


class Card:
    """
    The two cards of one consumer in one period.

    Attributes:
        consumer_id: whose they are.
        budget: the income and its division; None while none is known.
        groups: its purchases by product, and its lines of products without any.
        is_overdrawn: as it was when last asked; kept for who counts such cards.
    """

    __slots__ = (
        "_newest",
        "_purchases",
        "_totals",
        "_touched",
        "budget",
        "consumer_id",
        "groups",
        "is_overdrawn",
    )

    def __init__(self, consumer_id: str) -> None:
        self.consumer_id = consumer_id
        self.budget: BudgetSet | None = None
        self.groups: dict[str, Group] = {}
        self.is_overdrawn = False
        self._totals = NOTHING
        self._purchases = 0
        # In their order, NEWEST_KEPT at most.
        self._newest: list[Purchase] = []
        self._touched: set[str] = set()

    def add(self, purchase: Purchase) -> None:
        """Take a purchase or cancellation of one of its groups."""
        self.groups[purchase.product_id].add(purchase)
        self._touched.add(purchase.product_id)
        if purchase.trade.quantity > 0:
            self._purchases += 1
            newest = self._newest
            if newest and purchase.key < newest[-1].key:
                insort(newest, purchase, key=attrgetter("key"))
            else:
                newest.append(purchase)
            if len(newest) > NEWEST_KEPT:
                newest[0].shown = None
                del newest[0]

    def touch(self, product_id: str) -> None:
        """Take note that a group has changed."""
        self._touched.add(product_id)

    def is_shown(self) -> bool:
        """Tell whether there is anything to show: plan lines alone are none."""
        return self.budget is not None or bool(self._newest) or any(self._totals[:4])

    def figures(self, terms: TermsSet, rates: Rates) -> Figures:
        """Return what is on the cards."""
        self._settle()
        return self._figures(self._totals, self.budget, terms, rates)

    def figures_with(
        self, purchase: Purchase, terms: TermsSet, rates: Rates
    ) -> Figures:
        """Return what would be on the cards with one more purchase."""
        self._settle()
        # Without a group there is no plan line, and it is a purchase like any other.
        group = self.groups.get(purchase.product_id)
        if group is None:
            group = Group(purchase.product_id, purchase.prices)
        totals = _moved_by(self._totals, group.counted, group.totals_with(purchase))
        return self._figures(totals, self.budget, terms, rates)

    def figures_under(
        self, budget: BudgetSet, terms: TermsSet, rates: Rates
    ) -> Figures:
        """Return what would be on the cards with another budget."""
        self._settle()
        return self._figures(self._totals, budget, terms, rates)

    def row(self, period: Period, terms: TermsSet, rates: Rates) -> CardRow:
        """Return its row, of no version yet."""
        figures = self.figures(terms, rates)
        newest = self._newest
        return CardRow(
            period=period,
            party=party_of(self.consumer_id),
            occurred_at=in_utc(newest[-1].trade.occurred_at) if newest else None,
            has_budget=self.budget is not None,
            income=figures.income,
            unplanned_share=figures.unplanned_share,
            planned_left=figures.planned_left,
            unplanned_left=figures.unplanned_left,
            planned_spent=figures.planned_spent,
            unplanned_spent=figures.unplanned_spent,
            saved=figures.saved,
            moved=figures.moved,
            loss=figures.loss,
            purchases=self._purchases,
            # Most are made already; each call would cost as much as all of them.
            newest=tuple([each.shown or each.show(rates) for each in reversed(newest)]),
        )

    # Private

    def _settle(self) -> None:
        for product_id in self._touched:
            group = self.groups[product_id]
            totals = group.totals()
            self._totals = _moved_by(self._totals, group.counted, totals)
            group.counted = totals
        self._touched.clear()

    @staticmethod
    def _figures(
        totals: Totals, budget: BudgetSet | None, terms: TermsSet, rates: Rates
    ) -> Figures:
        planned_spent = totals.paid * rates.planned
        unplanned_spent = totals.spent * rates.unplanned
        income = share = ZERO
        if budget is not None:
            income = ZERO + budget.income
            share = share_of(budget, terms)
        on_unplanned = income * share
        room = max(ZERO, income - on_unplanned - planned_spent)
        moved = min(totals.freed, room)
        saved = min(totals.saved * rates.planned, room - moved)
        return Figures(
            income=income,
            unplanned_share=share,
            planned_left=income - on_unplanned - planned_spent - saved - moved,
            unplanned_left=on_unplanned + saved + moved - unplanned_spent,
            planned_spent=planned_spent,
            unplanned_spent=unplanned_spent,
            saved=saved,
            moved=moved,
            loss=totals.compared * rates.unplanned - totals.reference * rates.planned,
        )


def check_budget(
    event: BudgetSet, card: Card | None, terms: TermsSet, rates: Rates
) -> None:
    """
    Check whether a consumer may have a budget.

    Args:
        event: the budget.
        card: the consumer's; None if it has none yet.
        terms: of the period.
        rates: that follow from them.

    Raises:
        Refused: with `stale_revision`, `share_out_of_window`, or `card_exceeded` if
            more is spent already than it leaves on a card.
    """
    before = None if card is None else card.budget
    if before is not None and event.revision <= before.revision:
        raise Refused(
            "stale_revision",
            f"revision {before.revision} of this budget stands already; was "
            f"{event.revision}",
            event.event_id,
        )
    share = event.unplanned_share
    if share is not None and not terms.least_share <= share <= terms.greatest_share:
        raise Refused(
            "share_out_of_window",
            f"must be from {terms.least_share} to {terms.greatest_share}, was {share}",
            event.event_id,
        )
    if card is None:
        return
    now = card.figures(terms, rates)
    after = card.figures_under(event, terms, rates)
    for which, left_now, left in (
        ("planned", now.planned_left, after.planned_left),
        ("unplanned", now.unplanned_left, after.unplanned_left),
    ):
        if left < min(left_now, ZERO):
            raise Refused(
                "card_exceeded",
                f"{left} would be left on the {which} card of what is spent already",
                event.event_id,
            )


def share_of(budget: BudgetSet, terms: TermsSet) -> Decimal:
    """
    Return w, the part of an income on the unplanned card.

    A share that a later window no longer holds counts as the window's nearest end.
    """
    share = budget.unplanned_share
    if share is None:
        return ZERO + terms.least_share
    return ZERO + min(max(share, terms.least_share), terms.greatest_share)


def party_of(consumer_id: str) -> str:
    """Return the party of a consumer."""
    return f"consumer/{consumer_id}"


def _moved_by(sums: Totals, before: Totals, after: Totals) -> Totals:
    # Written out, since every purchase comes through here.
    if before is NOTHING:
        return Totals(
            sums.paid + after.paid,
            sums.spent + after.spent,
            sums.compared + after.compared,
            sums.reference + after.reference,
            sums.saved + after.saved,
            sums.freed + after.freed,
        )
    return Totals(
        sums.paid - before.paid + after.paid,
        sums.spent - before.spent + after.spent,
        sums.compared - before.compared + after.compared,
        sums.reference - before.reference + after.reference,
        sums.saved - before.saved + after.saved,
        sums.freed - before.freed + after.freed,
    )
