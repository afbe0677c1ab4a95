"""
One connection to a feed server: opened, pumped, lost.

The session decides what is said; this moves bytes. Three tasks per connection, owned
by `pump`: one reads, one writes, one notices when the server has gone silent.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Any, Final

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_websocket
from websockets.exceptions import (
    ConnectionClosed,
    InvalidStatus,
    NegotiationError,
    WebSocketException,
)

from parfeed.client.address import is_loopback
from parfeed.client.errors import FeedEnded, ServerViolation
from parfeed.client.session import Session
from parfeed.client.states import State
from schemas.feed import HTTP_REFUSALS, SUBPROTOCOL, ServerMessage
from schemas.values import from_wire

OPEN_TIMEOUT_S: Final = 10.0
"""For the handshake and the `welcome`: a server on the other side of the world that is
busy with a thousand others needs one or two."""

CLOSE_TIMEOUT_S: Final = 1.0
"""For the closing handshake. Nothing is lost by leaving without it."""

SILENT_HEARTBEATS: Final = 3
"""So many heartbeats missing mean that the connection is dead: one can be late, two
can be bad luck."""

MAX_FRAME_BYTES: Final = 256 * 1024 * 1024
"""Of one message from the server. A snapshot is one message: 170,000 rows of 1.5 KB."""

_LOADING: Final = 503
_RETRY_STATUS: Final = frozenset({429, 500, 502, 503, 504})
# What a proxy or a starting server says of now; other statuses are about the request.

_decode = msgspec.json.Decoder(ServerMessage, dec_hook=from_wire).decode


class Lost(msgspec.Struct, frozen=True):
    """How a connection ended; `code` as the server gave it."""

    code: int | None
    reason: str


class NotOpened(Exception):
    """No connection this time; another attempt may have one."""

    def __init__(self, reason: str, *, is_loading: bool = False) -> None:
        self.is_loading = is_loading
        super().__init__(reason)


class Link(ClientConnection):
    """
    A websocket that knows when it last heard from the server.

    Any byte counts: a large snapshot on a slow line takes longer than a heartbeat.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.heard_at = self.loop.time()

    def data_received(self, data: bytes) -> None:
        """Note the time and pass the bytes on."""
        self.heard_at = self.loop.time()
        super().data_received(data)


async def open_link(url: str) -> Link:
    """
    Connect to a feed server.

    Raises:
        NotOpened: if there is none just now.
        FeedEnded: if what is there will never be a feed for us.
    """
    try:
        link = await open_websocket(
            url,
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
            compression=None,
            proxy=None if is_loopback(url) else True,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            # Heartbeats are the proof of life, in one direction and seen by the client.
            ping_interval=None,
            max_size=MAX_FRAME_BYTES,
            create_connection=Link,
        )
    except InvalidStatus as exc:
        status = exc.response.status_code
        meaning = HTTP_REFUSALS.get(status, exc.response.reason_phrase)
        if status in _RETRY_STATUS:
            raise NotOpened(
                f"HTTP {status}: {meaning}", is_loading=status == _LOADING
            ) from exc
        raise FeedEnded(url, status, meaning) from exc
    except NegotiationError as exc:
        raise FeedEnded(url, 426, f"it does not speak {SUBPROTOCOL}: {exc}") from exc
    except TimeoutError as exc:
        raise NotOpened(f"no answer within {OPEN_TIMEOUT_S:g} s") from exc
    except OSError as exc:
        raise NotOpened(_system_reason(exc)) from exc
    except (WebSocketException, EOFError) as exc:
        raise NotOpened(f"no websocket handshake: {exc}") from exc
    if not isinstance(link, Link):
        raise AssertionError("the connection is not of the class that was asked for")
    if link.subprotocol != SUBPROTOCOL:
        await link.close()
        raise FeedEnded(url, 426, f"it does not speak {SUBPROTOCOL}")
    return link


async def pump(
    link: Link, session: Session, wake: asyncio.Event, happened: Callable[[], None]
) -> Lost:
    """
    Carry messages between a session and a connection until it is lost.

    Args:
        link: fresh from `open_link`; closed when this returns.
        session: already told `connect`.
        wake: set by others when the session has something new to say.
        happened: called when the session has new `events`.
    """
    tasks = [
        asyncio.create_task(_listen_for_silence(link, session)),
        asyncio.create_task(_read(link, session, wake, happened)),
        asyncio.create_task(_write(link, session, wake)),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        # When the first one ends the connection the others see that it is gone. Who
        # heard nothing knows why; the reader has the code of a close; the writer least.
        first = next(task for task in tasks if task in done)
        return first.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await link.close()


async def _read(
    link: Link, session: Session, wake: asyncio.Event, happened: Callable[[], None]
) -> Lost:
    loop = asyncio.get_running_loop()
    try:
        while True:
            frame = await link.recv(decode=False)
            message = _message(frame)
            if message is not None:
                session.receive(message, loop.time())
                happened()
                wake.set()
    except ConnectionClosed as exc:
        return _lost(exc)
    except ServerViolation as exc:
        await link.close(1002)
        return Lost(None, f"the server broke the protocol: {exc}")


async def _write(link: Link, session: Session, wake: asyncio.Event) -> Lost:
    loop = asyncio.get_running_loop()
    try:
        while True:
            wake.clear()
            for message in session.messages_to_send(loop.time()):
                await link.send(message, text=True)
            now = loop.time()
            at = session.wake_at(now)
            try:
                async with asyncio.timeout(None if at is None else max(0.0, at - now)):
                    await wake.wait()
            except TimeoutError:
                pass  # What had to wait is due.
    except ConnectionClosed as exc:
        return _lost(exc)


async def _listen_for_silence(link: Link, session: Session) -> Lost:
    loop = asyncio.get_running_loop()
    begun_at = loop.time()
    while True:
        silence = loop.time() - link.heard_at
        limit = SILENT_HEARTBEATS * session.heartbeat_s
        if session.state is State.GREETING:
            silence, limit = loop.time() - begun_at, OPEN_TIMEOUT_S
        if silence >= limit:
            # No closing handshake with someone who does not answer.
            link.transport.abort()
            return Lost(None, f"nothing came for {silence:.1f} s")
        await asyncio.sleep(limit - silence)


def _system_reason(exc: OSError) -> str:
    # asyncio writes "Connect call failed" over what the system says of its number;
    # those of name resolution are below 0 and come with their text.
    if exc.errno is not None and exc.errno > 0:
        return os.strerror(exc.errno)
    return exc.strerror or str(exc) or type(exc).__name__


def _lost(closed: ConnectionClosed) -> Lost:
    if closed.rcvd is None:
        return Lost(None, "the connection broke")
    return Lost(closed.rcvd.code, closed.rcvd.reason)


class _Head(msgspec.Struct):
    type: str


_decode_head = msgspec.json.Decoder(_Head).decode


def _message(frame: str | bytes) -> ServerMessage | None:
    # None for a message of a kind that this client does not know: the protocol grows.
    try:
        message: ServerMessage = _decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        if isinstance(exc, msgspec.ValidationError) and str(exc).endswith("`$.type`"):
            try:
                if _decode_head(frame).type:
                    return None
            except msgspec.DecodeError:
                pass  # Not even a type: no message.
        raise ServerViolation(f"not a message: {exc}") from exc
    return message
