"""
PURE. The fold: what one event changes in the row of its product and period.

`fold(row, event, position)` is the law. A batch of events folds faster through one
`Draft` per row: a row's working copy, which belongs to the batch alone until
`finish` makes a new row of it.

Rules:
- A record at or below the row's position of its topic changes nothing.
- Sums are exact: arithmetic runs in `schemas.values.EXACT`, which raises rather
  than rounds. `fold` sets it; who uses a Draft sets it around the batch.
- What a row ends as does not depend on the order of its events, revisions apart:
  those are compared by the caller, who holds the lines (market/lines.py) and says
  what each event changes in the sums of planning.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from operator import mul
from typing import NamedTuple

from schemas.errors import IntegrityError
from schemas.events import (
    Event,
    ProductionReported,
    PurchaseCancelled,
    PurchaseRecorded,
)
from schemas.planning import (
    CouncilDecided,
    PlannedPriceAnnounced,
    PriceAnnounced,
    PriceIndicated,
)
from schemas.rows import ZERO, Amount, Demand, MarketRow, PriceView, Supply
from schemas.values import EXACT, Period
from streams.market.imbalance import imbalance_of
from streams.market.plan_draft import PlanDraft
from streams.market.standing import Change
from streams.market.windows import BASE_SLICE_S, mean_price, roll

_BOARDS_WORD = (PriceAnnounced, PriceIndicated, PlannedPriceAnnounced, CouncilDecided)
# They have the board's clock. A row's time, at which its rolling windows end, is its
# parties': a week that is replayed lies years before the board that plans it.


class Position(NamedTuple):
    """
    Where a record lies, and when it got there.

    Attributes:
        topic: the source topic's name without prefix.
        offset: within the row's partition.
        received_at: when Kafka took it, seconds since 1970.
    """

    topic: str
    offset: int
    received_at: float


class Ask(NamedTuple):
    """The least unplanned price that is asked for a product, and who asks it."""

    price: Decimal
    company_id: str


def fold(
    row: MarketRow,
    event: Event,
    position: Position,
    change: Change | None = None,
    ask: Ask | None = None,
) -> MarketRow:
    """
    Return the row with one event in it; the same row if it was in it already.

    Args:
        row: of the event's product and period.
        event: a checked event.
        position: where it lies.
        change: what it changes in the sums of planning, if anything.
        ask: the least unplanned price that stands now, for a price and for the first
            event of a row; None leaves what the row says.
    """
    if position.offset <= row.positions.get(position.topic, -1):
        return row
    with localcontext(EXACT):
        draft = Draft(row)
        draft.fold(
            event,
            event.occurred_at.timestamp(),
            position.received_at,
            position.offset,
            change,
        )
        if ask is not None:
            draft.set_ask(ask)
        return draft.finish(position.topic)


def empty_row(product_id: str, period: Period) -> MarketRow:
    """Return the row of a product in a period before any event."""
    return MarketRow(product_id=product_id, period=period)


class Draft:
    """
    A row's working copy for the length of one batch.

    After the last event, `finish`.
    """

    __slots__ = (
        "_additions",
        "_ask",
        "_ask_changed",
        "_cancelled",
        "_newest_s",
        "_offset",
        "_plan",
        "_planned_quantity",
        "_planned_value",
        "_produced",
        "_received_s",
        "events",
        "row",
    )

    def __init__(self, row: MarketRow) -> None:
        self.row = row
        self.events = 0
        self._newest_s = row.occurred_at.timestamp() if row.occurred_at else 0.0
        self._received_s = row.received_at.timestamp() if row.received_at else 0.0
        self._offset = -1
        # What this batch adds:
        self._planned_quantity = ZERO
        self._planned_value = ZERO
        # Quantity and value of unplanned purchases by the start of their base slice.
        self._additions: dict[int, list[Decimal]] = {}
        self._plan: PlanDraft | None = None
        self._produced = ZERO
        self._cancelled: tuple[Decimal, Decimal, Decimal, Decimal] | None = None
        self._ask: Ask | None = None
        self._ask_changed = False

    def fold(
        self,
        event: Event,
        occurred_s: float,
        received_s: float,
        offset: int,
        change: Change | None = None,
    ) -> None:
        """
        Add one event.

        Args:
            event: a checked one.
            occurred_s: when it happened, seconds since 1970.
            received_s: when Kafka took it, seconds since 1970.
            offset: of its record.
            change: what it changes in the sums of planning, if anything.
        """
        match event:
            case PurchaseRecorded():
                start = int(occurred_s)
                start -= start % BASE_SLICE_S
                self.add_purchases((event,), start, occurred_s, received_s, offset)
                return
            case PurchaseCancelled():
                self._cancel(event)
            case ProductionReported():
                self._produced += event.quantity
            case PlannedPriceAnnounced() | PriceIndicated() | PriceAnnounced():
                self._planning().take_price(event)
        if change is not None and any(change):
            self._planning().add(change)
        # A price counts and no more: what is asked depends on all companies' prices,
        # see `set_ask`.
        if isinstance(event, _BOARDS_WORD):
            occurred_s = self._newest_s
        self._note(occurred_s, received_s, offset)

    def add_purchases(
        self,
        events: Sequence[PurchaseRecorded],
        start: int,
        occurred_s: float,
        received_s: float,
        offset: int,
    ) -> None:
        """
        Add purchases of one base slice of time.

        Their planned parts go to the sums, the rest to the windows.

        Args:
            events: at least one.
            start: of their slice, seconds since 1970.
            occurred_s: when the newest of them happened.
            received_s: when Kafka took the last of them.
            offset: of the last of their records.
        """
        self._note(occurred_s, received_s, offset, len(events))
        quantity, value = ZERO, ZERO
        unplanned = [event for event in events if not event.planned_quantity]
        if unplanned:
            quantities = [event.quantity for event in unplanned]
            quantity = sum(quantities, ZERO)
            value = sum(
                map(mul, quantities, [event.unit_price for event in unplanned]), ZERO
            )
        if len(unplanned) < len(events):
            for event in events:
                planned = event.planned_quantity
                if planned:
                    self._planned_quantity += planned
                    self._planned_value += planned * event.unit_price
                    rest = event.quantity - planned
                    if rest:
                        quantity += rest
                        value += rest * event.unit_price
        if quantity:
            added = self._additions.get(start)
            if added is None:
                self._additions[start] = [quantity, value]
            else:
                added[0] += quantity
                added[1] += value

    def set_ask(self, ask: Ask | None) -> None:
        """Say what the least unplanned price is now."""
        self._ask = ask
        self._ask_changed = True

    def finish(self, topic: str) -> MarketRow:
        """
        Return the new row.

        Args:
            topic: the source topic that the batch came from.

        Raises:
            IntegrityError: if a planned sum fell below zero.
        """
        row = self.row
        demand, unplanned_changed = self._finish_demand(row.demand)
        supply = row.supply
        plan, planning = self._plan, row.planning
        if self._produced:
            supply = Supply(
                planned=supply.planned, produced=supply.produced + self._produced
            )
        if plan is not None:
            supply, demand = plan.sums(supply, demand)
            planning = plan.planning(planning)
        if supply.planned < 0 or demand.planned < 0:
            raise IntegrityError(
                f"planned sums of {row.product_id} in {row.period} fell below zero: "
                f"supply {supply.planned}, demand {demand.planned}"
            )
        imbalance = row.imbalance
        if plan is not None:
            imbalance = imbalance_of(supply.planned, demand.planned)
        price = row.price
        if unplanned_changed or self._ask_changed or plan is not None:
            price = self._finish_price(price, demand.unplanned_purchases)
        return MarketRow(
            product_id=row.product_id,
            period=row.period,
            sequence=row.sequence + self.events,
            positions={**row.positions, topic: self._offset}
            if self.events
            else row.positions,
            occurred_at=_moment(self._newest_s),
            received_at=_moment(self._received_s),
            supply=supply,
            demand=demand,
            price=price,
            imbalance=imbalance,
            rolling=roll(row.rolling, self._additions, int(self._newest_s)),
            planning=planning,
        )

    # Private

    def _note(
        self, occurred_s: float, received_s: float, offset: int, events: int = 1
    ) -> None:
        self.events += events
        self._offset = max(self._offset, offset)
        self._newest_s = max(self._newest_s, occurred_s)
        self._received_s = max(self._received_s, received_s)

    def _cancel(self, event: PurchaseCancelled) -> None:
        planned = event.planned_quantity
        unplanned = event.quantity - planned
        quantity, value, free_quantity, free_value = self._cancelled or (ZERO,) * 4
        self._cancelled = (
            quantity + planned,
            value + planned * event.unit_price,
            free_quantity + unplanned,
            free_value + unplanned * event.unit_price,
        )

    def _finish_demand(self, demand: Demand) -> tuple[Demand, bool]:
        additions = self._additions
        if not (additions or self._planned_quantity or self._cancelled):
            return demand, False
        planned, unplanned = demand.planned_purchases, demand.unplanned_purchases
        if self._planned_quantity:
            planned = Amount(
                quantity=planned.quantity + self._planned_quantity,
                value=planned.value + self._planned_value,
            )
        if additions:
            quantity, value = unplanned.quantity, unplanned.value
            for added_quantity, added_value in additions.values():
                quantity += added_quantity
                value += added_value
            unplanned = Amount(quantity=quantity, value=value)
        given_back = demand.planned_cancellations
        given_back_free = demand.unplanned_cancellations
        if self._cancelled:
            quantity, value, free_quantity, free_value = self._cancelled
            given_back = Amount(
                quantity=given_back.quantity + quantity, value=given_back.value + value
            )
            given_back_free = Amount(
                quantity=given_back_free.quantity + free_quantity,
                value=given_back_free.value + free_value,
            )
        return (
            Demand(
                planned=demand.planned,
                planned_purchases=planned,
                unplanned_purchases=unplanned,
                planned_cancellations=given_back,
                unplanned_cancellations=given_back_free,
            ),
            bool(additions),
        )

    def _finish_price(self, price: PriceView, unplanned: Amount) -> PriceView:
        if self._plan is not None:
            price = self._plan.prices(price)
        planned = price.planned
        asked, company_id = price.unplanned, price.unplanned_company
        if self._ask_changed:
            asked = self._ask.price if self._ask else None
            company_id = self._ask.company_id if self._ask else None
        return PriceView(
            planned=planned,
            unplanned=asked,
            unplanned_company=company_id,
            unplanned_mean=mean_price(unplanned.quantity, unplanned.value),
            difference=None if asked is None or planned is None else asked - planned,
            announced=price.announced,
            indicative=price.indicative,
        )

    def _planning(self) -> PlanDraft:
        plan = self._plan
        if plan is None:
            plan = self._plan = PlanDraft()
        return plan


def _moment(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
