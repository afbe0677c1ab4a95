"""
What a connection is answered before it is a session: page, health, or a refusal.

Only pages of listed origins may connect: a browser tells whose page it runs, and any
page can reach a server on this machine. The `Host` header proves nothing (a page can
give its own name our address), so the server's own origins are made from what it
listens on. A program that is no browser sends no Origin, and is let in.
"""

from collections.abc import Callable, Iterable
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHeader
from websockets.headers import parse_subprotocol
from websockets.http11 import Request, Response

from feed_server.page_files import page_files
from schemas.feed import HTTP_REFUSALS, SUBPROTOCOL
from schemas.settings import Settings

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
"""Names of this machine for itself: who listens on one of them has the page on all."""

METHODS: Final = ("GET", "HEAD")
"""Of plain requests: there is nothing that one could change."""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """
    What `GET /health` says.

    Attributes:
        status: `ready`, `loading` or `stopping`.
        cursor: up to where the market is known.
        rows: how many there are.
        sessions: how many are connected.
        lag_ms: as in a heartbeat.
    """

    status: str
    cursor: str | None = None
    rows: int = 0
    sessions: int = 0
    lag_ms: float | None = None

    @property
    def is_ready(self) -> bool:
        """Tell whether sessions are taken."""
        return self.status == "ready"


class Handshake:
    """
    Answers requests.

    Args:
        settings: host, port and origins are read from it.
        health: how the server is right now.
    """

    def __init__(self, settings: Settings, health: Callable[[], Health]) -> None:
        self._origins = frozenset(settings.origins) | _own_origins(settings)
        self._health = health
        self._files = page_files()

    def answer(self, _: ServerConnection, request: Request) -> Response | None:
        """Return the answer to a request; None to open a session."""
        path = request.path.partition("?")[0]
        upgrades = request.headers.get_all("Upgrade")
        if not upgrades:
            return self._plain(request, path)
        if path != "/":
            return _text(HTTPStatus.NOT_FOUND, "The feed is at /.")
        origins = request.headers.get_all("Origin")
        if any(origin not in self._origins for origin in origins):
            return _text(HTTPStatus.FORBIDDEN, HTTP_REFUSALS[403])
        if SUBPROTOCOL not in _offered(request.headers):
            return _text(
                HTTPStatus.UPGRADE_REQUIRED,
                HTTP_REFUSALS[426],
                {"Upgrade": "websocket", "Connection": "Upgrade"},
            )
        if not self._health().is_ready:
            return _text(
                HTTPStatus.SERVICE_UNAVAILABLE, HTTP_REFUSALS[503], {"Retry-After": "1"}
            )
        return None

    def _plain(self, request: Request, path: str) -> Response:
        if request.method not in METHODS:
            return _text(
                HTTPStatus.METHOD_NOT_ALLOWED,
                "Only GET and HEAD; events are handed in over the websocket.",
                {"Allow": ", ".join(METHODS)},
            )
        response = self._found(request, path)
        if request.method == "HEAD":
            response.body = b""  # its length stays in the headers
        return response

    def _found(self, request: Request, path: str) -> Response:
        file = self._files.get(path)
        if file is not None:
            held = ",".join(request.headers.get_all("If-None-Match")) or None
            status = file.status(held)
            response = _response(status, file.content_type, file.body, file.headers)
            if status is HTTPStatus.NOT_MODIFIED:
                response.body = b""  # what it has is as long as the header says
            return response
        if path == "/health":
            health = self._health()
            status = (
                HTTPStatus.OK if health.is_ready else HTTPStatus.SERVICE_UNAVAILABLE
            )
            return _response(status, "application/json", msgspec.json.encode(health))
        return _text(HTTPStatus.NOT_FOUND, "There is the page at /, and /health.")


def _own_origins(settings: Settings) -> frozenset[str]:
    hosts = {settings.host}
    if settings.host in LOOPBACK:
        hosts |= LOOPBACK
    return frozenset(
        f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
        for host in hosts
    )


def _offered(headers: Headers) -> Iterable[str]:
    try:
        return [
            protocol
            for value in headers.get_all("Sec-WebSocket-Protocol")
            for protocol in parse_subprotocol(value)
        ]
    except InvalidHeader:
        return ()


def _text(
    status: HTTPStatus, text: str, headers: dict[str, str] | None = None
) -> Response:
    return _response(
        status, "text/plain; charset=utf-8", f"{text}\n".encode(), headers or {}
    )


def _response(
    status: HTTPStatus,
    content_type: str,
    body: bytes,
    more: dict[str, str] | None = None,
) -> Response:
    headers = {
        "Date": formatdate(usegmt=True),
        "Connection": "close",
        "Content-Length": str(len(body)),
        "Content-Type": content_type,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        **(more or {}),
    }
    return Response(status.value, status.phrase, Headers(headers), body)
