"""
PURE. Which period the console shows.

Until the user names one it is the one that trades, by the market's own time: that of
its newest event, or the clock's where there is none. A board looks at what is planned;
so does a company as long as nothing of the trading period is there.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from parfeed.console.economics import bounds
from parfeed.console.keys import View
from schemas.board_rows import RoundRow
from schemas.values import Period
from streams.market.periods import PeriodLength, period_of


def trading_period(
    market_at: datetime | None, now: datetime, length: PeriodLength
) -> Period:
    """
    Return the period that trades.

    Args:
        market_at: the newest event's time; None while there is none.
        now: the time.
        length: of periods.
    """
    return period_of(now if market_at is None else market_at, length)


def newest_rounds(rows: Iterable[RoundRow]) -> dict[str, RoundRow]:
    """Return each period's newest round."""
    newest: dict[str, RoundRow] = {}
    for row in rows:
        held = newest.get(row.period)
        if held is None or held.round < row.round:
            newest[str(row.period)] = row
    return newest


def planned_periods(rows: Iterable[RoundRow]) -> list[str]:
    """Return the periods whose planning goes on, in their order."""
    newest = newest_rounds(rows)
    return sorted(name for name, row in newest.items() if row.phase == "planning")


def shown_period(
    view: View, trading: str, planned: list[str], empty: Collection[str]
) -> str:
    """
    Return the period to show while the user has named none.

    Args:
        view: who looks.
        trading: the period that trades.
        planned: periods whose planning goes on.
        empty: periods that were found to have no rows.
    """
    if planned and (view == "board" or trading in empty):
        return planned[-1]
    return trading


def neighbour(period: str, by: int, length: PeriodLength) -> Period:
    """Return the period after one, or with -1 the one before."""
    begin, end = bounds(period)
    # A moment inside of it: the neighbour's middle.
    middle = begin + (end - begin) / 2
    return period_of(middle + by * (end - begin), length)
