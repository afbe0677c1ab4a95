"""
PURE. The columns of a company's, a consumer's and a board's table of products.

Which of them are seen is decided by width, the least telling go first. The figures of
offers and cards join here once the feed has their channels.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from rich.text import Text

from parfeed.cli.layout import Column, coloured, plain
from parfeed.cli.numbers import ABSENT, money, number
from parfeed.console.economics import Taxes, cents
from parfeed.console.products import Product
from parfeed.console.sheets import Filter, Order, SheetColumn

DEMAND_TREND: Final = "Dem. ~"
PRICE_TREND: Final = "Pri. ~"
TREND_WIDTH: Final = 6
"""Of a sparkline: of an hour ten minutes each. 80 columns have room for two."""

WIDE_TREND_WIDTH: Final = 12
"""The same on a wide screen: every slice of an hour."""

WIDE: Final = 120
"""A screen of so many columns is wide."""

ALL: Final = "all"
OWN: Final = "mine"
ALERTING: Final = "alerts"

FILTERS: Final = (
    Filter[Product](ALL, lambda product: True),
    Filter[Product](OWN, lambda product: product.is_own),
    Filter[Product](ALERTING, lambda product: bool(product.alerts)),
    Filter[Product]("offered", lambda product: _least(product) is not None),
    Filter[Product](
        "not balanced",
        lambda product: (
            product.glance.imbalance is not None
            and product.glance.imbalance.colour != "blue"
        ),
    ),
)
"""In the order in which the key goes through them."""


def searched(product: Product) -> str:
    """Return what of a product is searched: its name and its cheapest seller's."""
    row = product.glance
    return f"{row.product_id} {row.price.unplanned_company or ''}".casefold()


def written_pace(value: float | None) -> str:
    """Write a pace; 1.00 is just as planned."""
    if value is None:
        return ABSENT
    return f"{value:.2f}" if value < 1_000 else ">999"


def written_change(value: Decimal | None, width: int) -> str:
    """Write money with its sign."""
    text = money(value, width - 1)
    return f"+{text}" if value is not None and value > 0 else text


def written_loss(value: Decimal | None, width: int) -> str:
    """Write a loss per unit with its sign; below 0 it is a saving."""
    return written_change(None if value is None else cents(value), width)


def _least(product: Product) -> Decimal | None:
    return product.glance.price.unplanned


def _imbalance(product: Product, with_word: bool) -> str | Text:
    found = product.glance.imbalance
    if found is None:
        return ABSENT
    return coloured(found.percent, found.colour, with_word)


def _far(product: Product) -> Order:
    # Either way: whoever sorts by it looks for what is amiss.
    found = product.glance.imbalance
    return None if found is None else abs(found.percent)


def _pace(product: Product, _: bool) -> str | Text:
    text = written_pace(product.pace)
    if any(alert.kind == "pace" for alert in product.alerts):
        return Text(text, style="bold")
    return text


def _column(
    title: str,
    width: int,
    importance: int,
    cell: Callable[[Product, bool], str | Text],
    order: Callable[[Product], Order],
    *,
    is_text: bool = False,
    has_colour: bool = False,
    is_of: Callable[[Product], bool] | None = None,
) -> SheetColumn[Product]:
    return SheetColumn(
        column=Column(
            title=title,
            width=width,
            importance=importance,
            cell=cell,
            justify="left" if is_text else "right",
            has_colour=has_colour,
            is_of=is_of,
        ),
        order=order,
        falls=not is_text,
    )


def _amount(
    title: str,
    width: int,
    importance: int,
    value: Callable[[Product], Decimal | None],
    *,
    write: Callable[[Decimal | None, int], str] = number,
    is_of: Callable[[Product], bool] | None = None,
) -> SheetColumn[Product]:
    return _column(
        title,
        width,
        importance,
        lambda product, _: write(value(product), width),
        value,
        is_of=is_of,
    )


def _not_shown(product: Product, _: bool) -> str:
    # Sparklines are drawn by the screen, which knows the window; see `TREND_WIDTH`.
    return ""


_PRODUCT: Final = _column(
    "Product",
    9,
    0,
    lambda product, _: plain(product.glance.product_id),
    lambda product: product.glance.product_id,
    is_text=True,
)
_SUPPLY: Final = _amount("Supply", 7, 2, lambda product: product.glance.supply.planned)
_DEMAND: Final = _amount("Demand", 7, 2, lambda product: product.glance.demand.planned)
_IMBALANCE: Final = _column("Imbal.", 7, 1, _imbalance, _far, has_colour=True)
_PRICE: Final = _amount(
    "Price", 7, 3, lambda product: product.glance.standing_price, write=money
)
_INDICATIVE: Final = _amount(
    "Indicative",
    10,
    5,
    lambda product: product.glance.price.indicative,
    write=money,
    is_of=lambda product: product.glance.is_planned_now,
)
_OWN_PRICE: Final = _amount(
    "Mine", 7, 3, lambda product: product.own_price, write=money
)
_LEAST: Final = _amount("Least", 7, 7, _least, write=money)
_DIFFERENCE: Final = _amount(
    "Differ.", 7, 4, lambda product: product.difference, write=written_change
)
_RANK: Final = _column(
    "Rank",
    7,
    10,
    lambda product, _: (
        ABSENT
        if product.offer is None
        else f"{product.offer.rank}/{product.offer.sellers}"
    ),
    lambda product: None if product.offer is None else product.offer.rank,
    is_of=lambda product: product.offer is not None,
)
_PACE: Final = _column("Pace", 5, 4, _pace, lambda product: product.pace)
_DEMAND_TREND: Final = _column(
    DEMAND_TREND,
    TREND_WIDTH,
    5,
    _not_shown,
    lambda product: product.glance.rolling.hour.quantity,
)
_PRICE_TREND: Final = _column(
    PRICE_TREND,
    TREND_WIDTH,
    6,
    _not_shown,
    lambda product: product.glance.price.unplanned_mean,
)


def _loss(product: Product) -> Decimal | None:
    return product.loss if product.own_loss is None else product.own_loss


def _lost(importance: int) -> SheetColumn[Product]:
    return _amount("Loss/unit", 9, importance, _loss, write=written_loss)


def _seller(importance: int) -> SheetColumn[Product]:
    return _column(
        "Least from",
        12,
        importance,
        lambda product, _: plain(product.glance.price.unplanned_company or ABSENT),
        lambda product: product.glance.price.unplanned_company,
        is_text=True,
    )


_PLANNED_BOUGHT: Final = _amount(
    "Bought pl.", 10, 11, lambda product: product.glance.planned_bought
)
_UNPLANNED_BOUGHT: Final = _amount(
    "unplanned", 9, 10, lambda product: product.glance.unplanned_bought
)
_MADE: Final = _amount("Made", 8, 12, lambda product: product.glance.supply.produced)
_HOUR: Final = _amount(
    "Last hour", 9, 13, lambda product: product.glance.rolling.hour.quantity
)
_MEAN: Final = _amount(
    "Mean unpl.", 10, 14, lambda product: product.glance.price.unplanned_mean,
    write=money,
)  # fmt: skip
_OWN_BID: Final = _amount("My bid", 8, 15, lambda product: product.own_bid)
_BIDS: Final = _amount(
    "Bids", 6, 16, lambda product: Decimal(product.glance.planning.bids)
)
_ROUND: Final = _amount(
    "Round", 5, 6, lambda product: Decimal(product.glance.planning.round)
)
_FORECAST: Final = _column(
    "Forecast",
    8,
    7,
    lambda product, _: (
        ABSENT
        if product.glance.planning.forecast_percent is None
        else f"{product.glance.planning.forecast_percent:+.1f}%"
    ),
    lambda product: product.glance.planning.forecast_percent,
)
_FLAGS: Final = _column(
    "Flags",
    16,
    3,
    lambda product, _: plain(", ".join(product.glance.planning.flags)) or ABSENT,
    lambda product: ", ".join(product.glance.planning.flags) or None,
    is_text=True,
)
_DENIED: Final = _amount(
    "Denied", 8, 9, lambda product: product.glance.planning.denied_quantity
)

COMPANY: Final = (
    _PRODUCT,
    _SUPPLY,
    _DEMAND,
    _IMBALANCE,
    _PRICE,
    _INDICATIVE,
    _OWN_PRICE,
    _LEAST,
    _DIFFERENCE,
    _RANK,
    _PACE,
    _DEMAND_TREND,
    _PRICE_TREND,
    _lost(8),
    _seller(9),
    _UNPLANNED_BOUGHT,
    _PLANNED_BOUGHT,
    _MADE,
    _HOUR,
    _MEAN,
    _OWN_BID,
    _BIDS,
)
"""What a company keeps open all day."""

BOARD: Final = (
    _PRODUCT,
    _SUPPLY,
    _DEMAND,
    _IMBALANCE,
    _FORECAST,
    _PRICE,
    _INDICATIVE,
    _FLAGS,
    _ROUND,
    _DENIED,
    _PACE,
    _BIDS,
    _DEMAND_TREND,
    _UNPLANNED_BOUGHT,
    _PLANNED_BOUGHT,
    _MADE,
)
"""What a board looks for: the product that goes wrong."""


def consumer_columns(taxes: Callable[[], Taxes]) -> tuple[SheetColumn[Product], ...]:
    """
    Return what a consumer compares: what a unit costs either way, tax included.

    Args:
        taxes: gives the rates as they are now.
    """

    def planned_cost(product: Product) -> Decimal | None:
        price = product.glance.price.planned
        return None if price is None else taxes().planned_cost(price)

    def unplanned_cost(product: Product) -> Decimal | None:
        least = _least(product)
        return None if least is None else taxes().unplanned_cost(least)

    def paid(value: Decimal | None, width: int) -> str:
        return money(None if value is None else cents(value), width)

    return (
        _PRODUCT,
        _amount("Planned costs", 13, 2, planned_cost, write=paid),
        _amount("Unplanned costs", 15, 2, unplanned_cost, write=paid),
        _lost(1),
        _seller(3),
        _PRICE_TREND,
        _DEMAND_TREND,
        _IMBALANCE,
    )
