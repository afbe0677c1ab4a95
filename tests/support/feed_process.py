"""Feed servers as processes: start one, ask it over plain HTTP."""

import asyncio
import json
from typing import Any

import msgspec
from support.polling import eventually
from support.processes import Processes, free_port

from parfeed.process import ChildProcess
from schemas.feed import Publish
from schemas.settings import Settings


async def ready(processes: Processes, settings: Settings) -> ChildProcess:
    """Start a feed server and wait until it takes subscribers."""
    server = await processes.feed_server(settings)

    async def is_ready() -> bool:
        if server.exit_code is not None:
            raise RuntimeError(f"ended with {server.exit_code}\n{processes.logs()}")
        return await processes.is_ready(settings)

    await eventually(is_ready, within_s=20)
    return server


def another(settings: Settings, **changes: object) -> Settings:
    """Settings of a second feed server of the same deployment."""
    return msgspec.structs.replace(settings, port=free_port(), **changes)


async def get(settings: Settings, path: str) -> tuple[int, dict[str, str], str]:
    """Return status, headers in small letters, and body of a GET."""
    reader, writer = await asyncio.open_connection(settings.host, settings.port)
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    )
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    status, *lines = head.split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(status.split()[1]), headers, body


async def health(settings: Settings) -> dict[str, Any]:
    """Return what the server says of itself."""
    said: dict[str, Any] = json.loads((await get(settings, "/health"))[2])
    return said


def purchase(
    number: int, product_id: str = "rye", **changes: object
) -> dict[str, object]:
    """A purchase as a client writes it."""
    return {
        "type": "purchase",
        "event_id": f"e-{number}",
        "product_id": product_id,
        "occurred_at": "2011-10-31T12:00:00Z",
        "company_id": "mill",
        "quantity": "2",
        "unit_price": "1.50",
        **changes,
    }


def publish(name: str, *events: object) -> Publish:
    """A `publish` of anything, event or not."""
    return Publish(
        id=name,
        events=tuple(msgspec.Raw(json.dumps(event).encode()) for event in events),
    )
