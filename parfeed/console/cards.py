"""
PURE. A consumer's two cards: what is left of them, and what each purchase lost.

They lie on a private channel; a console shows them to whom the feed does. Money is as
the row has it and is rounded for the screen alone.
"""

from collections.abc import Iterable
from datetime import UTC
from decimal import Decimal
from typing import Final

from parfeed.cli.layout import Column, plain
from parfeed.cli.numbers import money, number
from parfeed.console.economics import cents
from parfeed.console.product_columns import written_loss
from parfeed.console.sheets import Filter, SheetColumn
from schemas.trading_rows import CardPurchase, CardRow

_WIDTH: Final = 12


class Cards:
    """
    The cards of one consumer.

    Attributes:
        card: of the period that is shown; None while the feed has none.
        purchases: the newest of them, by event_id.
    """

    def __init__(self) -> None:
        self.card: CardRow | None = None
        self.purchases: dict[str, CardPurchase] = {}

    def begin(self) -> None:
        """Forget the cards: a snapshot follows."""
        self.card = None
        self.purchases.clear()

    def take(self, rows: Iterable[CardRow]) -> None:
        """Take the cards' newest row."""
        for row in rows:
            self.card = row
            self.purchases.clear()
            self.purchases.update({each.event_id: each for each in row.newest})

    def line(self) -> str:
        """Return what is left and what was lost, in a few words."""
        card = self.card
        if card is None:
            return "no cards"
        parts = []
        if card.has_budget:
            parts.append(
                f"planned card {_left(card.planned_left)}, "
                f"unplanned card {_left(card.unplanned_left)}"
            )
        else:
            parts.append("no income known")
        loss = cents(card.loss)
        if loss > 0:
            parts.append(f"lost {money(loss, _WIDTH)}")
        elif loss < 0:
            parts.append(f"saved {money(-loss, _WIDTH)}")
        return ", ".join(parts)


def _left(amount: Decimal) -> str:
    if amount < 0:
        return f"OVERDRAWN by {money(cents(-amount), _WIDTH)}"
    return f"{money(cents(amount), _WIDTH)} left"


PURCHASES: Final = (
    SheetColumn[CardPurchase](
        column=Column(
            title="When",
            width=17,
            importance=0,
            justify="left",
            cell=lambda row, _: f"{row.occurred_at.astimezone(UTC):%Y-%m-%d %H:%M}Z",
        ),
        order=lambda row: row.occurred_at.timestamp(),
    ),
    SheetColumn[CardPurchase](
        column=Column(
            title="Product",
            width=10,
            importance=1,
            justify="left",
            cell=lambda row, _: plain(row.product_id),
        ),
        order=lambda row: row.product_id,
        falls=False,
    ),
    SheetColumn[CardPurchase](
        column=Column(
            title="From",
            width=12,
            importance=4,
            justify="left",
            cell=lambda row, _: plain(row.company_id),
        ),
        order=lambda row: row.company_id,
        falls=False,
    ),
    SheetColumn[CardPurchase](
        column=Column(
            title="Planned",
            width=8,
            importance=3,
            cell=lambda row, _: number(row.planned_quantity, 8),
        ),
        order=lambda row: row.planned_quantity,
    ),
    SheetColumn[CardPurchase](
        column=Column(
            title="Unplanned",
            width=9,
            importance=3,
            cell=lambda row, _: number(row.unplanned_quantity, 9),
        ),
        order=lambda row: row.unplanned_quantity,
    ),
    SheetColumn[CardPurchase](
        column=Column(
            title="Price",
            width=8,
            importance=2,
            cell=lambda row, _: money(row.unit_price, 8),
        ),
        order=lambda row: row.unit_price,
    ),
    SheetColumn[CardPurchase](
        column=Column(
            title="Lost",
            width=9,
            importance=1,
            cell=lambda row, _: written_loss(row.loss, 9),
        ),
        order=lambda row: row.loss,
    ),
)
"""What each purchase lost; a saving is below 0."""

PURCHASE_FILTERS: Final = (
    Filter[CardPurchase]("all", lambda row: True),
    Filter[CardPurchase]("unplanned", lambda row: row.unplanned_quantity > 0),
)


def purchase_text(row: CardPurchase) -> str:
    """Return what of a purchase is searched."""
    return f"{row.product_id} {row.company_id}".casefold()
