"""
Hand events in at the feed, wait for what became of each, and say it.

A command ends only when it is final what became of its events: taken (exit code 0),
refused with code, meaning and cure (1), or nobody has said so for too long (1).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, TypeVar

import typer

from parfeed.cli.feed_options import feed_address
from parfeed.cli.planning.options import Reach

if TYPE_CHECKING:
    from parfeed.client.feed import Feed
    from parfeed.client.subscription import Subscription
    from schemas.channels import FeedRow
    from schemas.event_base import EventBase
    from schemas.feed import Outcome

T = TypeVar("T")
R = TypeVar("R", bound="FeedRow")


@asynccontextmanager
async def open_feed(url: str, wait_s: float) -> "AsyncIterator[Feed]":
    """
    Open a feed for a command that is soon done.

    Args:
        url: its whole address.
        wait_s: how long to wait for a feed that is not there.
    """
    from parfeed.client.connection import connect

    async with connect(
        url, client="parfeed", timeout=max(wait_s, 5.0), open_timeout=wait_s
    ) as feed:
        yield feed


async def shown(
    subscription: "Subscription[R]",
    look: "Callable[[Subscription[R]], T | None]",
    *,
    timeout_s: float,
    what: str,
) -> T:
    """
    Wait until rows show something.

    Args:
        subscription: of the rows; is read on.
        look: returns what is waited for; None while it is not there.
        timeout_s: how long to wait.
        what: is said if it does not come: "the round was not announced".

    Raises:
        NotShown: if it does not come in time.
    """
    from parfeed.planning.errors import NotShown

    try:
        async with asyncio.timeout(timeout_s):
            if (found := look(subscription)) is not None:
                return found
            async for _ in subscription:
                if (found := look(subscription)) is not None:
                    return found
    except TimeoutError as exc:
        raise NotShown(what, timeout_s) from exc
    raise AssertionError("a subscription ended without a word")


async def hand_in(
    feed: "Feed", events: "Sequence[EventBase]", *, timeout_s: float
) -> "list[Outcome]":
    """
    Hand events in and wait for what became of each.

    Returns:
        One outcome per event, in order: accepted, refused by the feed, the workers or
        the board, or unknown.

    Raises:
        NotShown: if an answer does not come in time.
    """
    from parfeed.planning.errors import NotShown

    try:
        async with asyncio.timeout(timeout_s):
            with _shown_waiting():
                return await feed.publish(events, verdict=True)
    except TimeoutError as exc:
        raise NotShown("nothing showed what became of it", timeout_s) from exc


@contextmanager
def _shown_waiting() -> Iterator[None]:
    # It takes a second until results are final, and longer while many come.
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal or console.is_dumb_terminal:
        yield
        return
    with console.status("Handed in; waiting until it is final what became of it"):
        yield


def ask(
    events: "Sequence[EventBase]",
    done: str,
    *,
    reach: Reach,
    lines: Sequence[int] = (),
    then: "Callable[[Feed], Awaitable[Sequence[str]]] | None" = None,
) -> None:
    """
    Run a command that hands events in, to its end.

    Args:
        events: at least one.
        done: said when all of them are taken.
        reach: how the feed is reached.
        lines: the lines of a file that the events stood in.
        then: looks at what has come of it, and returns lines to print.

    Raises:
        typer.Exit: with 1 if any event was refused, 130 if it was interrupted.
    """
    from parfeed.signals import run

    address = feed_address(reach.url, reach.config)

    async def asking() -> bool:
        async with open_feed(address, reach.wait_s) as feed:
            outcomes = await hand_in(feed, events, timeout_s=reach.timeout_s)
            if not tell(outcomes, done, lines=lines):
                return False
            for line in await then(feed) if then is not None else ():
                typer.echo(line)
            return True

    finish(run(asking()))


def finish(is_done: bool | None) -> None:
    """
    End a command by what came of it; None is an interruption.

    Raises:
        typer.Exit: unless it is done.
    """
    if is_done is None:
        raise typer.Exit(130)
    if not is_done:
        raise typer.Exit(1)


def tell(
    outcomes: "Sequence[Outcome]", done: str, *, lines: Sequence[int] = ()
) -> bool:
    """
    Say what became of events: what is not good to the standard error.

    Args:
        outcomes: one per event.
        done: said if all of them are taken.
        lines: of the file that they stood in; empty if they stood in none.

    Returns:
        Whether all of them are taken.
    """
    from parfeed.cli.planning.cures import complaint

    complaints = [
        f"line {lines[index]}: {complaint(outcome)}" if lines else complaint(outcome)
        for index, outcome in enumerate(outcomes)
        if outcome.verdict != "accepted"
    ]
    if not complaints:
        typer.echo(done)
        return True
    for text in complaints:
        typer.echo(f"parfeed: {text}", err=True)
    if taken := len(outcomes) - len(complaints):
        typer.echo(f"{taken:,} of {len(outcomes):,} taken", err=True)
    return False
