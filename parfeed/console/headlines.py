"""PURE. The lines above the table: what is shown, what is planned, what is amiss."""

from collections.abc import Iterable
from datetime import UTC
from typing import TYPE_CHECKING

from rich.text import Text

from parfeed.cli.board_tables import percent
from parfeed.cli.layout import plain
from parfeed.console.alerts import Alerts
from parfeed.console.periods import newest_rounds
from schemas.board_rows import RoundRow

if TYPE_CHECKING:
    from parfeed.console.desk import Desk


def shown_facts(desk: "Desk", planning: str) -> list[str]:
    """Return what is shown, the most telling first."""
    sheet = desk.table.sheet
    place = f"{sheet.place + 1:,}/{len(sheet.keys):,}"
    if len(sheet.keys) != sheet.total:
        place += f" of {sheet.total:,}"
    period = plain(desk.products.period) or "no period yet"
    gone = f", {100 * desk.products.gone:.0f}% gone" if desk.products.gone else ""
    return [
        plain(desk.company_id or desk.consumer_id or desk.view),
        f"{period}{gone}{' (pinned)' if desk.is_pinned else ''}",
        *([sheet.name] if len(desk.tables) > 1 else []),
        place,
        desk.cards.line() if desk.consumer_id is not None else "",
        f"filter {sheet.filter.name}" if sheet.filter.name != "all" else "",
        f"search {plain(sheet.search)}" if sheet.search else "",
        planning,
        "bell" if desk.has_bell else "",
        f"~ last {desk.window_name}",
    ]


def planning_line(rounds: Iterable[RoundRow], shown: str) -> str:
    """
    Return how the planning goes that matters most to who looks at a period.

    Args:
        rounds: all there are.
        shown: the period that is shown.
    """
    newest = newest_rounds(rounds)
    planned = [row for row in newest.values() if row.phase == "planning"]
    row = newest.get(shown)
    if row is None or row.phase != "planning":
        row = max(planned, key=lambda row: str(row.period), default=None)
    if row is None:
        return ""
    parts = [f"planning {plain(row.period)} round {row.round}"]
    if row.worst_percent is not None:
        parts.append(f"worst {percent(row.worst_percent)}")
    if row.expected > row.answered:
        parts.append(f"{row.expected - row.answered:,} to answer")
    if row.deadline is not None:
        parts.append(f"until {row.deadline.astimezone(UTC):%H:%M:%S}Z")
    return " ".join(parts)


def alert_line(alerts: Alerts, rounds: Iterable[RoundRow], width: int) -> Text:
    """
    Return what is amiss: the stability alarm, then the alerts, worst first.

    Args:
        alerts: that stand.
        rounds: all there are.
        width: of the terminal.
    """
    line = Text(no_wrap=True, end="")
    for row in newest_rounds(rounds).values():
        if row.alarm and row.phase == "planning":
            line.append(
                f" STABILITY ALARM {plain(row.period)} ",
                style="bold bright_white on red",
            )
            line.append(" ")
    if len(alerts):
        worst = sorted(
            (alert for kinds in alerts.standing.values() for alert in kinds.values()),
            key=lambda alert: (-abs(alert.figure) / alert.threshold, alert.product_id),
        )
        line.append(f"{len(worst):,} alerts:", style="bold")
        for alert in worst[:20]:
            word = f" {plain(alert.product_id)} {alert};"
            if line.cell_len + len(word) > width:
                break
            line.append(word)
    elif not line.plain:
        line.append("no alerts")
    line.truncate(width, overflow="ellipsis")
    return line
