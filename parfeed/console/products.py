"""
PURE. The products of a period as a company or a consumer looks at them.

Rows come as bytes and are glanced at once each; what a screen shows beside them (own
prices, pace, alerts, marks) is put together for the rows that are shown. The market's
time is that of its newest event, so a replayed year has its own.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

import msgspec

from parfeed.console.alerts import Alert, Alerts
from parfeed.console.economics import Taxes, pace, share_gone
from parfeed.console.glances import Glance, Trend, Window, glance, trend
from parfeed.console.offers import Offers
from schemas.trading_rows import OfferRow

NOTHING: Trend = Trend((), ())


class Product(msgspec.Struct, frozen=True, gc=False):
    """
    A product as a screen shows it.

    Attributes:
        glance: its row.
        pace: bought against plan; see `parfeed.console.economics.pace`.
        alerts: that stand.
        own_price: the company's unplanned price, as far as it is known.
        own_bid: units of the company's bid, as far as it is known.
        is_marked: whether the user marked it.
        loss: of buying a unit at the least unplanned price; None if there is none.
        own_loss: of buying one from this company; None if its price is not known.
        offer: the company's own; None if the feed knows none.
    """

    glance: Glance
    pace: float | None = None
    alerts: tuple[Alert, ...] = ()
    own_price: Decimal | None = None
    own_bid: Decimal | None = None
    is_marked: bool = False
    loss: Decimal | None = None
    own_loss: Decimal | None = None
    offer: OfferRow | None = None

    @property
    def difference(self) -> Decimal | None:
        """From the planned to the company's own price, else to the least one."""
        planned = self.glance.price.planned
        if self.own_price is not None and planned is not None:
            return self.own_price - planned
        return self.glance.price.difference

    @property
    def is_own(self) -> bool:
        """Whether the company is known to offer it, or the user marked it."""
        return self.is_marked or self.own_price is not None or self.own_bid is not None


class Products:
    """
    The products of one period, by product_id.

    Args:
        company_id: whose console it is; None if it is nobody's.
        alerts: that are kept up to date.
        taxes: that losses are worked out with until the feed says its own.

    Attributes:
        period: of the rows; empty before the first.
        marked: products that the user marked.
        prices, bids: what the company said here and was accepted, by product_id.
        at: the market's time.
        offers: of the period.
    """

    def __init__(
        self, company_id: str | None, alerts: Alerts, taxes: Taxes | None = None
    ) -> None:
        self.company_id = company_id
        self.alerts = alerts
        self.offers = Offers()
        self._taxes = taxes or Taxes()
        self.period = ""
        self.marked: set[str] = set()
        self.prices: dict[str, Decimal] = {}
        self.bids: dict[tuple[str, str], Decimal] = {}
        self.at: datetime | None = None
        self._glances: dict[str, Glance] = {}
        self._raw: dict[str, bytes] = {}
        # Whose turn it is yet to be looked at again.
        self._waiting: list[str] = []

    def __len__(self) -> int:
        """Return how many products there are."""
        return len(self._glances)

    def __contains__(self, product_id: object) -> bool:
        return product_id in self._glances

    @property
    def taxes(self) -> Taxes:
        """What losses are worked out with: the feed's rates, as soon as it says any."""
        return self.offers.taxes or self._taxes

    # Rows that come.

    def begin(self, period: str) -> None:
        """Forget all rows: a snapshot follows, of this period."""
        self.period = period
        self._glances.clear()
        self._raw.clear()
        self.alerts.clear()

    def take(self, rows: Iterable[bytes]) -> None:
        """
        Take rows that are new or have changed.

        Raises:
            msgspec.DecodeError: if one is no row.
        """
        gone = self.gone
        for raw in rows:
            row = glance(raw)
            product_id = row.product_id
            self._glances[product_id] = row
            self._raw[product_id] = raw
            self.alerts.look(row, gone, self._own_price(row))

    def look_again(self) -> None:
        """Hold all rows against the thresholds: these have changed."""
        gone = self.gone
        for row in self._glances.values():
            self.alerts.look(row, gone, self._own_price(row))

    def look_on(self, most: int) -> None:
        """
        Hold some rows against the thresholds, others every time: the time has changed.

        Args:
            most: how many; a key that is pressed meanwhile waits for them.
        """
        gone = self.gone
        if not self._waiting:
            self._waiting = list(self._glances)
        for product_id in self._waiting[-most:]:
            if (row := self._glances.get(product_id)) is not None:
                self.alerts.look(row, gone, self._own_price(row))
        del self._waiting[-most:]

    # What is said here.

    def own_price_taken(self, product_id: str, price: Decimal) -> None:
        """Note an unplanned price that the company posted and the feed accepted."""
        self.prices[product_id] = price

    def own_bid_taken(self, product_id: str, period: str, quantity: Decimal) -> None:
        """Note a bid that the company placed and the feed accepted."""
        self.bids[product_id, period] = quantity

    def mark(self, product_id: str) -> bool:
        """Mark a product, or take its mark away; return whether it has one now."""
        self.marked ^= {product_id}
        return product_id in self.marked

    # What is shown.

    @property
    def gone(self) -> float:
        """Share of the period that is over by the market's time."""
        return share_gone(self.period, self.at) if self.period else 0.0

    def all(self) -> dict[str, Product]:
        """Return every product."""
        gone = self.gone
        return {
            product_id: self._product(row, gone)
            for product_id, row in self._glances.items()
        }

    def get(self, product_id: str | None) -> Product | None:
        """Return a product, or None if there is no such row."""
        row = None if product_id is None else self._glances.get(product_id)
        return None if row is None else self._product(row, self.gone)

    def trend(self, product_id: str, window: Window) -> Trend:
        """Return what was bought unplanned of a product lately, slice by slice."""
        raw = self._raw.get(product_id)
        return NOTHING if raw is None else trend(raw, window)

    def raw(self, product_id: str) -> bytes | None:
        """Return a product's row as it came."""
        return self._raw.get(product_id)

    @property
    def glances(self) -> Mapping[str, Glance]:
        """The rows, by product_id."""
        return self._glances

    # Private.

    def _own(self, row: Glance) -> Decimal | None:
        # What the feed says wins over what was said here: another terminal of the
        # company may have spoken since. The product's row is folded at once; offers
        # follow when the ledger has booked them.
        if self.company_id is None:
            return None
        if row.price.unplanned_company == self.company_id:
            return row.price.unplanned
        if (offer := self.offers.own(row.product_id, self.company_id)) is not None:
            return offer.unplanned_price
        return self.prices.get(row.product_id)

    def _own_price(self, row: Glance) -> float | None:
        own = self._own(row)
        return None if own is None else float(own)

    def _product(self, row: Glance, gone: float) -> Product:
        planned, least = row.price.planned, row.price.unplanned
        own = self._own(row)
        taxes = self.taxes
        alerts = self.alerts.standing.get(row.product_id)
        return Product(
            row,
            pace(row, gone),
            tuple(alerts.values()) if alerts else (),
            own,
            self.bids.get((row.product_id, row.period)),
            row.product_id in self.marked,
            None if planned is None or least is None else taxes.loss(least, planned),
            None if planned is None or own is None else taxes.loss(own, planned),
            self.offers.own(row.product_id, self.company_id),
        )
