"""
Ask whoever listens on a port whether it is a Kafka, and which.

One metadata request, written by hand: a client library would retry, log errors and
take longer to import than the answer takes. Format: Kafka's protocol guide, Metadata
version 4, request header version 1.
"""

import asyncio
import struct
from typing import Final

import msgspec

_METADATA_V4: Final = struct.pack(">hhih", 3, 4, 1, -1) + struct.pack(">ib", 0, 0)
# Key 3, version 4, correlation 1, no client id; no topics, create none.

_MAX_ANSWER_BYTES: Final = 1024 * 1024
"""Of the answer. A cluster of a thousand brokers is 100 KiB; a web server on the port
would announce gigabytes."""


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        cluster_id: which Kafka it is.
        brokers: how many of its brokers take work.
    """

    cluster_id: str
    brokers: int


async def probe(host: str, port: int, timeout_s: float = 2.0) -> Cluster | None:
    """
    Return the Kafka that answers there; None if nobody does or it is no Kafka.

    Args:
        host: name or address.
        port: the broker's.
        timeout_s: for the whole exchange.
    """
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(struct.pack(">i", len(_METADATA_V4)) + _METADATA_V4)
                (length,) = struct.unpack(">i", await reader.readexactly(4))
                if not 0 < length <= _MAX_ANSWER_BYTES:
                    return None
                return _parse(await reader.readexactly(length))
            finally:
                writer.close()
                await writer.wait_closed()
    except (OSError, EOFError, TimeoutError, struct.error, UnicodeDecodeError):
        return None


def _parse(answer: bytes) -> Cluster | None:
    correlation, _throttle_ms, brokers = struct.unpack_from(">iii", answer)
    position = 12
    if correlation != 1:
        return None
    for _ in range(brokers):
        position += 4  # node id
        _, position = _text(answer, position)
        position += 4  # port
        _, position = _text(answer, position)
    cluster_id, _ = _text(answer, position)
    return (
        None if cluster_id is None else Cluster(cluster_id=cluster_id, brokers=brokers)
    )


def _text(answer: bytes, position: int) -> tuple[str | None, int]:
    (length,) = struct.unpack_from(">h", answer, position)
    position += 2
    if length < 0:
        return None, position
    end = position + length
    if end > len(answer):
        raise struct.error(f"a text of {length} bytes ends beyond the answer")
    return answer[position:end].decode(), end
