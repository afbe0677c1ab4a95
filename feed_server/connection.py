"""
One socket: a websocket connection that knows its session.

The library speaks RFC 6455; what is added here is that frames built for many are
written as they are, that a full socket is told to the session, and that every close
that comes from us, the library's own included, is preceded by `closing`.

- Full means that more than `subscriber_buffer_bytes` wait in the transport. From then
  on nothing is read from the client either: whatever it sends would be answered into
  the same buffer.
- Once closing has begun, the peer has `CLOSE_GRACE_S` to take what waits; then the
  socket is cut.
"""

import asyncio
import socket
from typing import Any, Final, Protocol

from websockets.asyncio.server import Server, ServerConnection
from websockets.protocol import State as WireState
from websockets.server import ServerProtocol

from feed_server.session import Session, State
from schemas.feed import CLOSES

CLOSE_GRACE_S: Final = 10.0
"""From `closing` to cutting the socket: a subscriber that was too slow can still learn
why, if it wakes up soon."""

DEAD_PEER_MS: Final = 60_000
"""How long sent bytes may stay unconfirmed (TCP_USER_TIMEOUT, where the system has it).
A heartbeat a second makes sure that there are some, so no pings are needed."""


class Owner(Protocol):
    """The server, as a connection sees it."""

    def is_crowded(self) -> bool:
        """Tell whether there are more sockets than there may be sessions."""

    def made(self, connection: "FeedConnection") -> None:
        """Note a new socket."""

    def filled(self, connection: "FeedConnection") -> None:
        """Note that the connection is full."""

    def drained(self, connection: "FeedConnection") -> None:
        """Note that it has room again."""

    def lost(self, connection: "FeedConnection") -> None:
        """Note that the socket is gone."""


class FeedConnection(ServerConnection):
    """
    Attributes:
        session: what is said over it; None until the handshake is done.
    """

    def __init__(
        self, protocol: ServerProtocol, server: Server, *, owner: Owner, **options: Any
    ) -> None:
        super().__init__(protocol, server, **options)
        self.session: Session | None = None
        self._owner = owner
        self._is_ending = False
        self._least_waiting = 0
        self._moved_at = 0.0
        self._cut: asyncio.TimerHandle | None = None

    @property
    def waiting_bytes(self) -> int:
        """Return how much is written and not sent."""
        return self.transport.get_write_buffer_size()

    @property
    def peer_address(self) -> str:
        """Return the client's network address; empty if the socket has none."""
        peer = self.remote_address
        return str(peer[0]) if isinstance(peer, tuple) and peer else ""

    def stalled_s(self, now: float) -> float:
        """Return for how long a full socket has taken nothing; ask now and then."""
        waiting = self.waiting_bytes
        if waiting < self._least_waiting:
            self._least_waiting = waiting
            self._moved_at = now
        return now - self._moved_at

    def pump(self) -> None:
        """Write what the session has to send, and end the connection if it says so."""
        session = self.session
        if session is None:
            return
        self._write(session)
        if session.state is State.CLOSING and not self._is_ending:
            code = session.close_code or 1011
            # fail() also discards what still comes, which close() would wait through.
            self.protocol.fail(code, _reason(code))
            self.send_data()

    def cut(self) -> None:
        """Drop the socket, whatever waits in it."""
        self.transport.abort()

    async def room(self) -> None:
        """Wait until the socket is not full, or gone."""
        try:
            await self.drain()
        except OSError:
            pass  # It is gone; who reads next is told.

    # What the library and the event loop call.

    def send_data(self) -> None:
        """Write what the library has to send; before its close frame, `closing`."""
        if not self._is_ending and self.protocol.state in (
            WireState.CLOSING,
            WireState.CLOSED,
        ):
            self._is_ending = True
            sent, received = self.protocol.close_sent, self.protocol.close_rcvd
            if self.session is not None and sent is not None and received is None:
                # The library found the fault: the session learns of it here.
                self.session.close(sent.code if sent.code in CLOSES else 1002)
                self._write_out(self.session)
            elif self.session is not None:
                # The client ended it: nothing can be said any more.
                self.session.lose()
            if not self.transport.is_closing():
                self._cut = self.loop.call_later(CLOSE_GRACE_S, self.cut)
        super().send_data()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        super().connection_made(transport)
        self._owner.made(self)
        peer = transport.get_extra_info("socket")
        option = getattr(socket, "TCP_USER_TIMEOUT", None)
        if peer is not None and option is not None:
            peer.setsockopt(socket.IPPROTO_TCP, option, DEAD_PEER_MS)
        if self._owner.is_crowded():
            self.cut()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None
        super().connection_lost(exc)
        if self.session is not None:
            self.session.lose()
        self._owner.lost(self)

    def pause_writing(self) -> None:
        """Note that the socket is full."""
        super().pause_writing()
        self.transport.pause_reading()
        now = self.loop.time()
        self._least_waiting, self._moved_at = self.waiting_bytes, now
        if self.session is not None:
            self.session.fill(now)
        self._owner.filled(self)

    def resume_writing(self) -> None:
        """Note that it has drained."""
        super().resume_writing()
        if not self.recv_messages.paused and not self.transport.is_closing():
            self.transport.resume_reading()
        if self.session is not None:
            self.session.drain()
        self._owner.drained(self)

    # Private.

    def _write(self, session: Session) -> None:
        if self.protocol.state is WireState.OPEN:
            self._write_out(session)

    def _write_out(self, session: Session) -> None:
        frames = session.messages_to_send()
        if len(frames) == 1:
            self.transport.write(frames[0])
        elif frames:
            self.transport.writelines(frames)


def _reason(code: int) -> str:
    # At most 123 bytes fit a close frame, RFC 6455 section 5.5; the meanings are short.
    return CLOSES[code].meaning[:123]
