"""
How far a replay is: a bar on a terminal, a line now and then elsewhere.

The rate is that of the last seconds, and the time is the events' own.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from parfeed.replay.player import Now

LINE_EVERY_S: Final = 5.0
"""Without a terminal: often enough to see that it goes on, rare enough for a log."""

RATE_OVER_S: Final = 3.0


class Rate:
    """Items per second over the last seconds."""

    def __init__(self) -> None:
        self._counts: deque[tuple[float, int]] = deque()

    def note(self, items: int, now: float) -> float:
        """Take in how many there are now, and return how many came per second."""
        self._counts.append((now, items))
        while len(self._counts) > 2 and self._counts[0][0] < now - RATE_OVER_S:
            self._counts.popleft()
        began, before = self._counts[0]
        return (items - before) / (now - began) if now > began else 0.0


class ReplayBar:
    """
    The state of a replay as a line of Rich's progress.

    Args:
        console: where it is shown.
        total: of the source's items, where it is known.
    """

    def __init__(self, console: Console, total: int | None) -> None:
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            # As wide as the rest of the line leaves it.
            BarColumn(bar_width=None),
            TextColumn("{task.fields[figures]}"),
            console=console,
            transient=True,
            expand=True,
        )
        self._task = self.progress.add_task("Replaying", total=total, figures="")
        self._total = total
        self._rate = Rate()
        self._occurred_at: datetime | None = None

    def tell(self, now: Now) -> None:
        """Show where the replay is."""
        self.progress.update(
            self._task,
            completed=now.record.items,
            description=describe(now),
            figures=self.figures(now),
        )

    def figures(self, now: Now) -> str:
        """Return how many items are done, at which rate, and the events' time."""
        rate = self._rate.note(now.record.items, time.monotonic())
        self._occurred_at = now.occurred_at or self._occurred_at
        parts = [
            f"{now.record.items:,}" + (f" of {self._total:,}" if self._total else ""),
            f"{rate:,.0f}/s",
        ]
        if self._occurred_at is not None:
            parts.append(f"{self._occurred_at:%a %Y-%m-%d %H:%M}")
        return "  ".join(parts)


def describe(now: Now) -> str:
    """Say in a word or two what a replay is doing."""
    if now.is_skipping:
        return "Going on where it stopped"
    return "Replayed" if now.record.is_finished else "Replaying"


@contextmanager
def shown_replay(
    console: Console, total: int | None
) -> Iterator[Callable[[Now], None]]:
    """Yield a listener that shows a replay until the context ends."""
    bar = ReplayBar(console, total)
    if console.is_terminal:
        with bar.progress:
            yield bar.tell
        return
    yield printed(console, bar)


def printed(console: Console, bar: ReplayBar) -> Callable[[Now], None]:
    """Return a listener that prints a line now and then."""
    next_at = 0.0

    def tell(now: Now) -> None:
        nonlocal next_at
        figures = bar.figures(now)
        if time.monotonic() >= next_at or now.record.is_finished:
            next_at = time.monotonic() + LINE_EVERY_S
            console.print(f"{describe(now)}  {figures}", highlight=False)

    return tell
