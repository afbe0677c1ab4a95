"""
Ask whoever listens on a port whether it is a Kafka, and which.

One metadata request, written by hand: a client library would retry, log errors and
take longer to import than the answer takes. Format: Kafka's protocol guide, Metadata
version 4, request header version 1.

`python -m parfeed.kafka_probe HOST:PORT[,HOST:PORT...]` ends with 0 if one of them
answers, otherwise with 1: a health check.
"""

import asyncio
import struct
import sys
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


async def probe_all(servers: str, timeout_s: float = 2.0) -> dict[str, Cluster | None]:
    """
    Probe a list such as `kafka-1:9092,kafka-2:9092`; what is no address is nobody.

    Args:
        servers: host:port, separated by commas.
        timeout_s: for all of them together.
    """
    names = [server.strip() for server in servers.split(",")]
    found = await asyncio.gather(*(_probe_server(name, timeout_s) for name in names))
    return dict(zip(names, found, strict=True))


async def _probe_server(server: str, timeout_s: float) -> Cluster | None:
    host, _, port = server.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        return None
    return await probe(host.strip("[]"), int(port), timeout_s)


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


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print("usage: python -m parfeed.kafka_probe HOST:PORT[,...]", file=sys.stderr)
        sys.exit(2)
    sys.exit(0 if any(asyncio.run(probe_all(sys.argv[1])).values()) else 1)
