import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from parfeed.ports import http_status, is_free, reachable_host, url_host


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", 200),
        (b"HTTP/1.0 503 Loading\r\n\r\n", 503),
        (b"HTTP/1.1 \r\n\r\n", None),
        (b"SSH-2.0-OpenSSH\r\n", None),
        (b"\r\n", None),
        (b"", None),
    ],
)
async def test_the_status_is_what_an_http_server_says(
    answer: bytes, status: int | None
) -> None:
    async with answering(answer) as port:
        assert await http_status("127.0.0.1", port) == status


async def test_a_port_is_free_until_somebody_listens() -> None:
    async with answering(b"") as port:
        assert not is_free("127.0.0.1", port)
    assert is_free("127.0.0.1", port)
    assert await http_status("127.0.0.1", port) is None


def test_an_address_of_another_machine_is_not_free() -> None:
    assert not is_free("192.0.2.1", 8765)


@pytest.mark.parametrize(
    ("host", "reached", "in_url"),
    [
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1", "127.0.0.1"),  # noqa: S104
        ("::", "::1", "[::1]"),
        ("example.org", "example.org", "example.org"),
    ],
)
def test_a_server_on_all_addresses_is_reached_on_this_machine(
    host: str, reached: str, in_url: str
) -> None:
    assert reachable_host(host) == reached
    assert url_host(reachable_host(host)) == in_url
