"""
The sums of a live round are the published ones, whatever happens on the way.

At the prices that a published run announced in a round, all councils answer; their
79,491 events go through feed server, Kafka and worker, shuffled, a fifth of them twice,
while the worker is killed. What the rows then hold is held against what that run found
(`expected` in the packaged file), to nine digits. That quantities have six decimal
places is why they travel in thousandths: see parfeed/economy/answer_events.py.
"""

import asyncio
import os
import random
import signal
from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest
from support.feed_process import ready
from support.polling import SCALE, eventually
from support.processes import Processes
from support.traffic import refused_counts

from parfeed.client.connection import connect
from parfeed.client.feed import Feed
from parfeed.client.subscription import Subscription
from parfeed.deployment import set_up
from parfeed.economy.answer_events import PARTS_PER_UNIT, AnswerEvents, Naming
from parfeed.economy.councils import economy_of
from parfeed.economy.reading import read_councils
from schemas.feed import Result
from schemas.settings import Settings
from schemas.values import Period

pytestmark = pytest.mark.kafka

PERIOD = Period("2026-W48")
CHUNK = 4_000


async def publish(feed: Feed, events: list[bytes]) -> list[Result]:
    parts = [events[begin : begin + CHUNK] for begin in range(0, len(events), CHUNK)]
    answered = await asyncio.gather(*(feed.publish(part) for part in parts))
    return [result for results in answered for result in results]


def folded(rows: Subscription) -> int:
    return sum(row.sequence for row in rows.rows.values())


@pytest.mark.parametrize(("partitions", "round_"), [(1, 2), (4, 19)])
async def test_the_sums_of_a_live_round_equal_the_published_ones(
    settings: Settings, processes: Processes, partitions: int, round_: int
) -> None:
    if partitions != settings.partitions:
        settings = msgspec.structs.replace(
            settings,
            partitions=partitions,
            topic_prefix=f"{settings.topic_prefix}-{partitions}",
        )
        await set_up(settings.broker, settings)
    found = read_councils()
    economy = economy_of(found)
    # Of a published round: the prices that the one before it ended with.
    published = found.expected[round_ - 1]
    answers = economy.answer(np.array(found.expected[round_ - 2].price))
    naming = Naming("live", PERIOD, economy.names)
    once = AnswerEvents(naming, answers).of_round(answers, 1, datetime.now(UTC))
    chance = random.Random(round_)
    events = once + chance.sample(once, len(once) // 5)
    chance.shuffle(events)

    await ready(processes, settings)
    worker = await processes.worker(settings)
    url = f"ws://127.0.0.1:{settings.port}/"
    async with connect(url, open_timeout=10 * SCALE) as feed:
        rows = feed.subscribe(period=PERIOD)
        publishing = asyncio.create_task(publish(feed, events))
        await eventually(lambda: folded(rows) > len(once) // 5, within_s=60)
        assert folded(rows) < len(once)
        os.kill(worker.pid, signal.SIGKILL)
        await worker.wait()
        await processes.worker(settings)
        results = await publishing
        assert not [result for result in results if result.error is not None]
        await eventually(lambda: folded(rows) == len(once), within_s=60)
        held = {row.product_id: row for row in rows.rows.values()}

    for name, supply, demand in zip(
        economy.names, published.supply, published.demand, strict=True
    ):
        row = held.pop(name)
        said = (
            float(row.supply.planned / PARTS_PER_UNIT),
            float(row.demand.planned / PARTS_PER_UNIT),
        )
        assert said == pytest.approx((supply, demand), rel=1e-9, abs=0), name
    assert not held

    async def all_refused() -> bool:
        again = {"duplicate": len(events) - len(once)}
        return await refused_counts(settings) == again

    await eventually(all_refused, within_s=30, every_s=0.2)
