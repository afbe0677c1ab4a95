"""
PURE. From what was published and what was seen to latencies.

An event is in a row as soon as the row's position of `purchases` has reached the
event's offset in its partition: the ack gives the offset, the row the position, and
both are exact. So the event's latency ends with the first update that brings such a
row of its product, whether or not versions of the row were merged on the way.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import msgspec


class Published(msgspec.Struct, kw_only=True):
    """
    What the publisher did, in batches; times in nanoseconds of the monotonic clock.

    Attributes:
        sent_ns: when each batch was handed to the client.
        late_ns: how long after its time that was.
        acked_ns: when the answer to the whole batch was there.
        sizes: events of each batch.
        products: by number, of all events in order.
        offsets: that the acks gave, of all events in order.
    """

    sent_ns: list[int]
    late_ns: list[int]
    acked_ns: list[int]
    sizes: list[int]
    products: list[int]
    offsets: list[int]


class Seen(msgspec.Struct, kw_only=True):
    """
    What the subscriber saw, in order; times as in Published.

    Attributes:
        product_ids: the products seen, by the numbers that `products` has.
        at_ns: when each row's update arrived.
        products: of each row.
        positions: of each row: the offset of the last purchase in it.
        updates: how many updates brought them.
        merged: versions of rows that were skipped because newer ones followed.
    """

    product_ids: list[str]
    at_ns: list[int]
    products: list[int]
    positions: list[int]
    updates: int
    merged: int


class Matched(NamedTuple):
    """
    Attributes:
        latencies_ns: of the events that were seen, ascending.
        acks_ns: from handing in to the answer, ascending; one per event too.
        unseen: how many events were never seen.
    """

    latencies_ns: list[int]
    acks_ns: list[int]
    unseen: int


def match(
    published: Published,
    seen: Seen,
    product_ids: Sequence[str],
    begin_ns: int,
    end_ns: int,
) -> Matched:
    """
    Find when each event was seen.

    Args:
        published: all of a run.
        seen: all of a run.
        product_ids: the products by the publisher's numbers.
        begin_ns: events handed in before do not count.
        end_ns: nor do those from then on.
    """
    arrivals: dict[str, tuple[list[int], list[int]]] = {
        product_id: ([], []) for product_id in seen.product_ids
    }
    rows = zip(seen.products, seen.positions, seen.at_ns, strict=True)
    for product, position, at_ns in rows:
        positions, times = arrivals[seen.product_ids[product]]
        # A snapshot after a reconnect brings again what is known, other periods too.
        if not positions or position > positions[-1]:
            positions.append(position)
            times.append(at_ns)
    latencies: list[int] = []
    acks: list[int] = []
    unseen = index = 0
    for sent_ns, acked_ns, size in zip(
        published.sent_ns, published.acked_ns, published.sizes, strict=True
    ):
        first, index = index, index + size
        if not begin_ns <= sent_ns < end_ns:
            continue
        for event in range(first, index):
            acks.append(acked_ns - sent_ns)
            positions, times = arrivals.get(
                product_ids[published.products[event]], ([], [])
            )
            place = bisect_left(positions, published.offsets[event])
            if place == len(positions):
                unseen += 1
            else:
                latencies.append(times[place] - sent_ns)
    latencies.sort()
    acks.sort()
    return Matched(latencies, acks, unseen)
