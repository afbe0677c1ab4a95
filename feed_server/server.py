"""
The websocket server: handshakes, messages into sessions, events to the publisher.

Nothing that a client sends stops the server: what a session cannot take is answered
with a code; what breaks a connection's handler closes that connection with 1011.
"""

import asyncio
import logging
import random
from collections.abc import Sequence
from functools import partial
from typing import Final, Protocol

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from feed_server.audience import Audience
from feed_server.connection import FeedConnection
from feed_server.errors import MessageRefused, Overloaded
from feed_server.handshake import Handshake, Health
from feed_server.messages import decode_message
from feed_server.session import Session, State
from feed_server.verdicts import Question
from schemas.feed import (
    MAX_MESSAGE_BYTES,
    SUBPROTOCOL,
    Outcome,
    Publish,
    Result,
    Subscribe,
)
from schemas.settings import Settings

BACKLOG: Final = 1_024
"""Connections that the system accepts ahead of us: after a restart all come at once."""

MESSAGES_AT_ONCE: Final = 16
"""Messages of one client that are taken before others have their turn."""

CLOSE_S: Final = 1.0
"""How long clients have to take their `closing` when the server stops."""

ACKNOWLEDGE_S: Final = 1.0
"""How long a server that stops waits for Kafka to confirm what was handed in."""

logger = logging.getLogger(__name__)


class EventPublisher(Protocol):
    """Who takes clients' events."""

    def publish(self, events: Sequence[bytes]) -> "asyncio.Future[tuple[Result, ...]]":
        """Take events; the future has a result per event and never fails."""


class EventJudge(Protocol):
    """Who tells what became of clients' events."""

    def ask(self, events: Sequence[bytes]) -> Question:
        """Prepare to judge events that are about to be stored."""

    def drop(self, question: Question) -> None:
        """Forget a question whose events were not stored."""

    def acknowledge(
        self, question: Question, results: Sequence[Result]
    ) -> "asyncio.Future[tuple[Outcome, ...]]":
        """Judge stored events; the future has an outcome per event and never fails."""


class FeedServer:
    """
    The websocket side.

    Args:
        settings: address, limits and intervals are read from it.
        publisher: takes clients' events.
        judge: tells what became of them.
        chance: spreads the times at which clients come back.
        name: what the server calls itself.

    Attributes:
        audience: who is connected.
    """

    def __init__(
        self,
        settings: Settings,
        publisher: EventPublisher,
        judge: EventJudge,
        *,
        chance: random.Random,
        name: str,
    ) -> None:
        self.audience = Audience(settings, chance)
        self._settings = settings
        self._publisher = publisher
        self._judge = judge
        self._name = name
        self._server: Server | None = None
        self._is_stopping = False
        self._unacknowledged: set[asyncio.Future[tuple[Result, ...]]] = set()

    # Public: starting, stopping.

    async def start(self) -> None:
        """
        Listen. Handshakes are answered with 503 until the audience has channels.

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
            create_connection=partial(FeedConnection, owner=self.audience),  # type: ignore[arg-type]
            backlog=BACKLOG,
        )

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
        audience = self.audience
        audience.flush(asyncio.get_running_loop().time())
        for session, connection in list(audience.sessions.items()):
            audience.close(session, connection, code)
        for connection in audience.sockets - set(audience.sessions.values()):
            connection.cut()
        gone = asyncio.create_task(self._server.wait_closed(), name="close sockets")
        if not (await asyncio.wait([gone], timeout=CLOSE_S))[0]:
            logger.info("cutting %d sockets that did not close", len(audience.sockets))
            for connection in list(audience.sockets):
                connection.cut()
        await gone

    def health(self) -> Health:
        """Return how the server is."""
        channels = self.audience.channels
        if channels is None or self._is_stopping:
            return Health(status="stopping" if self._is_stopping else "loading")
        return Health(
            status="ready",
            cursor=str(channels.view.cursor),
            rows=len(channels.view),
            sessions=len(self.audience.sessions),
            lag_ms=channels.lag_ms,
        )

    # Private: one connection.

    async def _handle(self, connection: ServerConnection) -> None:
        channels = self.audience.channels
        if not isinstance(connection, FeedConnection) or channels is None:
            raise AssertionError("a handshake was let through while loading")
        now = connection.loop.time()
        session = Session(
            self._settings, channels, self._name, now, connection.peer_address
        )
        connection.session = session
        self.audience.admit(session, connection)
        taken = 0
        try:
            while True:
                message = await connection.recv()
                taken += 1
                if self._is_stopping:
                    continue
                if isinstance(message, bytes):
                    self.audience.close(session, connection, 1003)
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
            await self.audience.room()
        session.receive(message, now)
        if session.state is not State.AWAITING_HELLO:
            self.audience.greeted(session)
        for publish in session.events():
            self._publish(session, connection, publish, now)
        if session.wants_heartbeat:
            self.audience.ask(session, connection)
        connection.pump()

    def _publish(
        self,
        session: Session,
        connection: FeedConnection,
        publish: Publish,
        now: float,
    ) -> None:
        events = [bytes(raw) for raw in publish.events]
        question: Question | None = None
        try:
            if publish.verdict:
                question = self._judge.ask(events)
            results = self._publisher.publish(events)
        except Overloaded as overloaded:
            if question is not None:
                self._judge.drop(question)
            session.refuse(
                MessageRefused("overloaded", str(overloaded), publish.id), now
            )
            return
        self._unacknowledged.add(results)
        results.add_done_callback(
            partial(self._acknowledge, session, connection, publish.id, question)
        )

    def _acknowledge(
        self,
        session: Session,
        connection: FeedConnection,
        publish_id: str,
        question: Question | None,
        results: "asyncio.Future[tuple[Result, ...]]",
    ) -> None:
        self._unacknowledged.discard(results)
        if results.cancelled():
            if question is not None:
                self._judge.drop(question)
            return
        session.acknowledge(publish_id, results.result())
        connection.pump()
        if question is not None:
            answer = self._judge.acknowledge(question, results.result())
            answer.add_done_callback(
                partial(self._tell, session, connection, publish_id)
            )

    def _tell(
        self,
        session: Session,
        connection: FeedConnection,
        publish_id: str,
        answer: "asyncio.Future[tuple[Outcome, ...]]",
    ) -> None:
        if not answer.cancelled():
            session.tell(publish_id, answer.result())
            connection.pump()
