"""PURE. What people type for a feed's address, made whole."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from parfeed.client.errors import InvalidRequest

DEFAULT_PORT: Final = 8765

_SCHEMES: Final = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}


def feed_url(text: str) -> str:
    """
    Complete an address: `localhost:8765` is `ws://localhost:8765/`.

    Raises:
        InvalidRequest: if it is none.
    """
    whole = text if "://" in text else f"ws://{text}"
    expected = "a feed's address such as ws://127.0.0.1:8765"
    try:
        parts = urlsplit(whole)
        host, port = parts.hostname, parts.port
    except ValueError as exc:
        raise InvalidRequest(f"must be {expected}, was {text!r}: {exc}") from exc
    if parts.scheme not in _SCHEMES or not host or parts.query or parts.fragment:
        raise InvalidRequest(f"must be {expected}, was {text!r}")
    if parts.username is not None:
        raise InvalidRequest(
            f"must be {expected}, was one with a user; pass a token with `token`"
        )
    scheme = _SCHEMES[parts.scheme]
    if port is None and "://" not in text:
        port = DEFAULT_PORT
    place = f"[{host}]" if ":" in host else host
    netloc = place if port is None else f"{place}:{port}"
    return urlunsplit((scheme, netloc, parts.path or "/", "", ""))


def is_loopback(url: str) -> bool:
    """Tell whether the address stays on this machine; no proxy lies on that way."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
