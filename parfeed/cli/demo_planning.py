"""
Where the planning of a demo's week stands, in words.

On a terminal one line that changes above the table, elsewhere a line for each step.
"""

from collections.abc import Callable
from typing import Final

from parfeed.cli.layout import plain
from parfeed.demo.planning import PlanningNow, Stage
from parfeed.demo.planning_record import PlanningRecord
from schemas.board_rows import RoundRow

_STAGES: Final[dict[Stage, str]] = {
    "deriving": "deriving bids and plan lines from the four weeks before",
    "handing in": "handing in councils, products, bids and plan lines",
    "rounds": "the board announces prices, and schedules answer",
    "closed": "the gate is closed and the planned prices stand",
}


def planning_line(now: PlanningNow) -> str:
    """Return where planning stands, as one line."""
    begin = f"Planning {now.period}: "
    if now.stage == "rounds" and now.rounds:
        return begin + round_words(now.rounds[-1]) + _signed(now)
    amount = f" ({now.done:,} of {now.total:,})" if now.total else ""
    return begin + _STAGES[now.stage] + (amount if now.stage != "closed" else "")


def round_words(row: RoundRow) -> str:
    """Return a round in words."""
    if row.worst_percent is None:
        return f"round {row.round}, prices announced"
    words = (
        f"round {row.round}, worst imbalance {row.worst_percent:+} % "
        f"({plain(row.worst_product_id or '')}), {row.within_3:,} of "
        f"{row.products:,} within 3 %"
    )
    if row.forecast_percent is not None:
        words += f", forecast {row.forecast_percent} %"
    return words + (", PRICES STAND" if row.prices_stand else "")


def planned_line(record: PlanningRecord) -> str:
    """Return how the week was planned, for when it is over."""
    return (
        f"{record.period} was planned before it was traded: {record.rounds} rounds in "
        f"{record.seconds:.1f} s, worst imbalance {record.worst_percent} %, "
        f"{record.folded:,} events of planning in the rows (they do not count below)"
    )


class PlanningLines:
    """
    Prints a line for each step of planning.

    Args:
        write: takes a line.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._stage: Stage | None = None
        self._rounds = 0
        self._signed = 0

    def tell(self, now: PlanningNow) -> None:
        """Print what is new."""
        begin = f"Planning {now.period}: "
        # A round is told once it is over: when the next one is there, or all are.
        over = len(now.rounds) if now.stage == "closed" else len(now.rounds) - 1
        for row in now.rounds[self._rounds : max(over, 0)]:
            self._write(begin + round_words(row))
        self._rounds = max(self._rounds, over)
        if now.stage != self._stage:
            self._stage = now.stage
            self._write(begin + _STAGES[now.stage])
        for council_id, product_id in now.signed[self._signed :]:
            self._write(
                f"{begin}{plain(product_id)} waited for {plain(council_id)}, whose "
                "threshold it exceeds; the demo has signed"
            )
        self._signed = len(now.signed)


def _signed(now: PlanningNow) -> str:
    if not now.signed:
        return ""
    products = ", ".join(plain(product_id) for _, product_id in now.signed)
    return f"; signed: {products}"
