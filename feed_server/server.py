"""
Sockets and sessions, and the tick that sends what has changed.

The server only pumps: messages into sessions, frames out of them. Nothing here waits
for a subscriber, and no task is made per message. A tick follows a change at once if
the last one is `tick_s` ago; what changes meanwhile is joined into the next.

Rules:
- Nothing that a client sends stops the server: what a session cannot take is answered
  with a code; what breaks the connection's handler closes that connection with 1011.
- What waits in sockets is bounded per subscriber by the session's fullness, and for
  all together by holding back new snapshots while `WAITING_BYTES` wait already. Who
  takes nothing at all while others are held back is cut.
"""

import asyncio
import logging
import random
from collections.abc import Sequence
from functools import partial
from typing import Final, Protocol, cast

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from feed_server.channel import Channel
from feed_server.connection import FeedConnection
from feed_server.errors import MessageRefused, Overloaded
from feed_server.handshake import Handshake, Health
from feed_server.messages import decode_message
from feed_server.session import Session, State
from feed_server.subscriptions import Subscriber
from schemas.feed import MAX_MESSAGE_BYTES, SUBPROTOCOL, Publish, Result, Subscribe
from schemas.settings import Settings

SPARE_SOCKETS: Final = 128
"""Sockets beyond `max_sessions`: handshakes, health checks, and those that are told
4005 rather than nothing."""

BACKLOG: Final = 1_024
"""Connections that the system accepts ahead of us: after a restart all come at once."""

WAITING_BYTES: Final = 128 * 1024 * 1024
"""What may wait in full sockets before new snapshots are held back."""

STALLED_S: Final = 2.0
"""How long a full subscriber may take nothing while others wait for its memory."""

BEATS_AT_ONCE: Final = 500
"""Heartbeats between which nothing else is done: some 5 ms."""

MESSAGES_AT_ONCE: Final = 16
"""Messages of one client that are taken before others have their turn."""

CHECK_S: Final = 0.1
"""How exactly the time limits of sessions are kept."""

RECONNECT_MS: Final = 1_000
"""The least spread of the times at which clients are told to come back."""

RECONNECT_MS_PER_SESSION: Final = 1.0
"""And what each session adds to it: a handshake and its snapshot cost about so much."""

CLOSE_S: Final = 1.0
"""How long clients have to take their `closing` when the server stops."""

ACKNOWLEDGE_S: Final = 1.0
"""How long a server that stops waits for Kafka to confirm what was handed in."""

logger = logging.getLogger(__name__)


class EventPublisher(Protocol):
    """Who takes clients' events."""

    def publish(self, events: Sequence[bytes]) -> "asyncio.Future[tuple[Result, ...]]":
        """Take events; the future has a result per event and never fails."""


class FeedServer:
    """
    The websocket side.

    Args:
        settings: address, limits and intervals are read from it.
        publisher: takes clients' events.
        chance: spreads the times at which clients come back.
        name: what the server calls itself.

    Attributes:
        channel: what there is to subscribe to; None until the market is loaded.
    """

    def __init__(
        self,
        settings: Settings,
        publisher: EventPublisher,
        *,
        chance: random.Random,
        name: str,
    ) -> None:
        self.channel: Channel | None = None
        self._settings = settings
        self._publisher = publisher
        self._chance = chance
        self._name = name
        self._server: Server | None = None
        self._is_stopping = False
        self._sockets: set[FeedConnection] = set()
        self._full: set[FeedConnection] = set()
        self._open: dict[Session, FeedConnection] = {}
        self._awaiting: dict[Session, FeedConnection] = {}
        self._asking: dict[Session, FeedConnection] = {}
        self._unacknowledged: set[asyncio.Future[tuple[Result, ...]]] = set()
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._held_back = 0

    # Public: starting, stopping, waking.

    async def start(self) -> None:
        """
        Listen. Handshakes are answered with 503 until `channel` is set.

        Raises:
            OSError: if the address is taken or not ours.
        """
        handshake = Handshake(self._settings, self.health)
        high = self._settings.subscriber_buffer_bytes
        self._server = await serve(
            self._handle,
            self._settings.host,
            self._settings.port,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            compression=None,
            process_request=handshake.answer,
            server_header=None,
            open_timeout=self._settings.hello_timeout_s,
            ping_interval=None,
            close_timeout=CLOSE_S,
            max_size=MAX_MESSAGE_BYTES,
            write_limit=(high, high // 4),
            # Typed as a class, called as a factory.
            create_connection=partial(FeedConnection, owner=self),  # type: ignore[arg-type]
            backlog=BACKLOG,
        )

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
        channel = self.channel
        if channel is None:
            return
        if channel.has_work:
            # All subscribers are sessions; said once, not per frame.
            connections = cast("dict[Subscriber, FeedConnection]", self._open)
            for subscriber in channel.flush(now):
                connections[subscriber].pump()
        if self._asking:
            asking, self._asking = self._asking, {}
            for session, connection in asking.items():
                session.beat()
                connection.pump()

    async def stop(self, code: int) -> None:
        """
        End all sessions with a code, each told when to come back, and stop listening.

        Takes 2 seconds and a little at most, however clients behave.
        """
        self._is_stopping = True
        if self._server is None:
            return
        self._server.close(close_connections=False)
        if self._unacknowledged:
            await asyncio.wait(self._unacknowledged, timeout=ACKNOWLEDGE_S)
        if self.channel is not None:
            self.flush(asyncio.get_running_loop().time())
        for session, connection in list(self._open.items()):
            self._close(session, connection, code)
        for connection in self._sockets - set(self._open.values()):
            connection.cut()
        gone = asyncio.create_task(self._server.wait_closed(), name="close sockets")
        if not (await asyncio.wait([gone], timeout=CLOSE_S))[0]:
            logger.info("cutting %d sockets that did not close", len(self._sockets))
            for connection in list(self._sockets):
                connection.cut()
        await gone

    def health(self) -> Health:
        """Return how the server is."""
        channel = self.channel
        if channel is None or self._is_stopping:
            return Health(status="stopping" if self._is_stopping else "loading")
        return Health(
            status="ready",
            cursor=str(channel.view.cursor),
            rows=len(channel.view),
            sessions=len(self._open),
            lag_ms=channel.lag_ms,
        )

    # What connections tell.

    def is_crowded(self) -> bool:
        """Tell whether there are more sockets than there may be sessions."""
        return len(self._sockets) > self._settings.max_sessions + SPARE_SOCKETS

    def made(self, connection: FeedConnection) -> None:
        """Note a new socket."""
        self._sockets.add(connection)

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
        self._sockets.discard(connection)
        self._full.discard(connection)
        self._room.set()
        session = connection.session
        if session is not None:
            self._open.pop(session, None)
            self._awaiting.pop(session, None)
            self._asking.pop(session, None)

    # Private: one connection.

    async def _handle(self, connection: ServerConnection) -> None:
        channel = self.channel
        if not isinstance(connection, FeedConnection) or channel is None:
            raise AssertionError("a handshake was let through while loading")
        now = connection.loop.time()
        session = Session(self._settings, channel, self._name, now)
        connection.session = session
        is_one_too_many = len(self._open) >= self._settings.max_sessions
        self._open[session] = connection
        if is_one_too_many:
            self._close(session, connection, 4005)
        else:
            self._awaiting[session] = connection
        taken = 0
        try:
            while True:
                message = await connection.recv()
                taken += 1
                if self._is_stopping:
                    continue
                if isinstance(message, bytes):
                    self._close(session, connection, 1003)
                    continue
                await self._take(session, connection, message)
                if connection.paused:
                    await connection.room()
                elif taken % MESSAGES_AT_ONCE == 0:
                    await asyncio.sleep(0)
        except ConnectionClosed:
            pass  # How every session ends; the socket's loss has told the session.

    async def _take(
        self, session: Session, connection: FeedConnection, text: str
    ) -> None:
        now = connection.loop.time()
        try:
            message = decode_message(text)
        except MessageRefused as refused:
            session.refuse(refused, now)
            connection.pump()
            return
        if isinstance(message, Subscribe):
            await self._until_room()
        session.receive(message, now)
        if session.state is not State.AWAITING_HELLO:
            self._awaiting.pop(session, None)
        for publish in session.events():
            self._publish(session, connection, publish, now)
        if session.wants_heartbeat:
            self._asking[session] = connection
            self._work.set()
        connection.pump()

    def _publish(
        self,
        session: Session,
        connection: FeedConnection,
        publish: Publish,
        now: float,
    ) -> None:
        try:
            results = self._publisher.publish([bytes(raw) for raw in publish.events])
        except Overloaded as overloaded:
            session.refuse(
                MessageRefused("overloaded", str(overloaded), publish.id), now
            )
            return
        self._unacknowledged.add(results)
        results.add_done_callback(
            partial(self._acknowledge, session, connection, publish.id)
        )

    def _acknowledge(
        self,
        session: Session,
        connection: FeedConnection,
        publish_id: str,
        results: "asyncio.Future[tuple[Result, ...]]",
    ) -> None:
        self._unacknowledged.discard(results)
        if results.cancelled():
            return
        session.acknowledge(publish_id, results.result())
        connection.pump()

    async def _until_room(self) -> None:
        # Many large snapshots at once, for readers that are slower than the server:
        # they are given one after the other.
        while sum(each.waiting_bytes for each in self._full) > WAITING_BYTES:
            self._room.clear()
            self._held_back += 1
            try:
                await self._room.wait()
            finally:
                self._held_back -= 1

    def _close(self, session: Session, connection: FeedConnection, code: int) -> None:
        spread = RECONNECT_MS + RECONNECT_MS_PER_SESSION * len(self._open)
        session.close(code, self._chance.randrange(int(spread)))
        connection.pump()

    # Private: the tick.

    def _check(self, now: float) -> None:
        suspects = [*self._awaiting.values(), *self._full]
        for connection in suspects:
            session = connection.session
            code = None if session is None else session.check(now)
            if session is not None and code is not None:
                logger.info("closing a session with %d: %r", code, session.client)
                self._awaiting.pop(session, None)
                self._close(session, connection, code)
        if self._held_back:
            self._cut_stalled(now)

    def _cut_stalled(self, now: float) -> None:
        for connection in list(self._full):
            session = connection.session
            if session is not None and connection.stalled_s(now) >= STALLED_S:
                logger.info("cutting a session that takes nothing: %r", session.client)
                self._close(session, connection, 4001)
                connection.cut()

    async def _beat(self) -> None:
        channel = self.channel
        if channel is None:
            return
        channel.begin_heartbeats()
        everybody = list(self._open.items())
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
        due_at = None if self.channel is None else self.channel.due_at
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
