"""PURE. A row as one line for people, where there is no live table."""

from parfeed.cli.board_tables import clock_time, percent, quantity, signed_by, state
from parfeed.cli.layout import plain
from parfeed.cli.numbers import money, number, signed
from parfeed.cli.table import purchases
from parfeed.cli.trading_lines import trading_line
from schemas.board_rows import CouncilRow, RoundRow
from schemas.channels import FeedRow
from schemas.rows import MarketRow

_WIDTH = 14


def row_line(row: FeedRow) -> str:
    """Return a row of any channel as one line; what is not known is left out."""
    match row:
        case MarketRow():
            return _market_line(row)
        case RoundRow():
            return _round_line(row)
        case CouncilRow():
            return _council_line(row)
        case _:
            return trading_line(row)


def _market_line(row: MarketRow) -> str:
    planned, unplanned = purchases(row)
    parts = [
        f"{plain(row.period)} {plain(row.product_id)}",
        f"supply {number(row.supply.planned, _WIDTH)}",
        f"demand {number(row.demand.planned, _WIDTH)}",
    ]
    if row.imbalance is not None:
        parts.append(f"imbalance {row.imbalance.percent:+.1f}% {row.imbalance.colour}")
    parts += [
        f"made {number(row.supply.produced, _WIDTH)}",
        f"bought {number(planned, _WIDTH)} planned",
        f"{number(unplanned, _WIDTH)} unplanned",
    ]
    if row.price.announced is not None and row.price.planned is None:
        parts.append(f"announced {money(row.price.announced, _WIDTH)}")
    if row.price.indicative is not None and row.price.planned is None:
        parts.append(f"indicative {money(row.price.indicative, _WIDTH)}")
    if row.price.planned is not None:
        parts.append(f"price {money(row.price.planned, _WIDTH)}")
    if row.price.unplanned is not None:
        parts.append(f"unplanned price {money(row.price.unplanned, _WIDTH)}")
    if row.price.difference is not None:
        parts.append(f"difference {signed(row.price.difference, _WIDTH)}")
    return "  ".join(parts)


def _round_line(row: RoundRow) -> str:
    parts = [f"{plain(row.period)} round {row.round} {state(row)}"]
    if row.worst_percent is not None:
        of = f" {plain(row.worst_product_id)}" if row.worst_product_id else ""
        parts.append(f"worst {percent(row.worst_percent)}{of}")
    if row.forecast_percent is not None:
        parts.append(f"forecast {percent(row.forecast_percent)}")
    parts += [
        f"within 1/3/5% {row.within_1:,}/{row.within_3:,}/{row.within_5:,} "
        f"of {row.products:,}",
        f"method {row.method}",
    ]
    if row.alarm:
        parts.append("ALARM")
    if row.expected:
        parts.append(f"answered {row.answered:,} of {row.expected:,}")
    if row.deadline is not None:
        parts.append(f"deadline {clock_time(row.deadline)}")
    if row.reason:
        parts.append(plain(row.reason))
    return "  ".join(parts)


def _council_line(row: CouncilRow) -> str:
    parts = [
        f"{plain(row.period)} {row.level} {plain(row.council_id)}",
        f"{plain(row.product_id)} {quantity(row, _WIDTH)}",
        row.status,
    ]
    if row.needed:
        parts.append(f"signed {signed_by(row)}")
    return "  ".join(parts)
