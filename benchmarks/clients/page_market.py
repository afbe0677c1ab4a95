"""
A market to look at: `python -m benchmarks.clients.page_market PORT PRODUCTS ROWS_PER_S`

A feed server without Kafka, whose rows change evenly at a rate; says `ready` once it
listens, and serves until its standard input is closed. Rows are those of a market in
full swing: planned, traded, with a day of rolling figures.
"""

import asyncio
import random
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from feed_server.channels import Channels
from feed_server.errors import Overloaded
from feed_server.server import FeedServer
from feed_server.verdicts import Question
from feed_server.view import View
from schemas.codec import decode_market_row, encode
from schemas.feed import Outcome, Result
from schemas.settings import Settings
from streams.market.imbalance import imbalance_of

WEEK: Final = "2026-W02"
WRITE_S: Final = 0.01
"""Between two writes; each has its share of the rate."""

VERSIONS: Final = 3
"""Of each row, that take turns."""

DAY_BUCKETS: Final = 24
HOUR_BUCKETS: Final = 12
BEGAN_S: Final = 1_767_571_200
"""2026-01-05, the week's Monday."""


class NobodyStores:
    """Takes no events: who looks at a market hands none in."""

    def publish(self, events: Sequence[bytes]) -> "asyncio.Future[tuple[Result, ...]]":
        """Refuse them."""
        raise Overloaded(0, len(events), 0)

    def ask(self, events: Sequence[bytes]) -> Question:
        """Prepare to judge."""
        return Question([None] * len(events))

    def drop(self, question: Question) -> None:
        """Forget a question."""

    def acknowledge(
        self, question: Question, results: Sequence[Result]
    ) -> "asyncio.Future[tuple[Outcome, ...]]":
        """Judge nothing: nothing is ever stored."""
        raise AssertionError(f"{len(results)} events were stored by nobody")


class Rows:
    """
    A market's rows in several versions each, made ahead: writing one costs nothing that
    the page could be blamed for.

    Args:
        products: how many there are.
        draw: chance.
    """

    def __init__(self, products: int, draw: random.Random) -> None:
        self._draw = draw
        self._versions = [
            [_row(number, version, draw) for version in range(VERSIONS)]
            for number in range(products)
        ]
        self._turn = 0

    def all(self) -> Iterator[tuple[bytes, bytes]]:
        """Return every row once: key and value."""
        return (versions[0] for versions in self._versions)

    def some(self, count: int) -> Iterator[tuple[bytes, bytes]]:
        """Return other versions of rows that are drawn evenly."""
        self._turn += 1
        version = self._turn % VERSIONS
        return (each[version] for each in self._draw.sample(self._versions, count))


def _row(number: int, version: int, draw: random.Random) -> tuple[bytes, bytes]:
    product_id = f"product {number:05}"
    supply, demand = draw.randint(900, 1_100), draw.randint(900, 1_100)
    price = f"{draw.uniform(1, 90):.2f}"
    now = f"2026-01-05T{draw.randrange(24):02}:{draw.randrange(60):02}:00Z"
    bought = {"quantity": f"{draw.randint(1, 99)}", "value": f"{draw.randint(1, 99)}"}
    row = {
        "product_id": product_id,
        "period": WEEK,
        "sequence": version,
        "positions": {"bids": number, "board": 9, "purchases": 5 * number + version},
        "occurred_at": now,
        "received_at": now,
        "supply": {"planned": str(supply), "produced": str(draw.randint(1, 900))},
        "demand": {"planned": str(demand), "unplanned_purchases": bought},
        "price": {"planned": price, "unplanned": price, "difference": "0.00"},
        "rolling": {
            "minute": _window(1, 10, draw),
            "hour": _window(HOUR_BUCKETS, 300, draw),
            "day": _window(DAY_BUCKETS, 3_600, draw),
        },
        "planning": {"round": 7, "bids": 12, "plans": 40},
        "imbalance": imbalance_of(Decimal(supply), Decimal(demand)),
        "type": "market",
    }
    # Through the struct, so that the text is what a worker would write.
    whole = decode_market_row(msgspec.json.encode(row))
    return msgspec.json.encode([product_id, WEEK]), encode(whole)


def _window(buckets: int, length_s: int, draw: random.Random) -> dict[str, object]:
    return {
        "quantity": "96",
        "value": "240.00",
        "mean_price": "2.500000",
        "buckets": [
            [BEGAN_S + n * length_s, str(draw.randint(1, 9)), "12.50"]
            for n in range(buckets)
        ],
    }


async def serve(port: int, products: int, rows_per_s: int) -> None:
    """Serve until the standard input is closed."""
    settings = Settings(port=port)
    nobody = NobodyStores()
    draw = random.Random(7)
    server = FeedServer(settings, nobody, nobody, chance=draw, name="page-benchmark")
    channels = Channels(View("ab", settings.partitions))
    rows = Rows(products, draw)

    def write(records: Iterator[tuple[bytes, bytes]]) -> None:
        for key, value in records:
            partition = sum(key) % settings.partitions
            offset = channels.view.cursor.offsets[partition]
            channels.apply(partition, offset, key, value)
        channels.lag_ms = 4.0
        server.audience.wake()

    async def change() -> None:
        loop = asyncio.get_running_loop()
        begun, written = loop.time(), 0
        while True:
            await asyncio.sleep(WRITE_S)
            due = int((loop.time() - begun) * rows_per_s) - written
            write(rows.some(min(due, products)))
            written += due

    write(rows.all())
    server.audience.channels = channels
    await server.start()
    tasks = [asyncio.create_task(server.audience.tick()), asyncio.create_task(change())]
    print("ready", flush=True)
    try:
        reading = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
        done, _ = await asyncio.wait(
            {reading, *tasks}, return_when=asyncio.FIRST_COMPLETED
        )
        for each in done:
            each.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.stop(1001)


if __name__ == "__main__":
    asyncio.run(serve(*map(int, sys.argv[1:])))
