"""
A client that publishes purchases at an even rate, and notes when and where they went.

    python -m benchmarks.clients.publisher URL RATE SECONDS DRAW OUTPUT

Open loop: a batch every few ms, at its time, however slow the answers are. So a feed
that stalls is charged for every event of the stall. A publisher that is late itself
says so (`late_ns`); who reads the result decides whether it still counts.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

import parfeed
from benchmarks.matching import Published
from benchmarks.purchases import Draw, Purchases
from schemas.feed import Result

BATCH_EVERY_S: Final = 0.005
"""5 ms: many shops would send at any moment; at 5,000/s these are 25 events."""

MAX_UNANSWERED: Final = 400
"""Batches handed in and not answered: 2 s. Then the publisher waits, and is late."""


async def publish(url: str, rate: int, seconds: float, draw: Draw) -> Published:
    """
    Publish for some seconds.

    Raises:
        RuntimeError: if the feed refused an event.
    """
    purchases = Purchases(draw)
    done = Published(
        sent_ns=[], late_ns=[], acked_ns=[], sizes=[], products=[], offsets=[]
    )
    results: list[list[Result]] = []
    unanswered = asyncio.Semaphore(MAX_UNANSWERED)

    async with parfeed.connect(url, client="benchmark publisher") as feed:

        async def hand_in(index: int, events: list[bytes]) -> None:
            results[index] = await feed.publish(events)
            done.acked_ns[index] = time.monotonic_ns()
            unanswered.release()

        begin_ns = time.monotonic_ns()
        made = 0
        async with asyncio.TaskGroup() as handed_in:
            for index in range(int(seconds / BATCH_EVERY_S)):
                due_ns = begin_ns + int(index * BATCH_EVERY_S * 1e9)
                wait_s = (due_ns - time.monotonic_ns()) / 1e9
                if wait_s > 0:
                    await asyncio.sleep(wait_s)
                await unanswered.acquire()
                size = int((index + 1) * BATCH_EVERY_S * rate) - made
                if size == 0:
                    unanswered.release()
                    continue
                made += size
                batch = list(purchases.take(size, datetime.now(UTC), rate))
                done.products += [number for number, _ in batch]
                done.sizes.append(size)
                done.acked_ns.append(0)
                results.append([])
                sent_ns = time.monotonic_ns()
                done.sent_ns.append(sent_ns)
                done.late_ns.append(max(0, sent_ns - due_ns))
                handed_in.create_task(
                    hand_in(len(results) - 1, [event for _, event in batch])
                )
    for result in (result for batch in results for result in batch):
        if result.offset is None:
            raise RuntimeError(f"an event was refused: {result}")
        done.offsets.append(result.offset)
    return done


def main() -> None:
    url, rate, seconds, draw, output = sys.argv[1:]
    kind: Draw = "zipf" if draw == "zipf" else "even"
    done = asyncio.run(publish(url, int(rate), float(seconds), kind))
    Path(output).write_bytes(msgspec.msgpack.encode(done))


if __name__ == "__main__":
    main()
