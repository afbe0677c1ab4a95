"""
The composition root: settings, clock and chance in, one feed server out.

Nothing connects at import. The server listens from the start and answers 503 until the
market is loaded, so that whoever watches it sees the difference between down and busy.
Start and recovery are the same: when the log is lost or an invariant is broken, the
sessions are told and the process ends, to be started anew.
"""

import asyncio
import logging
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from aiokafka import ConsumerRecord

from feed_server.channels import Channels
from feed_server.consumer import LogConsumer
from feed_server.errors import SourceLost
from feed_server.judge import Judge
from feed_server.publisher import Publisher
from feed_server.server import FeedServer
from feed_server.view import View
from schemas.errors import IntegrityError
from schemas.settings import Settings
from schemas.topics import ACCOUNTS

LETTING_GO_S: Final = 0.8
"""How long Kafka's clients may take to close; sockets have 2 s before, and all of it
is to be over in 3."""

STOPPED: Final = 0
FAILED: Final = 1
"""Exit codes: told to stop, or to be started anew."""

logger = logging.getLogger(__name__)


class App:
    """
    One feed server and all its parts.

    Args:
        settings: of the deployment.
        clock: seconds since 1970, to tell how old a row is.
        chance: spreads the times at which clients come back.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.time,
        chance: random.Random | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        name = f"feed-{uuid.uuid4().hex[:8]}"
        self._consumer = LogConsumer(settings)
        self._accounts = LogConsumer(
            settings,
            ACCOUNTS,
            first=settings.partitions,
            isolation="read_committed",
            seldom=True,
        )
        self._publisher = Publisher(settings)
        self._judge = Judge(settings)
        self._server = FeedServer(
            settings,
            self._publisher,
            self._judge,
            chance=chance or random.Random(),  # noqa: S311 - spreads load, no secret
            name=name,
        )

    async def run(self, stop: asyncio.Event) -> int:
        """
        Serve until `stop` is set or the market is lost, and return the exit code.

        Raises:
            OSError: if the address is taken.
        """
        await self._server.start()
        logger.info(
            "listening on ws://%s:%d/", self._settings.host, self._settings.port
        )
        parts = {
            asyncio.create_task(self._market(), name="market"),
            asyncio.create_task(self._server.audience.tick(), name="tick"),
        }
        asked = asyncio.create_task(stop.wait(), name="stop")
        try:
            done, _ = await asyncio.wait(
                {asked, *parts}, return_when=asyncio.FIRST_COMPLETED
            )
            code = 1001 if asked in done else _close_code(done)
            await self._server.stop(code)
        finally:
            for task in (asked, *parts):
                task.cancel()
            await asyncio.gather(asked, *parts, return_exceptions=True)
        return STOPPED if code == 1001 else FAILED

    async def _market(self) -> None:
        working: list[asyncio.Task[None]] = []
        try:
            epoch = await self._consumer.open()
            other = await self._accounts.open()
            if other != epoch:
                raise SourceLost(f"the log's epoch is {other}, was {epoch}")
            partitions = self._settings.partitions
            channels = Channels(View(epoch, partitions, private_partitions=partitions))
            self._publisher.boards_periods = channels.view.boards_periods
            began = time.monotonic()
            await self._consumer.load(channels.apply)
            await self._accounts.load(channels.apply)
            logger.info(
                "loaded %d rows of epoch %s in %.1f s",
                len(channels.view),
                epoch,
                time.monotonic() - began,
            )
            await self._publisher.open()
            await self._judge.open()
            working.append(asyncio.create_task(self._publisher.run(), name="publish"))
            working.append(asyncio.create_task(self._judge.run(), name="judge"))
            self._server.audience.channels = channels

            def arrived(newest: ConsumerRecord) -> None:
                channels.lag_ms = round(self._clock() * 1_000 - newest.timestamp, 1)
                self._server.audience.wake()

            def fell_silent() -> None:
                channels.lag_ms = None

            private = self._accounts.follow(
                channels.apply, lambda _: self._server.audience.wake(), fell_silent
            )
            working.append(asyncio.create_task(private, name="accounts"))
            following = self._consumer.follow(channels.apply, arrived, fell_silent)
            await _first(following, working)
        finally:
            await _within(self._let_go(working))

    async def _let_go(self, working: "list[asyncio.Task[None]]") -> None:
        await self._publisher.close()
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        await asyncio.gather(self._consumer.close(), self._accounts.close())


async def _first(
    following: Awaitable[None], working: "list[asyncio.Task[None]]"
) -> None:
    # None ends by itself: whichever does has failed.
    task = asyncio.ensure_future(following)
    try:
        done, _ = await asyncio.wait(
            {task, *working}, return_when=asyncio.FIRST_COMPLETED
        )
        for each in done:
            each.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _within(closing: Awaitable[object]) -> None:
    try:
        async with asyncio.timeout(LETTING_GO_S):
            await closing
    except TimeoutError:
        logger.warning("Kafka's clients did not close in %g s", LETTING_GO_S)


def _close_code(done: "Iterable[asyncio.Task[Any]]") -> int:
    for task in done:
        exc = task.exception()
        if isinstance(exc, SourceLost):
            logger.error("the market is lost: %s", exc)
            return 4004
        if isinstance(exc, IntegrityError):
            logger.error("an invariant is broken: %s", exc)
            return 4004
        logger.error("%s failed", task.get_name(), exc_info=exc)
    return 1011
