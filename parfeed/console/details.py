"""PURE. All that is known of one row, in lines: what is behind the table's figures."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from parfeed.cli.board_tables import quantity, signed_by
from parfeed.cli.layout import plain
from parfeed.cli.numbers import ABSENT, money, number
from parfeed.cli.planning.round_lines import status_lines
from parfeed.console.economics import Taxes, cents
from parfeed.console.product_columns import (
    written_change,
    written_loss,
    written_pace,
)
from parfeed.console.products import Product
from parfeed.console.what_if import joined, quote
from schemas.board_rows import CouncilRow, RoundRow
from schemas.codec import decode_market_row
from schemas.rows import MarketRow, Window
from schemas.trading_rows import AlertRow, CardPurchase

HEIGHT: Final = 9
"""Lines at most, one of them a rule; a terminal of 24 lines keeps nine rows."""

_WIDTH: Final = 14


def details(
    row: Any, raw: bytes | None, taxes: Taxes, now: datetime, width: int
) -> list[str]:
    """
    Return what is known of a row.

    Args:
        row: the chosen one; None if there is none.
        raw: a product's row as it came.
        taxes: on planned and unplanned purchases.
        now: the time, for deadlines.
        width: of the terminal.
    """
    match row:
        case Product():
            market = None if raw is None else decode_market_row(raw)
            lines = _product(row, market, taxes, width)
        case RoundRow():
            lines = status_lines([row], now)
        case CouncilRow():
            lines = _council(row)
        case AlertRow():
            lines = _alert(row)
        case CardPurchase():
            lines = _purchase(row)
        case _:
            lines = ["no row is chosen"]
    return [f"── {lines[0]}"[:width], *[line[:width] for line in lines[1:]]][:HEIGHT]


def _product(
    product: Product, market: MarketRow | None, taxes: Taxes, width: int
) -> list[str]:
    row = product.glance
    head = f"{plain(row.product_id)} in {plain(row.period)}"
    if product.alerts:
        head += ": " + ", ".join(map(str, product.alerts))
    price = row.price
    lines = joined(
        [
            f"planned price {money(price.planned, _WIDTH)}",
            f"announced {money(price.announced, _WIDTH)}",
            f"indicative {money(price.indicative, _WIDTH)}",
            f"least unplanned {money(price.unplanned, _WIDTH)} "
            f"{plain(price.unplanned_company or '')}".rstrip(),
            f"mean unplanned {money(price.unplanned_mean, _WIDTH)}",
            f"difference {written_change(price.difference, _WIDTH)}",
        ],
        width,
        3,
    )
    lines += joined(
        [
            f"supply {number(row.supply.planned, _WIDTH)} of {row.planning.bids} bids",
            f"demand {number(row.demand.planned, _WIDTH)} of "
            f"{row.planning.plans} lines",
            f"denied {number(row.planning.denied_quantity, _WIDTH)}",
            f"made {number(row.supply.produced, _WIDTH)}",
            f"bought {number(row.planned_bought, _WIDTH)} planned, "
            f"{number(row.unplanned_bought, _WIDTH)} unplanned",
            f"pace {written_pace(product.pace)}",
            *([f"round {row.planning.round}"] if row.planning.round else []),
            *(plain(flag) for flag in row.planning.flags),
        ],
        width,
        3,
    )
    if market is not None:
        rolling = market.rolling
        lines += joined(
            [
                _window("minute", rolling.minute),
                _window("hour", rolling.hour),
                _window("day", rolling.day),
            ],
            width,
            1,
        )
        places = ", ".join(
            f"{plain(topic)} {offset}" for topic, offset in market.positions.items()
        )
        lines.append(f"complete up to {places or ABSENT}; version {market.sequence}")
    return [head, *joined(quote(product, None, taxes), width, 1), *lines]


def _window(name: str, window: Window) -> str:
    mean = money(None if window.mean_price is None else cents(window.mean_price), 10)
    return f"last {name} {number(window.quantity, 10)} at {mean}"


def _alert(row: AlertRow) -> list[str]:
    state = "raised" if row.is_raised else "passed"
    when = ABSENT if row.since is None else f"{row.since.astimezone(UTC):%F %T}Z"
    return [
        f"{row.kind.replace('_', ' ')} of {plain(row.product_id)} in "
        f"{plain(row.period)}: {state} since {when}",
        f"{number(row.value, _WIDTH)} where {number(row.threshold, _WIDTH)} raises it",
        f"asked by {plain(row.company_id)}" if row.company_id else "",
        plain(row.reason),
    ]


def _purchase(row: CardPurchase) -> list[str]:
    asked = "asked for before" if row.is_authorised else "reported by the shop"
    return [
        f"{plain(row.product_id)} from {plain(row.company_id)}, "
        f"{row.occurred_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z",
        f"{number(row.planned_quantity, _WIDTH)} planned at "
        f"{money(row.planned_price, _WIDTH)}, "
        f"{number(row.unplanned_quantity, _WIDTH)} unplanned at "
        f"{money(row.unit_price, _WIDTH)}, before tax",
        f"lost {written_loss(row.loss, _WIDTH)} against the plan, tax included",
        f"{asked}; {plain(row.event_id)}",
    ]


def _council(row: CouncilRow) -> list[str]:
    when = (
        ABSENT
        if row.occurred_at is None
        else f"{row.occurred_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
    )
    people: Sequence[str] = [] if row.people is None else [f"{row.people} people"]
    return [
        f"{plain(row.council_id)}, {row.level}"
        + (f" in {plain(row.parent_id)}" if row.parent_id else ""),
        f"{plain(row.product_id)} in {plain(row.period)}: "
        + ", ".join([f"{quantity(row, _WIDTH)} units", *people]),
        f"{row.status}, {signed_by(row)} signatures; {when}",
        "sign with: parfeed board approve, or veto" if row.status == "waits" else "",
    ]
