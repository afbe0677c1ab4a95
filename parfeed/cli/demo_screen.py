"""
What a demo shows: the live table, planning and then the replay in a line above it;
lines without a terminal.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from rich.console import Console, Group
from rich.text import Text

from parfeed.cli.demo_planning import PlanningLines, planned_line, planning_line
from parfeed.cli.replay_bar import ReplayBar, printed
from parfeed.cli.screen import FRAMES_PER_S, Screen
from parfeed.client.feed import Feed
from parfeed.client.subscription import Subscription
from parfeed.demo.planning import PlanningNow
from parfeed.demo.planning_record import PlanningRecord
from parfeed.replay.player import Now
from schemas.rows import MarketRow

DERIVED: Final = (
    "Real sales. Derived from the four weeks before: supply, demand, price, made."
)
"""Wherever derived figures show, they are said to be derived."""

GRID: Final = (
    "Real hours of the German grid. Derived: sources' shares in bids and sales."
)
"""The same of the grid (docs/grid.md)."""


class Shown:
    """
    What is shown of a running demo.

    Attributes:
        rows: the subscription to all rows.
    """

    def __init__(
        self, feed: Feed, total: int | None, console: Console, said: str
    ) -> None:
        self.rows: Subscription[MarketRow] = feed.subscribe(max_rate=FRAMES_PER_S)
        self._console = console
        self._bar = ReplayBar(console, total)
        self._said = said
        self._notice = ""
        self._tell: Callable[[Now], None] = self._bar.tell
        self._planning: PlanningNow | None = None
        self._tell_planning: Callable[[PlanningNow], None] = self._note_planning
        self._screen: asyncio.Task[None] | None = None
        if console.is_terminal and not console.is_dumb_terminal:
            screen = Screen(feed, self.rows, console, more=self._lines, more_lines=2)
            self._screen = asyncio.create_task(screen.show())
        else:
            console.print(said)
            self._tell = printed(console, self._bar)
            self._tell_planning = PlanningLines(self._print).tell

    def tell(self, now: Now) -> None:
        """Show how far the replay is."""
        self._planning = None
        self._tell(now)

    def tell_planning(self, now: PlanningNow) -> None:
        """Show where planning is."""
        self._tell_planning(now)

    def planned(self, record: PlanningRecord) -> None:
        """Say how the week was planned, where there are lines."""
        self._planning = None
        if self._screen is None:
            self._print(planned_line(record))

    def notice(self, text: str) -> None:
        """Show what happened to a process, in place of what is said otherwise."""
        if self._screen is None:
            self._console.print(text)
        # More than a line would push the table off the screen.
        self._notice = text.partition("\n")[0]

    async def closed(self) -> None:
        """
        Wait for ever, or until the table cannot go on.

        Raises:
            FeedError: if the feed ended for good.
        """
        await (self._screen or asyncio.get_running_loop().create_future())

    async def close(self) -> None:
        """Give the terminal back."""
        if self._screen is not None:
            self._screen.cancel()
            await asyncio.gather(self._screen, return_exceptions=True)
            if self._notice:
                self._console.print(self._notice)

    def _note_planning(self, now: PlanningNow) -> None:
        self._planning = now

    def _print(self, line: str) -> None:
        self._console.print(line, soft_wrap=True, highlight=False, markup=False)

    def _lines(self) -> Group:
        said = Text(
            self._notice or self._said, style="dim", no_wrap=True, overflow="ellipsis"
        )
        if self._planning is not None:
            now = Text(planning_line(self._planning), no_wrap=True, overflow="ellipsis")
            return Group(now, said)
        return Group(self._bar.progress.get_renderable(), said)


@asynccontextmanager
async def shown_demo(
    feed: Feed, total: int | None, console: Console, said: str = DERIVED
) -> AsyncIterator[Shown]:
    """
    Show a feed and a replay to it until the context ends.

    Args:
        feed: an open feed.
        total: of the replay's items, where it is known.
        console: where it is shown.
        said: what of it is real, and what derived.
    """
    shown = Shown(feed, total, console, said)
    try:
        yield shown
    finally:
        await shown.close()
