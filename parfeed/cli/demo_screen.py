"""What a demo shows: the live table and the replay's line; lines without a terminal."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from rich.console import Console

from parfeed.cli.replay_bar import ReplayBar, printed
from parfeed.cli.screen import FRAMES_PER_S, Screen
from parfeed.client.feed import Feed
from parfeed.client.subscription import Subscription
from parfeed.replay.player import Now


@asynccontextmanager
async def shown_demo(
    feed: Feed, total: int | None, console: Console
) -> AsyncIterator[tuple[Subscription, Callable[[Now], None]]]:
    """
    Show a feed and a replay to it until the context ends.

    Args:
        feed: an open feed.
        total: of the replay's items, where it is known.
        console: where it is shown.

    Yields:
        The subscription to all rows, and who hears how far the replay is.
    """
    bar = ReplayBar(console, total)
    rows = feed.subscribe(max_rate=FRAMES_PER_S)
    if not console.is_terminal or console.is_dumb_terminal:
        yield rows, printed(console, bar)
        return
    screen = Screen(feed, rows, console, more=bar.progress.get_renderable)
    showing = asyncio.create_task(screen.show())
    try:
        yield rows, bar.tell
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
