"""
PURE. One consumer's purchases of one product in a period, and what they come to.

Which units are planned is decided by the canonical split alone
(`streams/market/settlement/split.py`). It is a pass over all purchases of the group;
most purchases change nothing of what it said of the others, and are added to the sums
at once. Then it holds:

- An authorised purchase, or one that claims nothing, is added wherever it stands in the
  order, unless it takes from others what they were given.
- Any other is added if it comes last in the order: what the line still has for it
  depends on the sum of those before it only.
- Otherwise the group is stale, and is split anew when its totals are asked for.

Call all of it in the context `schemas.values.EXACT`.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from schemas.rows import ZERO, Line
from schemas.trading_rows import CardPurchase
from streams.market.settlement.split import Trade, split_purchases
from streams.market.trading.budgets import freed_budget, saved_value
from streams.market.trading.loss import Rates
from streams.market.trading.period import in_utc
from streams.market.trading.prices import Prices


class Totals(NamedTuple):
    """
    What a group comes to, before tax. Units given back count as below zero.

    Attributes:
        paid: planned units at their planned prices.
        spent: unplanned units at their own prices.
        compared: those of `spent` that have a planned price to be compared with.
        reference: the same units at the planned price.
        saved: by fallen prices.
        freed: budget of denied lines.
    """

    paid: Decimal = ZERO
    spent: Decimal = ZERO
    compared: Decimal = ZERO
    reference: Decimal = ZERO
    saved: Decimal = ZERO
    freed: Decimal = ZERO


NOTHING: Final = Totals()


class Purchase(msgspec.Struct, eq=False, gc=False):
    """
    A purchase or cancellation on a card.

    Attributes:
        trade: what of the event is kept.
        product_id: what was bought.
        prices: of the product.
        approved: its planned units, if it was authorised.
        planned: its planned units by the split; below zero if given back.
        shown: as the card's row shows it; None if that is not made yet.
    """

    trade: Trade
    product_id: str
    prices: Prices
    approved: Decimal | None = None
    planned: Decimal = ZERO
    shown: CardPurchase | None = None

    @property
    def key(self) -> tuple[datetime, str]:
        """Its place in the order of purchases."""
        return self.trade.occurred_at, self.trade.event_id

    def show(self, rates: Rates) -> CardPurchase:
        """Return it as the card's row shows it."""
        if self.shown is None:
            trade = self.trade
            unplanned = trade.quantity - self.planned
            price = self.prices.price_at(trade.occurred_at)
            loss = None
            if price is not None:
                loss = unplanned * (
                    trade.unit_price * rates.unplanned - price * rates.planned
                )
            self.shown = CardPurchase(
                event_id=trade.event_id,
                product_id=self.product_id,
                company_id=trade.company_id,
                occurred_at=in_utc(trade.occurred_at),
                planned_quantity=self.planned,
                unplanned_quantity=unplanned,
                unit_price=trade.unit_price,
                planned_price=price,
                loss=loss,
                is_authorised=self.approved is not None,
            )
        return self.shown


# There is one group for almost every purchase of a week: they hold no cycles, so that
# the garbage collector need not walk them, and tuples rather than lists, which it
# stops to walk.
class Group(msgspec.Struct, eq=False, gc=False):
    """
    The purchases of one consumer and product.

    Attributes:
        product_id: the product.
        prices: of the product.
        own: the consumer's own plan line; None without one or if it may not count.
        units: of its plan lines that count, inputs included.
        counted: the totals that the card has counted.
    """

    product_id: str
    prices: Prices
    own: Line | None = None
    units: Decimal = ZERO
    counted: Totals = NOTHING
    _purchases: tuple[Purchase, ...] = ()
    _is_stale: bool = False
    _paid: Decimal = ZERO
    _spent: Decimal = ZERO
    _compared: Decimal = ZERO
    _reference: Decimal = ZERO
    # Planned units less those given back: of all, and by step of the price if there
    # are several.
    _bought: Decimal = ZERO
    _by_step: tuple[Decimal, ...] = ()
    # Planned units of authorised purchases, and claimed by others.
    _approved: Decimal = ZERO
    _claimed: Decimal = ZERO
    _gave_back: bool = False
    # Of the unauthorised ones that claim planned units, the last in the order.
    _last: tuple[datetime, str] | None = None

    def __post_init__(self) -> None:
        self._clear()

    # Changing

    def put_lines(self, own: Line | None, units: Decimal) -> None:
        """Take the consumer's plan lines of the product as they stand."""
        if units != self.units:
            self.units = units
            self._is_stale = True
        self.own = own

    def reprice(self) -> None:
        """Take note that the product has other prices."""
        self._is_stale = True
        for purchase in self._purchases:
            purchase.shown = None

    def add(self, purchase: Purchase) -> None:
        """Take a purchase that is not in it."""
        self._purchases = (*self._purchases, purchase)
        if self._is_stale:
            return
        planned = self._planned_of(purchase)
        if planned is None:
            self._is_stale = True
        else:
            self._count(purchase, planned)

    def approve(self, purchase: Purchase, planned: Decimal) -> bool:
        """Take note that a purchase was authorised; return whether it is in it."""
        if not any(each is purchase for each in self._purchases):
            return False
        purchase.approved = planned
        purchase.shown = None
        self._is_stale = True
        return True

    # Reading

    def totals(self) -> Totals:
        """Return what all of it comes to."""
        if self._is_stale:
            self._split()
        saved = freed = ZERO
        own = self.own
        if own is not None:
            freed = freed_budget(own, self.prices)
            if not freed:
                saved = saved_value(own, self.prices, self._by_step)
        return Totals(
            self._paid, self._spent, self._compared, self._reference, saved, freed
        )

    def totals_with(self, purchase: Purchase) -> Totals:
        """Return what it would come to with one more purchase."""
        if self._is_stale:
            self._split()
        kept = [getattr(self, name) for name in _STATE]
        self.add(purchase)
        is_stale = self._is_stale
        totals = self.totals()
        for name, value in zip(_STATE, kept, strict=True):
            setattr(self, name, value)
        self._is_stale = is_stale  # then the others were split with it
        return totals

    def line_left(self) -> Decimal:
        """
        Return the units of the plan line that a request may still have.

        None that was given to a reported purchase: while there are such purchases,
        units given back do not count as left, since they may be theirs.
        """
        if self._is_stale:
            self._split()
        left = self.units - self._bought
        if self._claimed:
            left = min(left, self.units - self._approved - self._claimed)
        return max(ZERO, left)

    # Private

    def _planned_of(self, purchase: Purchase) -> Decimal | None:
        # The planned units that the split gives it if it changes nothing else; None
        # if that cannot be said without splitting.
        trade, approved = purchase.trade, purchase.approved
        if approved is not None:
            if self.prices.price_at(trade.occurred_at) is None:
                return ZERO
            if not approved or (not self._claimed and not self._gave_back):
                return approved
            fits = self._approved + approved + self._claimed <= self.units
            return approved if fits and not self._gave_back else None
        claimed = trade.claimed
        if not claimed or self.prices.price_at(trade.occurred_at) is None:
            return ZERO
        if self._last is None or self._last < purchase.key:
            if trade.quantity > 0:
                return min(claimed, max(ZERO, self.units - self._bought))
            return -min(claimed, self._bought)
        fits = self._approved + self._claimed + claimed <= self.units
        if fits and trade.quantity > 0 and not self._gave_back:
            return claimed
        return None

    def _count(self, purchase: Purchase, planned: Decimal) -> None:
        trade = purchase.trade
        if planned != purchase.planned:
            purchase.planned = planned
            purchase.shown = None
        unplanned = trade.quantity - planned
        step = self.prices.step_at(trade.occurred_at)
        if unplanned:
            spent = unplanned * trade.unit_price
            self._spent += spent
            if step >= 0:
                self._compared += spent
                self._reference += unplanned * self.prices.steps[step]
        if planned:
            self._paid += planned * self.prices.steps[step]
            by_step = self._by_step
            if by_step:
                self._by_step = (
                    *by_step[:step],
                    by_step[step] + planned,
                    *by_step[step + 1 :],
                )
            self._bought += planned
        if purchase.approved is not None:
            self._approved += planned
            return
        if trade.claimed and step >= 0:
            if trade.quantity > 0:
                # What it claims and does not get is nobody's to lose.
                self._claimed += trade.claimed
            else:
                self._gave_back = True
            key = purchase.key
            if self._last is None or self._last < key:
                self._last = key

    def _split(self) -> None:
        self._clear()
        named = {each.trade.event_id: each for each in self._purchases}
        splits = split_purchases(
            [each.trade for each in self._purchases],
            line=self.units,
            prices=self.prices.planned,
            authorised={
                name: each.approved
                for name, each in named.items()
                if each.approved is not None
            },
        )
        for split in splits:
            self._count(named[split.trade.event_id], split.planned)
        self._is_stale = False

    def _clear(self) -> None:
        self._paid = self._spent = self._compared = self._reference = ZERO
        self._bought = self._approved = self._claimed = ZERO
        steps = len(self.prices.steps)
        self._by_step = (ZERO,) * steps if steps > 1 else ()
        self._gave_back = False
        self._last = None


_STATE: Final = tuple(name for name in Group.__struct_fields__ if name.startswith("_"))
# What a purchase changes in its group.
