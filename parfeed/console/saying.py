"""
What the console says to the market: events handed in, and the word on what became of
them.

Each event is a task of its own that `close` ends. At most `MAX_UNDER_WAY` are under
way; more are refused with a word, since a person cannot have meant so many at once. An
event keeps its id while it is sent again, so it counts once.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from parfeed.client.errors import FeedError
from parfeed.client.feed import Feed
from parfeed.console.errors import Unfit
from schemas.event_base import EventBase
from schemas.feed import Outcome, describe

MAX_UNDER_WAY: Final = 8
"""Verdicts take one second to some ten."""


class Saying:
    """
    Events under way.

    Args:
        feed: gives the feed, or None while there is none.
        tell: takes a word for the user.
    """

    def __init__(
        self, feed: Callable[[], Feed | None], tell: Callable[[str], None]
    ) -> None:
        self._feed = feed
        self._tell = tell
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def under_way(self) -> int:
        """How many have no verdict yet."""
        return len(self._tasks)

    def say(self, event: EventBase, word: str, taken: Callable[[], None]) -> None:
        """
        Hand an event in.

        Args:
            event: that is said.
            word: what it says, for the user.
            taken: called if it is accepted.

        Raises:
            Unfit: if there is no feed, or too many are under way.
        """
        feed = self._feed()
        if feed is None:
            raise Unfit("there is no feed to say it to; it was not sent")
        if len(self._tasks) >= MAX_UNDER_WAY:
            raise Unfit(
                f"{MAX_UNDER_WAY} are under way already; wait for their answers"
            )
        task = asyncio.create_task(self._say(feed, event, word, taken))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._tell(f"sent: {word}; waiting for the answer")

    async def close(self) -> None:
        """Stop waiting for answers; what was sent may still count."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _say(
        self, feed: Feed, event: EventBase, word: str, taken: Callable[[], None]
    ) -> None:
        try:
            [outcome] = await feed.publish([event], verdict=True)
        except FeedError as exc:
            self._tell(f"NOT KNOWN: {word}: {exc}")
            return
        if outcome.verdict == "accepted":
            taken()
        self._tell(verdict_line(outcome, word))


def verdict_line(outcome: Outcome, word: str) -> str:
    """Return what became of an event, for the user."""
    match outcome.verdict:
        case "accepted":
            return f"accepted: {word}"
        case "refused":
            why = outcome.detail or describe(outcome.error or "")
            return f"REFUSED: {word}: {outcome.error}: {why}"
        case _:
            return f"NOT KNOWN: {word}: {outcome.detail or 'nobody said in time'}"
