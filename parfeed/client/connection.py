"""
Connect to a feed, and stay connected.

A connection that goes is made again after growing, jittered pauses, for as long as the
feed is open; subscriptions resume from their cursors and unanswered events are sent
again by themselves. It gives up when the caller said for how long to try, or when the
feed says not to come back; then every reader and sender gets the reason.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

from parfeed.client.address import feed_url
from parfeed.client.backoff import Backoff
from parfeed.client.errors import FeedClosed, FeedEnded, FeedError, FeedUnreachable
from parfeed.client.feed import Feed
from parfeed.client.link import Link, Lost, NotOpened, open_link, pump
from parfeed.client.session import Session
from parfeed.client.states import State

RECONNECT: Final = Backoff(first_s=0.2, cap_s=10.0)
"""The pause before the next attempt: soon after a restart, no storm later on."""

STEADY_S: Final = 5.0
"""A connection that lasted so long was a good one: the pauses begin anew."""

_logger = logging.getLogger(__name__)

# Jitter needs no secrets.
_random = random.Random()  # noqa: S311


@asynccontextmanager
async def connect(
    url: str,
    *,
    token: str | None = None,
    client: str = "",
    timeout: float | None = None,  # noqa: ASYNC109 - bounds every later outage too
    open_timeout: float | None = None,
) -> AsyncIterator[Feed]:
    """
    Connect to a feed and stay connected.

    Args:
        url: the feed's address; `localhost:8765` will do.
        token: who asks.
        client: your program's name, for the operator's logs.
        timeout: seconds without a connection, at the start or later, after which to
            give up; None for never.
        open_timeout: the same for the start alone, where it differs.

    Raises:
        InvalidRequest: if `url` is no address.
        FeedUnreachable: if no feed answers in the time given.
        FeedEnded: if the feed says not to come back.
    """
    feed = Feed(
        feed_url(url),
        Session(
            token=token,
            client=client or f"parfeed-python/{version('parfeed')}",
            random=_random.random,
        ),
    )
    keeper = asyncio.create_task(
        _keep(feed, timeout if open_timeout is None else open_timeout, timeout)
    )
    try:
        await feed.opened
        yield feed
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        feed.end(FeedClosed(feed.url))


async def _keep(
    feed: Feed, open_timeout_s: float | None, timeout_s: float | None
) -> None:
    try:
        await _connect_again_and_again(feed, open_timeout_s, timeout_s)
    except FeedError as exc:
        feed.end(exc)
    except Exception as exc:
        # A fault of ours: readers must not wait for what will never come.
        _logger.exception("the client of %s failed", feed.url)
        feed.end(FeedEnded(feed.url, 1011, f"the client failed: {exc!r}"))


async def _connect_again_and_again(
    feed: Feed, open_timeout_s: float | None, timeout_s: float | None
) -> None:
    loop = asyncio.get_running_loop()
    patience_s = open_timeout_s
    alone_since = loop.time()
    failures = 0
    is_loading = False
    while True:
        pause_s: float | None = None
        give_up_at = None if patience_s is None else alone_since + patience_s
        try:
            # An attempt can take longer than there is patience.
            async with asyncio.timeout_at(give_up_at):
                link = await open_link(feed.url)
        except NotOpened as exc:
            feed.last_loss, is_loading = str(exc), exc.is_loading
        except TimeoutError:
            # Out of patience; what the attempt before it said tells more.
            feed.last_loss = feed.last_loss or "no answer"
        else:
            is_loading = False
            begun_at = loop.time()
            if await _converse(feed, link):
                patience_s, alone_since = timeout_s, loop.time()
                feed.losses += 1
            if loop.time() - begun_at >= STEADY_S:
                failures = 0
            pause_s = feed.session.reconnect_s
        failures += 1
        if pause_s is None:
            pause_s = RECONNECT.delay_s(failures, _random.random)
        if patience_s is not None:
            left_s = alone_since + patience_s - loop.time()
            if left_s <= 0:
                raise FeedUnreachable(
                    feed.url, patience_s, feed.last_loss, is_loading=is_loading
                )
            pause_s = min(pause_s, left_s)
        _logger.debug("next attempt at %s in %.2f s", feed.url, pause_s)
        await asyncio.sleep(pause_s)


async def _converse(feed: Feed, link: Link) -> bool:
    # Returns whether the session opened.
    session = feed.session
    session.connect()
    lost = Lost(None, "the client ended")
    try:
        lost = await pump(link, session, feed.wake, feed.happened)
    finally:
        was_open = session.state in (State.OPEN, State.CLOSING)
        closing = session.lose(lost.code, lost.reason)
        feed.hand_on()
    feed.last_loss = (
        lost.reason if lost.code is None else f"{lost.code} {lost.reason}".strip()
    )
    if closing is not None:
        raise FeedEnded(feed.url, closing.code, closing.reason)
    _logger.warning("lost %s: %s", feed.url, feed.last_loss)
    return was_open
