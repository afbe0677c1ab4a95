"""PURE. The rows of trading as lines for people, where there is no live table."""

from parfeed.cli.layout import plain
from parfeed.cli.numbers import money, number
from parfeed.cli.trading_tables import alert_state, signed_money
from schemas.trading_rows import (
    AlertRow,
    CardRow,
    CostRow,
    FameRow,
    OfferRow,
    SettlementRow,
    StatementRow,
)

_WIDTH = 14

TradingRow = (
    OfferRow | AlertRow | FameRow | SettlementRow | CardRow | StatementRow | CostRow
)


def trading_line(row: TradingRow) -> str:
    """Return a row of trading as one line; what is not known is left out."""
    match row:
        case OfferRow():
            parts = _offer(row)
        case AlertRow():
            parts = _alert(row)
        case FameRow():
            parts = [
                f"rank {row.rank}",
                f"beyond its bid {number(row.overproduced, _WIDTH)}",
                f"made {number(row.produced, _WIDTH)}",
                f"bid {number(row.bid, _WIDTH)}",
                f"sold {number(row.sold, _WIDTH)}",
            ]
        case SettlementRow():
            parts = _settlement(row)
        case CardRow():
            parts = _card(row)
        case StatementRow():
            parts = _statement(row)
        case CostRow():
            parts = [
                f"unit cost {money(row.unit_cost, _WIDTH)}",
                f"planned price {money(row.planned_price, _WIDTH)}",
            ]
    return "  ".join([f"{plain(row.period)} {_of(row)}", *parts])


def _of(row: TradingRow) -> str:
    match row:
        case OfferRow() | FameRow():
            return f"{plain(row.product_id)} {plain(row.company_id)}"
        case AlertRow() | SettlementRow():
            return plain(row.product_id)
        case CardRow():
            return plain(row.party)
        case StatementRow():
            return plain(row.account)
        case CostRow():
            return f"{plain(row.of_product_id)} {plain(row.company_id)}"


def _offer(row: OfferRow) -> list[str]:
    parts = [f"unplanned price {money(row.unplanned_price, _WIDTH)}"]
    if row.planned_price is not None:
        parts.append(f"planned price {money(row.planned_price, _WIDTH)}")
    if row.loss is not None:
        parts.append(f"loss {signed_money(row.loss, _WIDTH)} a unit")
    return [*parts, f"rank {row.rank} of {row.sellers}"]


def _alert(row: AlertRow) -> list[str]:
    parts = [f"{row.kind} {alert_state(row)}"]
    if row.value is not None:
        parts.append(f"at {number(row.value, _WIDTH)}")
    if row.threshold is not None:
        parts.append(f"threshold {number(row.threshold, _WIDTH)}")
    if row.company_id is not None:
        parts.append(f"by {plain(row.company_id)}")
    if row.reason:
        parts.append(plain(row.reason))
    return parts


def _settlement(row: SettlementRow) -> list[str]:
    revision = [f"correction {row.revision}"] if row.revision else []
    return [
        *revision,
        f"planned {number(row.planned, _WIDTH)}",
        f"bought {number(row.actual, _WIDTH)}",
        f"error {row.error_percent:.2f}%",
        f"tax {money(row.tax, _WIDTH)}",
        f"clearing {money(row.clearing, _WIDTH)}",
        f"eaten {money(row.eaten, _WIDTH)}",
        f"returned {money(row.returned, _WIDTH)}",
        f"kept {money(row.kept, _WIDTH)}",
    ]


def _card(row: CardRow) -> list[str]:
    budget = [] if row.has_budget else ["no budget known"]
    return [
        *budget,
        f"planned card {money(row.planned_left, _WIDTH)} left",
        f"unplanned card {money(row.unplanned_left, _WIDTH)} left",
        f"loss {signed_money(row.loss, _WIDTH)}",
        f"{row.purchases:,} purchases",
    ]


def _statement(row: StatementRow) -> list[str]:
    parts = [f"total {money(row.total, _WIDTH)}", f"{len(row.lines):,} lines"]
    if row.corrects is not None:
        parts.append(f"revision {row.revision} corrects {row.corrects}")
    if row.parts > 1:
        parts.append(f"part {row.part + 1} of {row.parts}")
    return parts
