"""
PURE. The public channels of trading as tables: offers, alerts, fame, settlements.

A loss stands with its sign: below zero it is a saving.
"""

from decimal import Decimal
from typing import Any, Final

from parfeed.cli.layout import Column, plain
from parfeed.cli.numbers import ABSENT, money, number
from schemas.trading_rows import AlertRow, FameRow, OfferRow, SettlementRow


def product_column(width: int = 12) -> Column[Any]:
    """Return the column of a row's product."""
    return Column(
        title="Product",
        width=width,
        importance=0,
        justify="left",
        cell=lambda row, _: plain(row.product_id),
    )


def period_column(importance: int = 5) -> Column[Any]:
    """Return the column of a row's period."""
    return Column(
        title="Period",
        width=13,
        importance=importance,
        justify="left",
        cell=lambda row, _: plain(row.period),
    )


def company_column() -> Column[Any]:
    """Return the column of a row's company."""
    return Column(
        title="Company",
        width=18,
        importance=1,
        justify="left",
        cell=lambda row, _: plain(row.company_id or ABSENT),
    )


OFFER_COLUMNS: Final[tuple[Column[OfferRow], ...]] = (
    product_column(),
    period_column(),
    company_column(),
    Column(
        title="Unplanned",
        width=10,
        importance=1,
        cell=lambda row, _: money(row.unplanned_price, 10),
    ),
    Column(
        title="Planned",
        width=10,
        importance=3,
        cell=lambda row, _: money(row.planned_price, 10),
    ),
    Column(
        title="Loss/unit", width=10, importance=2, cell=lambda row, _: loss_of(row, 10)
    ),
    Column(
        title="Rank",
        width=9,
        importance=4,
        cell=lambda row, _: f"{row.rank} of {row.sellers}",
    ),
    Column(
        title="Since",
        width=17,
        importance=6,
        cell=lambda row, _: (
            ABSENT if row.stands_since is None else f"{row.stands_since:%Y-%m-%d %H:%M}"
        ),
    ),
)

ALERT_COLUMNS: Final[tuple[Column[AlertRow], ...]] = (
    product_column(),
    period_column(),
    Column(
        title="Alert",
        width=15,
        importance=0,
        justify="left",
        cell=lambda row, _: row.kind,
    ),
    Column(title="State", width=7, importance=1, cell=lambda row, _: alert_state(row)),
    Column(
        title="Value", width=10, importance=2, cell=lambda row, _: number(row.value, 10)
    ),
    Column(
        title="Threshold",
        width=10,
        importance=5,
        cell=lambda row, _: number(row.threshold, 10),
    ),
    company_column(),
    Column(
        title="Reason",
        width=30,
        importance=4,
        justify="left",
        cell=lambda row, _: plain(row.reason),
    ),
)

FAME_COLUMNS: Final[tuple[Column[FameRow], ...]] = (
    product_column(),
    period_column(),
    company_column(),
    Column(title="Rank", width=5, importance=1, cell=lambda row, _: str(row.rank)),
    Column(
        title="Beyond",
        width=10,
        importance=1,
        cell=lambda row, _: number(row.overproduced, 10),
    ),
    Column(
        title="Made",
        width=10,
        importance=3,
        cell=lambda row, _: number(row.produced, 10),
    ),
    Column(
        title="Bid", width=10, importance=4, cell=lambda row, _: number(row.bid, 10)
    ),
    Column(
        title="Sold", width=10, importance=4, cell=lambda row, _: number(row.sold, 10)
    ),
)

SETTLEMENT_COLUMNS: Final[tuple[Column[SettlementRow], ...]] = (
    product_column(),
    period_column(1),
    Column(
        title="Price",
        width=10,
        importance=5,
        cell=lambda row, _: money(row.planned_price, 10),
    ),
    Column(
        title="Planned",
        width=10,
        importance=2,
        cell=lambda row, _: number(row.planned, 10),
    ),
    Column(
        title="Bought",
        width=10,
        importance=2,
        cell=lambda row, _: number(row.actual, 10),
    ),
    Column(
        title="Error",
        width=8,
        importance=1,
        cell=lambda row, _: f"{row.error_percent:.2f}%",
    ),
    Column(title="Tax", width=10, importance=4, cell=lambda row, _: money(row.tax, 10)),
    Column(
        title="Clearing",
        width=10,
        importance=6,
        cell=lambda row, _: money(row.clearing, 10),
    ),
    Column(
        title="Eaten", width=10, importance=7, cell=lambda row, _: money(row.eaten, 10)
    ),
    Column(
        title="Returned",
        width=10,
        importance=3,
        cell=lambda row, _: money(row.returned, 10),
    ),
    Column(
        title="Kept", width=10, importance=3, cell=lambda row, _: money(row.kept, 10)
    ),
    Column(
        title="Revision",
        width=8,
        importance=8,
        cell=lambda row, _: str(row.revision),
    ),
)


def alert_state(row: AlertRow) -> str:
    """Return whether an alert stands."""
    return "RAISED" if row.is_raised else "passed"


def loss_of(row: OfferRow, width: int) -> str:
    """Return the loss of a unit with its sign; nothing without a planned price."""
    return ABSENT if row.loss is None else signed_money(row.loss, width)


def signed_money(value: Decimal, width: int) -> str:
    """Write money won or lost, with its sign and two decimals at least."""
    text = money(value, width - 1)
    return f"+{text}" if value > 0 else text
