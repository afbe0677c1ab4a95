"""Channels with a log of their own to feed them, and sessions over a fake wire."""

import json
from typing import Any

from support.by_the_letter import WEEK, Reader, ledger_record, row_key, row_value

from feed_server import frames
from feed_server.channels import Channels
from feed_server.messages import decode_message
from feed_server.session import Session, State
from feed_server.view import View
from schemas.channels import CHANNEL_OF_ROW, FeedRow
from schemas.codec import encode
from schemas.feed import Hello, Message, Subscribe
from schemas.settings import Settings


class Market:
    """Channels and the log behind them; `now` is its clock."""

    def __init__(
        self, partitions: int = 2, epoch: str = "ab", private_partitions: int = 0
    ) -> None:
        self.channels = Channels(View(epoch, partitions, private_partitions))
        self.now = 1_000.0
        self._partitions = partitions
        self._private_partitions = private_partitions
        self._sequences: dict[tuple[str, str], int] = {}

    def change(self, product_id: str, period: str = WEEK) -> int:
        """Write the row's next version and return its sequence."""
        key = (product_id, period)
        sequence = self._sequences[key] = self._sequences.get(key, 0) + 1
        partition = sum(product_id.encode()) % self._partitions
        offset = self.channels.view.cursor.offsets[partition]
        self.channels.apply(
            partition,
            offset,
            row_key(product_id, period),
            row_value(product_id, sequence, period),
        )
        return sequence

    def write(self, row: FeedRow) -> None:
        """Write a row of any channel where the ledger would."""
        record = ledger_record(row)
        is_private = CHANNEL_OF_ROW[json.loads(record[1])["type"]].is_private
        name = str(getattr(row, "party", row.product_id))
        count = self._private_partitions if is_private else self._partitions
        partition = sum(name.encode()) % count
        partition += self._partitions if is_private else 0
        offset = self.channels.view.cursor.offsets[partition]
        self.channels.apply(partition, offset, *record)

    def flush(self, later_s: float = 0.0) -> None:
        """Let a tick pass."""
        self.now += later_s
        self.channels.flush(self.now)

    def truth(self, **wanted: Any) -> dict[str, int]:
        """By product, the sequence of the newest row."""
        return {product: sequence for (product, _), sequence in self._sequences.items()}


class Wire:
    """A session and the reader at its other end."""

    def __init__(
        self,
        market: Market,
        settings: Settings | None = None,
        *,
        hello: bool = True,
        address: str = "127.0.0.1",
    ) -> None:
        self.market = market
        self.session = Session(
            settings or Settings(), market.channels, "server-1", market.now, address
        )
        self.reader = Reader()
        if hello:
            self.say(Hello())

    def say(self, message: Message) -> list[dict[str, Any]]:
        """Send a message as bytes and return the answers."""
        decoded = decode_message(encode(message).decode())
        self.session.receive(decoded, self.market.now)
        return self.deliver()

    def subscribe(self, name: str = "s", **options: Any) -> list[dict[str, Any]]:
        """Subscribe and return the answers."""
        return self.say(Subscribe(id=name, **{"channel": "market", **options}))

    def deliver(self) -> list[dict[str, Any]]:
        """Hand everything that was sent to the reader."""
        return [
            self.reader.take(frames.payload(frame))
            for frame in self.session.messages_to_send()
        ]

    def tick(self, later_s: float = 0.0) -> list[dict[str, Any]]:
        """Let a tick pass and return what came of it."""
        self.market.flush(later_s)
        return self.deliver()

    def beat(self) -> dict[str, Any]:
        """Let a heartbeat pass and return it."""
        self.market.channels.begin_heartbeats()
        self.market.flush()
        self.session.beat()
        return self.deliver()[-1]

    @property
    def state(self) -> State:
        """Where the session is."""
        return self.session.state
