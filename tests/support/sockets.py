"""Websocket clients for tests: a reader by the letter on a real socket."""

import asyncio
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner
from support.by_the_letter import WEEK, Reader, row_key, row_value
from support.polling import SCALE
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from schemas.codec import encode
from schemas.feed import SUBPROTOCOL, Hello, Message, Subscribe
from schemas.settings import Settings
from schemas.topics import MARKET, full_name


class Socket:
    """
    A connected client; an async context manager.

    Args:
        settings: where the server listens.
        reader: continues what another socket had; None begins anew.
    """

    def __init__(
        self,
        settings: Settings,
        reader: Reader | None = None,
        *,
        hello: bool = True,
        **options: Any,
    ) -> None:
        self.reader = reader or Reader()
        self.connection: ClientConnection
        self._hello = hello
        self._connecting = connect(
            f"ws://{settings.host}:{settings.port}/",
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            max_size=None,
            compression=None,
            ping_interval=None,
            proxy=None,
            **options,
        )

    async def __aenter__(self) -> Self:
        self.connection = await self._connecting
        if self._hello:
            await self.say(Hello(client="test"))
            await self.until(lambda message: message["type"] == "welcome")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.connection.close()

    async def say(self, message: Message | str | bytes) -> None:
        """Send a message, or anything else."""
        if isinstance(message, Message):
            message = encode(message).decode()
        await self.connection.send(message)

    async def subscribe(self, name: str = "s", **options: Any) -> dict[str, Any]:
        """Subscribe and return the first snapshot or update."""
        await self.say(Subscribe(id=name, **{"channel": "market", **options}))
        return await self.until(
            lambda message: (
                message["type"] in ("snapshot", "update", "error")
                and message.get("id") == name
            )
        )

    async def take(self) -> dict[str, Any]:
        """Apply the next message and return it."""
        async with asyncio.timeout(10 * SCALE):
            payload = await self.connection.recv()
        return self.reader.take(payload)

    async def until(self, accept: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Apply messages up to the first that is accepted, and return that."""
        while True:
            message = await self.take()
            if accept(message):
                return message

    async def until_has(self, name: str, sequences: dict[str, int]) -> None:
        """Apply messages until the subscription has these rows."""
        while self.reader.sequences(name) != sequences:
            await self.take()


class RowWriter:
    """
    Writes rows as a worker does, in transactions; an async context manager.

    Attributes:
        sequences: by product, the newest sequence written.
    """

    def __init__(self, settings: Settings) -> None:
        self.sequences: dict[str, int] = {}
        self._topic = full_name(settings.topic_prefix, MARKET)
        self._partitions = list(range(settings.partitions))
        self._producer = AIOKafkaProducer(
            bootstrap_servers=settings.broker,
            transactional_id=f"{settings.topic_prefix}.rows",
        )

    async def __aenter__(self) -> Self:
        await self._producer.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._producer.stop()

    async def write(self, *product_ids: str, padding: int = 0) -> None:
        """Write the next version of these rows in one transaction."""
        async with self._producer.transaction():
            sent = []
            for product_id in product_ids:
                sequence = self.sequences.get(product_id, 0) + 1
                self.sequences[product_id] = sequence
                value = row_value(product_id, sequence)
                if padding:
                    row = json.loads(value) | {"padding": "x" * padding}
                    value = json.dumps(row, separators=(",", ":")).encode()
                sent.append(
                    await self._producer.send(
                        self._topic,
                        key=row_key(product_id),
                        value=value,
                        partition=self.partition_of(product_id),
                    )
                )
            await asyncio.gather(*sent)

    def partition_of(self, product_id: str) -> int:
        """The partition of a product's rows."""
        return int(
            DefaultPartitioner()(
                product_id.encode(), self._partitions, self._partitions
            )
        )


__all__ = ["WEEK", "RowWriter", "Socket"]
