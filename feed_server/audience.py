"""
Who is connected, and what a tick sends them.

A tick follows a change at once if the last one is `tick_s` ago; what changes meanwhile
is joined into the next. Nothing here waits for a subscriber, and no task is made per
message or per subscriber.

What waits in sockets is bounded per subscriber by the session's fullness, and for all
together by holding back new snapshots while `WAITING_BYTES` wait already. Who takes
nothing at all while others are held back is cut.
"""

import asyncio
import logging
import random
from typing import Final, cast

from feed_server.channels import Channels
from feed_server.connection import FeedConnection
from feed_server.session import Session
from feed_server.subscriptions import Subscriber
from schemas.settings import Settings

SPARE_SOCKETS: Final = 128
"""Sockets beyond `max_sessions`: handshakes, health checks, and those that are told
4005 rather than nothing."""

WAITING_BYTES: Final = 128 * 1024 * 1024
"""What may wait in full sockets before new snapshots are held back."""

STALLED_S: Final = 2.0
"""How long a full subscriber may take nothing while others wait for its memory."""

BEATS_AT_ONCE: Final = 500
"""Heartbeats between which nothing else is done: some 5 ms."""

CHECK_S: Final = 0.1
"""How exactly the time limits of sessions are kept."""

RECONNECT_MS: Final = 1_000
"""The least spread of the times at which clients are told to come back."""

RECONNECT_MS_PER_SESSION: Final = 1.0
"""And what each session adds to it: a handshake and its snapshot cost about so much."""

logger = logging.getLogger(__name__)


class Audience:
    """
    All sockets and sessions of a server.

    Args:
        settings: limits and intervals are read from it.
        chance: spreads the times at which clients come back.

    Attributes:
        channels: what there is to subscribe to; None until the market is loaded.
        sessions: those whose handshake is done, with their connections.
        sockets: all connections, the others included.
    """

    def __init__(self, settings: Settings, chance: random.Random) -> None:
        self.channels: Channels | None = None
        self.sessions: dict[Session, FeedConnection] = {}
        self.sockets: set[FeedConnection] = set()
        self._settings = settings
        self._chance = chance
        self._full: set[FeedConnection] = set()
        self._awaiting: dict[Session, FeedConnection] = {}
        self._asking: dict[Session, FeedConnection] = {}
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._held_back = 0

    # What sessions do.

    def admit(self, session: Session, connection: FeedConnection) -> None:
        """Take a session in, or tell it that it is one too many."""
        is_one_too_many = len(self.sessions) >= self._settings.max_sessions
        self.sessions[session] = connection
        if is_one_too_many:
            self.close(session, connection, 4005)
        else:
            self._awaiting[session] = connection

    def greeted(self, session: Session) -> None:
        """Note that a session has said hello."""
        self._awaiting.pop(session, None)

    def ask(self, session: Session, connection: FeedConnection) -> None:
        """Give the session a heartbeat with the next tick."""
        self._asking[session] = connection
        self._work.set()

    async def room(self) -> None:
        """
        Wait until there is memory for another snapshot.

        Many large snapshots at once, for readers that are slower than the server, are
        given one after the other.
        """
        while sum(each.waiting_bytes for each in self._full) > WAITING_BYTES:
            self._room.clear()
            self._held_back += 1
            try:
                await self._room.wait()
            finally:
                self._held_back -= 1

    def close(self, session: Session, connection: FeedConnection, code: int) -> None:
        """End a session with a code, telling it when to come back."""
        spread = RECONNECT_MS + RECONNECT_MS_PER_SESSION * len(self.sessions)
        session.close(code, self._chance.randrange(int(spread)))
        connection.pump()

    # What connections tell.

    def is_crowded(self) -> bool:
        """Tell whether there are more sockets than there may be sessions."""
        return len(self.sockets) > self._settings.max_sessions + SPARE_SOCKETS

    def made(self, connection: FeedConnection) -> None:
        """Note a new socket."""
        self.sockets.add(connection)

    def filled(self, connection: FeedConnection) -> None:
        """Note that a connection is full."""
        self._full.add(connection)

    def drained(self, connection: FeedConnection) -> None:
        """Note that it has room again: it gets what it lacks with the next tick."""
        self._full.discard(connection)
        self._room.set()
        self._work.set()

    def lost(self, connection: FeedConnection) -> None:
        """Note that a socket is gone."""
        self.sockets.discard(connection)
        self._full.discard(connection)
        self._room.set()
        session = connection.session
        if session is not None:
            self.sessions.pop(session, None)
            self._awaiting.pop(session, None)
            self._asking.pop(session, None)

    # The tick.

    def wake(self) -> None:
        """Say that there is something to send."""
        self._work.set()

    async def tick(self) -> None:
        """Send what changes, and heartbeats, until cancelled."""
        loop = asyncio.get_running_loop()
        period = self._settings.heartbeat_s
        beat_at = (loop.time() // period + 1) * period
        check_at = 0.0
        while True:
            self._work.clear()
            began = loop.time()
            self.flush(began)
            if began >= check_at:
                check_at = began + CHECK_S
                self._check(began)
            if began >= beat_at:
                # On the grid of the clock, where groups with a rate have their turns.
                beat_at = (began // period + 1) * period
                await self._beat()
            took = loop.time() - began
            # A tick that takes longer than it may leaves others a third of the time.
            await asyncio.sleep(max(self._settings.tick_s - took, took / 2))
            await self._until(self._next_at(beat_at, check_at))

    def flush(self, now: float) -> None:
        """Send what has changed, and heartbeats to those who asked."""
        channels = self.channels
        if channels is None:
            return
        if channels.has_work:
            # All subscribers are sessions; said once, not per frame.
            connections = cast("dict[Subscriber, FeedConnection]", self.sessions)
            for subscriber in channels.flush(now):
                connections[subscriber].pump()
        if self._asking:
            asking, self._asking = self._asking, {}
            for session, connection in asking.items():
                session.beat()
                connection.pump()

    # Private.

    def _check(self, now: float) -> None:
        suspects = [*self._awaiting.values(), *self._full]
        for connection in suspects:
            session = connection.session
            code = None if session is None else session.check(now)
            if session is not None and code is not None:
                logger.info("closing a session with %d: %r", code, session.client)
                self._awaiting.pop(session, None)
                self.close(session, connection, code)
        if self._held_back:
            self._cut_stalled(now)

    def _cut_stalled(self, now: float) -> None:
        for connection in list(self._full):
            session = connection.session
            if session is not None and connection.stalled_s(now) >= STALLED_S:
                logger.info("cutting a session that takes nothing: %r", session.client)
                self.close(session, connection, 4001)
                connection.cut()

    async def _beat(self) -> None:
        channels = self.channels
        if channels is None:
            return
        channels.begin_heartbeats()
        everybody = list(self.sessions.items())
        for start in range(0, len(everybody), BEATS_AT_ONCE):
            # Rows may have come since the last few: those go first, so that what a
            # heartbeat lists has them.
            self.flush(asyncio.get_running_loop().time())
            for session, connection in everybody[start : start + BEATS_AT_ONCE]:
                session.beat()
                connection.pump()
            await asyncio.sleep(0)

    def _next_at(self, beat_at: float, check_at: float) -> float:
        times = [beat_at]
        if self._awaiting or self._full:
            times.append(check_at)
        due_at = None if self.channels is None else self.channels.due_at
        if due_at is not None:
            times.append(due_at)
        return min(times)

    async def _until(self, deadline: float) -> None:
        # Until there is work or the deadline has come. Groups that wait for their turn
        # are no work before it.
        timer = asyncio.get_running_loop().call_at(deadline, self._work.set)
        try:
            await self._work.wait()
        finally:
            timer.cancel()
