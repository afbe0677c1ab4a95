"""Planning through Kafka and real workers: sums, gates and restarts."""

import asyncio
import json
import os
import random
import signal
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from support.polling import eventually
from support.processes import Processes
from support.traffic import folded_count, read_market, read_topic, refused_counts

from parfeed.deployment import set_up
from schemas.codec import decode_line
from schemas.settings import Settings
from schemas.topics import BOARD, LINES, TOPIC_OF_EVENT, full_name

pytestmark = pytest.mark.kafka

WEEK = "2031-W05"
PRODUCTS = [f"product-{number}" for number in range(12)]
Said = dict[str, Any]


async def send(settings: Settings, events: Sequence[Said]) -> None:
    """Send events to their topics, a period's times to every partition."""
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.broker, enable_idempotence=True
    )
    await producer.start()
    try:
        confirmed = []
        for event in events:
            name = full_name(settings.topic_prefix, TOPIC_OF_EVENT[event["type"]])
            value = json.dumps(event).encode()
            if event["type"] == "period":
                confirmed += [
                    await producer.send(name, value=value, partition=partition)
                    for partition in range(settings.partitions)
                ]
            else:
                key = event["product_id"].encode()
                confirmed += [await producer.send(name, key=key, value=value)]
        await asyncio.gather(*confirmed)
    finally:
        await producer.stop()


def now() -> str:
    return datetime.now(UTC).isoformat()


def announced(round_: int, prices: dict[str, str]) -> list[Said]:
    return [
        {
            "type": "announced_price",
            "event_id": f"{product_id} {round_}",
            "product_id": product_id,
            "occurred_at": now(),
            "period": WEEK,
            "announced_price": price,
            "round": round_,
        }
        for product_id, price in prices.items()
    ]


def lines(count: int, round_: int, seed: int) -> list[Said]:
    """Bids and plan lines, most with a limit or a schedule."""
    draw = random.Random(seed)
    said = []
    for number in range(count):
        is_bid = number % 3 == 0
        line: Said = {
            "type": "bid" if is_bid else "plan",
            "event_id": f"{round_} {number}",
            "product_id": PRODUCTS[number % len(PRODUCTS)],
            "occurred_at": now(),
            "company_id" if is_bid else "consumer_id": f"party {number}",
            "period": WEEK,
            "quantity": f"{draw.randint(1, 10**9)}.{draw.randrange(10**6):06}",
            "revision": round_,
            "round": round_,
        }
        if number % 5 == 0:
            units = sorted(draw.sample(range(1, 10_000), 3), reverse=not is_bid)
            line["schedule"] = [
                [str(price), str(quantity)]
                for price, quantity in zip((2, 5, 9), units, strict=True)
            ]
        elif number % 5 < 3:
            line["least_price" if is_bid else "greatest_price"] = str(
                draw.randint(1, 10)
            )
        said.append(line)
    return said


def sums(said: Sequence[Said], prices: dict[str, str]) -> dict[str, list[Fraction]]:
    """S and D by product, in fractions; no code of the fold."""
    found = {product_id: [Fraction(0), Fraction(0)] for product_id in PRODUCTS}
    for line in said:
        price = Fraction(prices[line["product_id"]])
        side = 0 if line["type"] == "bid" else 1
        found[line["product_id"]][side] += _answer(line, price, is_bid=side == 0)
    return found


def _answer(line: Said, price: Fraction, *, is_bid: bool) -> Fraction:
    if price < Fraction(line.get("least_price", "0")):
        return Fraction(0)
    if price > Fraction(line.get("greatest_price", "1000")):
        return Fraction(0)
    if "schedule" not in line:
        return Fraction(line["quantity"])
    points = [(Fraction(at), Fraction(units)) for at, units in line["schedule"]]
    if price < points[0][0]:
        return Fraction(0) if is_bid else points[0][1]
    for (low, first), (high, second) in pairwise(points):
        if low <= price <= high:
            exact = first + (second - first) * (price - low) / (high - low)
            return Fraction(round(exact * 10**6), 10**6)
    return points[-1][1] if is_bid else Fraction(0)


async def planned(settings: Settings) -> dict[str, list[Fraction]]:
    rows = await read_market(settings)
    return {
        product_id: [Fraction(row.supply.planned), Fraction(row.demand.planned)]
        for (product_id, _), row in rows.items()
    }


@pytest.mark.parametrize("partitions", [1, 4])
async def test_a_rounds_sums_are_exact_with_repeats_and_a_worker_killed_in_the_middle(
    settings: Settings, processes: Processes, partitions: int
) -> None:
    if partitions != settings.partitions:
        settings = msgspec.structs.replace(
            settings,
            partitions=partitions,
            topic_prefix=f"{settings.topic_prefix}-{partitions}",
        )
        await set_up(settings.broker, settings)
    count = 6_000
    rounds = {
        1: dict.fromkeys(PRODUCTS, "3.5"),
        2: {product_id: f"{2 + at % 7}.25" for at, product_id in enumerate(PRODUCTS)},
    }
    worker = await processes.worker(settings)
    for round_, prices in rounds.items():
        said = lines(count, round_, seed=round_)
        draw = random.Random(round_)
        repeated = draw.sample(said, count // 5)
        everything = said + repeated
        draw.shuffle(everything)
        half = len(everything) // 2
        await send(settings, everything[:half])
        await send(settings, announced(round_, prices))

        async def begun(least: int = (round_ - 1) * count + 100) -> bool:
            return await folded_count(settings, committed=False) >= least

        await eventually(begun, within_s=60, every_s=0.05)
        os.kill(worker.pid, signal.SIGKILL)
        await worker.wait()
        await send(settings, everything[half:])
        worker = await processes.worker(settings)

        async def exact(
            expected: dict[str, list[Fraction]] = sums(said, prices),  # noqa: B008
        ) -> bool:
            assert await planned(settings) == expected
            return True

        await eventually(exact, within_s=60, every_s=0.3)
    assert await refused_counts(settings) == {"duplicate": 2 * (count // 5)}
    # What the board reads of single lines adds up to the same.
    newest = {}
    for record in await read_topic(settings, LINES):
        newest[record.key] = decode_line(record.value)
    single = {product_id: [Fraction(0), Fraction(0)] for product_id in PRODUCTS}
    for line in newest.values():
        if line.kind in ("bid", "plan"):
            side = 0 if line.kind == "bid" else 1
            single[line.product_id][side] += Fraction(line.amount)
    assert single == await planned(settings)


async def test_a_gate_that_closed_while_no_worker_ran_is_known_when_late_lines_come(
    settings: Settings, processes: Processes
) -> None:
    early, late = lines(3_000, 1, seed=1), lines(3_000, 2, seed=2)
    prices = dict.fromkeys(PRODUCTS, "3")
    times = {"type": "period", "occurred_at": now(), "period": WEEK}
    await send(settings, announced(1, prices))
    await send(settings, [{**times, "event_id": "opens"}])
    await send(settings, early)
    closes = {**times, "event_id": "closes", "closes_at": now(), "revision": 1}
    await send(settings, [closes])
    await send(settings, late)
    await processes.worker(settings)

    async def all_refused() -> bool:
        assert await refused_counts(settings) == Counter(gate_closed=len(late))
        assert await planned(settings) == sums(early, prices)
        return True

    await eventually(all_refused, within_s=60, every_s=0.3)
    words = await read_topic(settings, BOARD)
    assert len(words) == len(PRODUCTS) + 2 * settings.partitions
