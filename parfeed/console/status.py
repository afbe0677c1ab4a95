"""
PURE. What is always to be seen: whether the feed lives, how late and how old rows are.

Two lines in any width; what tells least goes first when there is no room. The state is
a word as well as a colour.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec
from rich.text import Text

from parfeed.cli.layout import plain
from parfeed.cli.numbers import ABSENT

Condition = Literal[
    "connecting", "loading", "live", "silent", "reconnecting", "ended", "failed"
]

STYLES: Final[dict[Condition, str]] = {
    "live": "bold black on green",
    "loading": "bold black on yellow",
    "connecting": "bold black on yellow",
    "silent": "bold black on yellow",
    "reconnecting": "bold bright_white on red",
    "ended": "bold bright_white on red",
    "failed": "bold bright_white on red",
}

SILENT_AFTER_S: Final = 2.5
"""Heartbeats come every second by default: two are missing."""

STALE_AFTER_S: Final = 3.0
"""Rows that nobody has proved for so long are called old."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """
    How it stands between the console and its feed.

    Attributes:
        url: the feed's address.
        condition: in one word.
        note: why, and what to do; empty if all is well.
        lag_ms: from an event's arrival in Kafka to its row at the feed server.
        silence_s: since the feed's last message; None before any.
        stale_s: since the rows were last known to be the feed's; None before any.
        losses: how often the connection was lost.
        changes_per_s: rows that changed lately.
        occurred_at: the newest event's time.
    """

    url: str = ""
    condition: Condition = "connecting"
    note: str = ""
    lag_ms: float | None = None
    silence_s: float | None = None
    stale_s: float | None = None
    losses: int = 0
    changes_per_s: float = 0.0
    occurred_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        """Whether the rows move on."""
        return self.condition == "live"


def condition_of(
    *, is_open: bool, is_current: bool, silence_s: float, was_open: bool
) -> Condition:
    """
    Return a connection's condition in one word.

    Args:
        is_open: whether it is connected.
        is_current: whether its rows are.
        silence_s: since its last message.
        was_open: whether it ever was connected.
    """
    if not is_open:
        return "reconnecting" if was_open else "connecting"
    if silence_s >= SILENT_AFTER_S:
        return "silent"
    return "live" if is_current else "loading"


def link_line(link: Link, width: int) -> Text:
    """Return the first line: the state, its figures, the address."""
    line = Text(no_wrap=True, overflow="ellipsis", end="")
    line.append(f" {link.condition.upper()} ", style=STYLES[link.condition])
    facts = _facts(link)
    while len(facts) > 1 and line.cell_len + len("  ".join(["", *facts])) > width:
        facts.pop()
    line.append("  ".join(["", *facts]))
    line.truncate(width, overflow="ellipsis")
    return line


def _facts(link: Link) -> list[str]:
    # The most telling first; the last go when there is no room.
    old = link.stale_s is not None and link.stale_s >= STALE_AFTER_S
    facts = []
    if link.note and not link.is_live:
        facts.append(plain(link.note))
    if old:
        facts.append(f"rows {_ago(link.stale_s)} OLD")
    lag = ABSENT if link.lag_ms is None else f"{link.lag_ms:,.0f} ms"
    facts.append(f"lag {lag}")
    if link.silence_s is not None:
        facts.append(f"heard {_ago(link.silence_s)} ago")
    if link.occurred_at is not None:
        facts.append(f"newest {link.occurred_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z")
    facts.append(f"{link.changes_per_s:,.0f} changes/s")
    if link.losses:
        facts.append(f"lost {link.losses}×")
    facts.append(plain(link.url))
    return facts


def _ago(seconds: float | None) -> str:
    if seconds is None:
        return ABSENT
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3_600:
        return f"{seconds / 60:.0f} min"
    return str(timedelta(seconds=int(seconds)))


def facts_line(facts: Sequence[str], width: int) -> Text:
    """Return facts beside each other, as many as fit, the first ones first."""
    shown = [fact for fact in facts if fact]
    while len(shown) > 1 and len("  ".join(shown)) > width:
        shown.pop()
    line = Text("  ".join(shown), no_wrap=True, end="")
    line.truncate(width, overflow="ellipsis")
    return line
