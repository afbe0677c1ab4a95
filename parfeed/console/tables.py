"""PURE. The tables of each view: their rows, how these are sorted and found."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from parfeed.client.row_kinds import Key
from parfeed.console import board_columns, cards, product_columns
from parfeed.console.glances import Trend
from parfeed.console.keys import View
from parfeed.console.products import Product, Products
from parfeed.console.sheets import Sheet
from schemas.board_rows import CouncilRow, RoundRow
from schemas.trading_rows import AlertRow, CardPurchase


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """
    A sheet and where its rows are.

    Attributes:
        sheet: what is looked through; its rows' names are those of `all`.
        all: gives every row.
        get: gives one; None if it has gone.
        sign: a character for a row: `!` an alert, `*` a mark, or a blank.
        trend: gives a row's sparklines, if it has any.
        alert_filter: the filter that shows only what has an alert.
    """

    sheet: Sheet[Any, Any]
    all: Callable[[], Mapping[Any, Any]]
    get: Callable[[Any], Any]
    sign: Callable[[Any], str]
    trend: Callable[[Any], Trend] | None = None
    alert_filter: str = "alerts"


def tables_of(
    view: View,
    products: Products,
    rounds: Mapping[Key, RoundRow],
    councils: Mapping[Key, CouncilRow],
    purchases: Mapping[str, CardPurchase],
    told: Mapping[Key, AlertRow],
    trend: Callable[[str], Trend],
) -> list[Table]:
    """
    Return a view's tables; the first is shown first.

    Args:
        view: who looks.
        products: of the period that is shown.
        rounds: rows of the channel, by their names; live.
        councils: the same of its channel.
        purchases: of a consumer, by event_id; live.
        told: alerts of the feed itself, by their names; live.
        trend: gives a product's sparklines.
    """
    consumer = product_columns.consumer_columns(lambda: products.taxes)
    columns, sorted_by = {
        "company": (product_columns.COMPANY, "Product"),
        "consumer": (consumer, "Product"),
        "board": (product_columns.BOARD, "Imbal."),
    }[view]
    market = Table(
        sheet=Sheet[str, Product](
            "products",
            columns,
            filters=product_columns.FILTERS,
            text=product_columns.searched,
            sorted_by=sorted_by,
        ),
        all=products.all,
        get=products.get,
        sign=_product_sign,
        trend=trend,
    )
    if view == "company":
        return [market]
    if view == "consumer":
        return [
            market,
            Table(
                sheet=Sheet[str, CardPurchase](
                    "purchases",
                    cards.PURCHASES,
                    filters=cards.PURCHASE_FILTERS,
                    text=cards.purchase_text,
                    sorted_by="When",
                ),
                all=lambda: purchases,
                get=purchases.get,
                sign=lambda row: "!" if (row.loss or 0) > 0 else " ",
                alert_filter="unplanned",
            ),
        ]
    return [
        market,
        Table(
            sheet=Sheet[Key, RoundRow](
                "rounds",
                board_columns.ROUNDS,
                filters=board_columns.ROUND_FILTERS,
                text=board_columns.round_text,
                sorted_by="Period",
            ),
            all=lambda: rounds,
            get=rounds.get,
            sign=lambda row: "!" if row.alarm else " ",
        ),
        Table(
            sheet=Sheet[Key, CouncilRow](
                "signatures",
                board_columns.COUNCILS,
                filters=board_columns.COUNCIL_FILTERS,
                text=board_columns.council_text,
                sorted_by="Signed",
            ),
            all=lambda: councils,
            get=councils.get,
            sign=lambda row: "!" if row.status == "waits" else " ",
            alert_filter="waiting",
        ),
        Table(
            sheet=Sheet[Key, AlertRow](
                "alerts of the feed",
                board_columns.ALERTS,
                filters=board_columns.ALERT_FILTERS,
                text=board_columns.alert_text,
                sorted_by="Since",
            ),
            all=lambda: told,
            get=told.get,
            sign=lambda row: "!" if row.is_raised else " ",
            alert_filter="raised",
        ),
    ]


def _product_sign(product: Product) -> str:
    if product.alerts:
        return "!"
    return "*" if product.is_marked else " "
