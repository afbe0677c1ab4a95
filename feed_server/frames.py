"""
PURE. Messages as websocket frames: built once, the same bytes for every socket.

A frame from a server is not masked, and we use no compression, so one frame fits all.
Rows stand in it as the worker wrote them. Built as structs of `schemas.feed`, with
msgspec.Raw for the rows: measured as fast as orjson's Fragment, and it cannot differ
from the published protocol.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from feed_server.view import RowVersion
from schemas.codec import encode
from schemas.cursor import Cursor
from schemas.feed import ServerMessage, Snapshot, Update

_TEXT_FRAME: Final = b"\x81"  # FIN and opcode 1, RFC 6455 section 5.2


def frame(message: ServerMessage) -> bytes:
    """Return the message as one complete text frame."""
    payload = encode(message)
    size = len(payload)
    if size < 126:
        return b"%c%c%b" % (_TEXT_FRAME, size, payload)
    if size < 65_536:
        return b"%c\x7e%b%b" % (_TEXT_FRAME, size.to_bytes(2, "big"), payload)
    return b"%c\x7f%b%b" % (_TEXT_FRAME, size.to_bytes(8, "big"), payload)


def payload(text_frame: bytes) -> bytes:
    """Return the JSON text of a frame that `frame` made."""
    return text_frame[{126: 4, 127: 10}.get(text_frame[1], 2) :]


def raw_rows(versions: Iterable[RowVersion]) -> tuple[msgspec.Raw, ...]:
    """Return the rows' bytes as they are to stand in a message."""
    return tuple(msgspec.Raw(version.value) for version in versions)


def snapshot(id: str, cursor: Cursor, rows: Iterable[RowVersion]) -> bytes:  # noqa: A002 - the wire's word
    """Return the frame with all rows of a subscription."""
    return frame(Snapshot(id=id, cursor=str(cursor), rows=raw_rows(rows)))


def update(
    id: str,  # noqa: A002 - the wire's word
    start: str,
    end: str,
    rows: tuple[msgspec.Raw, ...],
    merged: int,
) -> bytes:
    """Return the frame that takes a subscription from `start` to `end`."""
    return frame(Update(id=id, from_=start, to=end, rows=rows, merged=merged))
