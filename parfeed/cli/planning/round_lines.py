"""
PURE. Where planning stands, in words: the rows of the channel `rounds` as lines.

A period is told by its newest round; what its rounds came to is a table of its own
(parfeed/cli/board_tables.py).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from parfeed.cli.layout import plain
from schemas.board_rows import RoundRow

NAMED: Final = 10
"""Companies that a line names; the row has more, and the count of all."""

METHODS: Final[dict[str, str]] = {
    "opening": "given at the opening",
    "shares": "solved from what the bids show",
    "sums": "from the sums alone",
    "bounded": "by bounded steps",
    "person": "set by a person",
}


def by_period(rows: Iterable[RoundRow]) -> dict[str, list[RoundRow]]:
    """Return each period's rounds, oldest first, the periods in their order."""
    periods: dict[str, list[RoundRow]] = {}
    for row in sorted(rows, key=lambda row: (str(row.period), row.round)):
        periods.setdefault(str(row.period), []).append(row)
    return periods


def status_lines(rounds: Sequence[RoundRow], now: datetime) -> list[str]:
    """
    Return a period's status.

    Args:
        rounds: of one period, oldest first; at least one.
        now: the time, for what is left until a deadline.
    """
    row = rounds[-1]
    lines = [f"{plain(row.period)}  {row.phase}, {_round(row, now)}"]
    if row.closes_at is not None:
        verb = "closes" if row.phase == "planning" else "closed"
        lines.append(f"  gate        {verb} {_time(row.closes_at, now)}")
    lines.append(
        f"  prices      {row.products:,} products: {row.within_1:,} within 1%, "
        f"{row.within_3:,} within 3%, {row.within_5:,} within 5%; "
        f"{METHODS.get(row.method, row.method)}"
    )
    lines.append(f"  worst       {_worst(row)}")
    lines.append(f"  answers     {_answers(row)}")
    if row.alarm:
        lines.append(
            "  ALARM       a person should look: parfeed board announce, or stand"
        )
    for title, count, named in (
        ("excluded", row.excluded_count, row.excluded),
        ("priced out", row.priced_out_count, row.priced_out),
    ):
        if count:
            lines.append(f"  {title:<11} {_companies(count, named)}")
    if row.denied:
        lines.append(
            f"  denied      {row.denied:,} lines, planned at "
            f"{_money(row.denied_budget)}; {_money(row.moved_budget)} of it goes to "
            "unplanned cards, the rest stays on the planned ones"
        )
    if row.reason:
        lines.append(f"  reason      {plain(row.reason)}")
    return lines


def round_line(row: RoundRow) -> str:
    """Return a round as one line, for where there is no live screen."""
    parts = [
        f"{plain(row.period)} round {row.round} {row.phase}",
        f"worst {_worst(row)}",
        f"within 3% {row.within_3:,} of {row.products:,}",
        f"answered {_answers(row)}",
    ]
    if row.alarm:
        parts.append("ALARM")
    if row.prices_stand:
        parts.append("prices stand")
    return "  ".join(parts)


def _round(row: RoundRow, now: datetime) -> str:
    if row.prices_stand:
        return f"the prices of round {row.round} stand"
    text = f"round {row.round}"
    if row.opened_at is not None:
        text += f" since {_time(row.opened_at, now)}"
    if row.phase == "planning" and row.deadline is not None:
        verb = "waits" if row.deadline > now else "waited"
        text += f", {verb} until {_time(row.deadline, now)}"
    return text


def _worst(row: RoundRow) -> str:
    if row.worst_percent is None:
        text = "nothing known yet"
    else:
        of = f" ({plain(row.worst_product_id)})" if row.worst_product_id else ""
        text = f"{_percent(row.worst_percent)}{of}"
    if row.forecast_percent is not None:
        text += f", forecast {_percent(row.forecast_percent)}"
    return text


def _answers(row: RoundRow) -> str:
    if not row.expected:
        return "by machine; nobody is waited for"
    return f"{row.answered:,} of {row.expected:,} that a person gives"


def _companies(count: int, named: Sequence[str]) -> str:
    shown = ", ".join(map(plain, named[:NAMED]))
    more = f" and {count - min(len(named), NAMED):,} more" if count > NAMED else ""
    return f"{count:,}: {shown}{more}"


def _percent(value: Decimal | None) -> str:
    return "·" if value is None else f"{value:.2f}%"


def _money(value: Decimal) -> str:
    return f"{value:,.2f}"


def _time(moment: datetime, now: datetime) -> str:
    # A local time as people have it, and how far that is.
    local = moment.astimezone(now.tzinfo)
    form = "%H:%M:%S" if local.date() == now.date() else "%Y-%m-%d %H:%M:%S"
    away = moment - now
    if away < timedelta():
        return f"{local:{form}} ({_span(-away)} ago)"
    return f"{local:{form}} (in {_span(away)})"


def _span(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3_600:
        return f"{seconds // 60} min {seconds % 60} s"
    if seconds < 86_400:
        return f"{seconds // 3_600} h {seconds % 3_600 // 60} min"
    return f"{seconds // 86_400} d {seconds % 86_400 // 3_600} h"
