"""
PURE. The private channels as tables: cards, statements, costs.

What is left on a card may be below zero: shops report afterwards what they sold.
"""

from typing import Final

from parfeed.cli.layout import Column, plain
from parfeed.cli.numbers import ABSENT, money, number
from parfeed.cli.trading_tables import company_column, period_column, signed_money
from schemas.trading_rows import CardRow, CostRow, StatementRow

CARD_COLUMNS: Final[tuple[Column[CardRow], ...]] = (
    Column(
        title="Party",
        width=18,
        importance=0,
        justify="left",
        cell=lambda row, _: plain(row.party),
    ),
    period_column(1),
    Column(
        title="Income",
        width=10,
        importance=5,
        cell=lambda row, _: money(row.income, 10) if row.has_budget else ABSENT,
    ),
    Column(
        title="Planned left",
        width=12,
        importance=1,
        cell=lambda row, _: money(row.planned_left, 12),
    ),
    Column(
        title="Unplanned left",
        width=14,
        importance=1,
        cell=lambda row, _: money(row.unplanned_left, 14),
    ),
    Column(
        title="Loss",
        width=10,
        importance=2,
        cell=lambda row, _: signed_money(row.loss, 10),
    ),
    Column(
        title="Saved", width=10, importance=6, cell=lambda row, _: money(row.saved, 10)
    ),
    Column(
        title="Purchases",
        width=9,
        importance=4,
        cell=lambda row, _: str(row.purchases),
    ),
)

STATEMENT_COLUMNS: Final[tuple[Column[StatementRow], ...]] = (
    Column(
        title="Account",
        width=28,
        importance=0,
        justify="left",
        cell=lambda row, _: plain(row.account),
    ),
    period_column(1),
    Column(
        title="Revision", width=8, importance=2, cell=lambda row, _: str(row.revision)
    ),
    Column(
        title="Corrects",
        width=8,
        importance=4,
        cell=lambda row, _: ABSENT if row.corrects is None else str(row.corrects),
    ),
    Column(
        title="Part",
        width=9,
        importance=5,
        cell=lambda row, _: f"{row.part + 1} of {row.parts}",
    ),
    Column(
        title="Lines", width=7, importance=3, cell=lambda row, _: str(len(row.lines))
    ),
    Column(
        title="Total", width=12, importance=1, cell=lambda row, _: money(row.total, 12)
    ),
)

COST_COLUMNS: Final[tuple[Column[CostRow], ...]] = (
    Column(
        title="Product",
        width=12,
        importance=0,
        justify="left",
        cell=lambda row, _: plain(row.of_product_id),
    ),
    period_column(),
    company_column(),
    Column(
        title="Unit cost",
        width=10,
        importance=1,
        cell=lambda row, _: number(row.unit_cost, 10),
    ),
    Column(
        title="Planned price",
        width=13,
        importance=2,
        cell=lambda row, _: money(row.planned_price, 13),
    ),
)
