"""
A market in a hurry:
`python -m benchmarks.clients.console_market PORT PRODUCTS ROWS_PER_S`

A feed server without Kafka, as page_market.py, whose rows are made beforehand so that
20,000 versions a second can be written on a part of one core. Says `ready` once it
listens, and serves until its standard input is closed.
"""

import asyncio
import random
import sys
from itertools import cycle, islice
from typing import Final

from benchmarks.clients.page_market import WRITE_S, NobodyStores, Rows
from feed_server.channels import Channels
from feed_server.server import FeedServer
from feed_server.view import View
from schemas.settings import Settings

VERSIONS: Final = 4
"""Of every row, one after the other: each is another text, and must be sent."""

MOST_LATE_S: Final = 0.05
"""What a busy machine held up for longer is left out: the rate falls, the market lives;
the console says at which rate rows came."""


async def serve(port: int, products: int, rows_per_s: int) -> None:
    """Serve until the standard input is closed."""
    settings = Settings(port=port)
    nobody = NobodyStores()
    draw = random.Random(7)
    server = FeedServer(settings, nobody, nobody, chance=draw, name="console-benchmark")
    channels = Channels(View("ab", settings.partitions))
    rows = Rows(products, draw)
    versions = [list(rows.all()) for _ in range(VERSIONS)]
    for version in versions[1:]:
        # Otherwise all rows of a moment would change in one order.
        draw.shuffle(version)
    offsets = [0] * settings.partitions

    def write(records: list[tuple[bytes, bytes]]) -> None:
        for key, value in records:
            partition = sum(key) % settings.partitions
            channels.apply(partition, offsets[partition], key, value)
            offsets[partition] += 1
        channels.lag_ms = 4.0
        server.audience.wake()

    async def change() -> None:
        loop = asyncio.get_running_loop()
        begun, written = loop.time(), 0
        endless = cycle(record for version in versions for record in version)
        while True:
            await asyncio.sleep(WRITE_S)
            due = int((loop.time() - begun) * rows_per_s) - written
            write(list(islice(endless, min(due, int(rows_per_s * MOST_LATE_S)))))
            written += due

    write(versions[0])
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
