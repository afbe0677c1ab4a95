"""The probe against servers that answer as Kafka does, and as others do."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from parfeed.kafka_probe import probe


def text(value: bytes | None) -> bytes:
    if value is None:
        return struct.pack(">h", -1)
    return struct.pack(">h", len(value)) + value


def answer(cluster_id: bytes | None, brokers: int = 1, correlation: int = 1) -> bytes:
    body = struct.pack(">iii", correlation, 0, brokers)
    for node in range(brokers):
        body += struct.pack(">i", node) + text(b"host") + struct.pack(">i", 9092)
        body += text(None)
    return body + text(cluster_id) + struct.pack(">ii", 1, 0)


@asynccontextmanager
async def server(
    reply: Callable[[asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack(">i", await reader.readexactly(4))
        await reader.readexactly(length)
        await reply(writer)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


def replying(body: bytes) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(struct.pack(">i", len(body)) + body)

    return reply


async def test_a_kafka_says_who_it_is_and_how_many_brokers_work() -> None:
    async with server(replying(answer(b"cluster-1", brokers=3))) as port:
        found = await probe("127.0.0.1", port)
    assert found is not None
    assert (found.cluster_id, found.brokers) == ("cluster-1", 3)


@pytest.mark.parametrize(
    "body",
    [
        answer(None),
        answer(b"cluster-1", correlation=2),
        answer(b"cluster-1")[:-12],
        answer(b"\xff\xfe"),
        b"",
        b"HTTP",
    ],
    ids=["no id", "another's answer", "cut", "no text", "empty", "short"],
)
async def test_what_is_no_answer_of_kafka_is_nobody(body: bytes) -> None:
    async with server(replying(body)) as port:
        assert await probe("127.0.0.1", port) is None


async def test_a_server_that_announces_gigabytes_is_nobody() -> None:
    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with server(reply) as port:
        assert await probe("127.0.0.1", port) is None


async def test_a_server_that_says_nothing_is_given_up() -> None:
    forever = asyncio.Event()

    async def reply(writer: asyncio.StreamWriter) -> None:
        await forever.wait()

    async with server(reply) as port:
        assert await probe("127.0.0.1", port, timeout_s=0.05) is None
        forever.set()


async def test_a_port_where_nobody_listens_is_nobody() -> None:
    assert await probe("127.0.0.1", 9) is None
