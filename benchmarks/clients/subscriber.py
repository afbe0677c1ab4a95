"""
A client that is subscribed to the whole market, and notes which row came when.

    python -m benchmarks.clients.subscriber URL OUTPUT

Writes OUTPUT.ready when it has its snapshot, and OUTPUT when it is told to stop by
SIGTERM. Of a row it reads the product and the position only, 1 us each: what it does
must not slow what it measures.
"""

import asyncio
import signal
import sys
import time
from array import array
from pathlib import Path

import msgspec

import parfeed
from benchmarks.matching import Seen
from schemas.topics import PURCHASES


class _Row(msgspec.Struct):
    product_id: str
    positions: dict[str, int]


_decode = msgspec.json.Decoder(_Row).decode


async def watch(url: str, ready: Path) -> Seen:
    """Watch until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    numbers: dict[str, int] = {}
    # Arrays of integers are nothing to the garbage collector, whose pauses would show.
    at_ns, products, positions = array("q"), array("l"), array("q")
    updates = merged = 0

    async with parfeed.connect(url, client="benchmark subscriber") as feed:

        async def note() -> None:
            nonlocal updates, merged
            async for update in feed.subscribe("market"):
                now_ns = time.monotonic_ns()
                updates += 1
                merged += update.merged
                for raw in update.raw:
                    row = _decode(raw)
                    position = row.positions.get(PURCHASES.name)
                    if position is None:
                        continue
                    at_ns.append(now_ns)
                    products.append(numbers.setdefault(row.product_id, len(numbers)))
                    positions.append(position)
                if update.is_snapshot:
                    await asyncio.to_thread(ready.touch)

        noting = asyncio.create_task(note())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({noting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (noting, stopping):
            if task.done():
                task.result()
            task.cancel()
        await asyncio.gather(noting, stopping, return_exceptions=True)
    return Seen(
        product_ids=list(numbers),
        at_ns=at_ns.tolist(),
        products=products.tolist(),
        positions=positions.tolist(),
        updates=updates,
        merged=merged,
    )


def main() -> None:
    url, output = sys.argv[1:]
    seen = asyncio.run(watch(url, Path(f"{output}.ready")))
    Path(output).write_bytes(msgspec.msgpack.encode(seen))


if __name__ == "__main__":
    main()
