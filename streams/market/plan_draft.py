"""PURE. What a batch changes in the planning of one row: its sums, prices and round."""

from decimal import Decimal

from schemas.planning import PlannedPriceAnnounced, PriceAnnounced, PriceIndicated
from schemas.rows import ZERO, Demand, Planning, PriceView, Supply
from streams.market.standing import Change


class PlanDraft:
    """
    Part of a row's Draft, made only for rows whose planning a batch changes.

    Arithmetic is the caller's, who sets the exact context.
    """

    __slots__ = (
        "_announced",
        "_bids",
        "_demand",
        "_denied",
        "_denied_quantity",
        "_indicative",
        "_planned",
        "_plans",
        "_supply",
    )

    def __init__(self) -> None:
        self._supply = self._demand = self._denied_quantity = ZERO
        self._bids = self._plans = self._denied = 0
        self._announced: PriceAnnounced | None = None
        self._indicative: Decimal | None = None
        self._planned: Decimal | None = None

    def add(self, change: Change) -> None:
        """Add what one event changes in the sums."""
        self._supply += change.supply
        self._demand += change.demand
        self._bids += change.bids
        self._plans += change.plans
        if change.denied or change.denied_quantity:
            self._denied += change.denied
            self._denied_quantity += change.denied_quantity

    def take_price(
        self, event: PriceAnnounced | PriceIndicated | PlannedPriceAnnounced
    ) -> None:
        """Take a price of the board that replaces the one before."""
        # + makes a plain Decimal of the value type, as everywhere in rows.
        match event:
            case PriceAnnounced():
                self._announced = event
            case PriceIndicated():
                self._indicative = +event.indicative_price
            case PlannedPriceAnnounced():
                self._planned = +event.planned_price

    def sums(self, supply: Supply, demand: Demand) -> tuple[Supply, Demand]:
        """Return supply and demand with the new planned sums."""
        if self._supply:
            planned = supply.planned + self._supply
            supply = Supply(planned=planned, produced=supply.produced)
        if self._demand:
            demand = Demand(
                planned=demand.planned + self._demand,
                planned_purchases=demand.planned_purchases,
                unplanned_purchases=demand.unplanned_purchases,
                planned_cancellations=demand.planned_cancellations,
                unplanned_cancellations=demand.unplanned_cancellations,
            )
        return supply, demand

    def prices(self, price: PriceView) -> PriceView:
        """Return the prices with the board's newest; the difference is left as is."""
        announced = self._announced
        return PriceView(
            planned=price.planned if self._planned is None else self._planned,
            unplanned=price.unplanned,
            unplanned_company=price.unplanned_company,
            unplanned_mean=price.unplanned_mean,
            difference=price.difference,
            announced=price.announced
            if announced is None
            else +announced.announced_price,
            indicative=price.indicative
            if self._indicative is None
            else self._indicative,
        )

    def planning(self, planning: Planning) -> Planning:
        """Return where planning stands now."""
        announced = self._announced
        if announced is None:
            round_, flags = planning.round, planning.flags
            forecast = planning.forecast_percent
        else:
            round_, flags = announced.round, announced.flags
            percent = announced.forecast_percent
            forecast = None if percent is None else +percent
        return Planning(
            round=round_,
            forecast_percent=forecast,
            flags=flags,
            denied=planning.denied + self._denied,
            denied_quantity=planning.denied_quantity + self._denied_quantity,
            bids=planning.bids + self._bids,
            plans=planning.plans + self._plans,
        )
