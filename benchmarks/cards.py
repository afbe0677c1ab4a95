"""
Cards: from a purchase that is asked for at a till to the final answer.

Real processes on one machine: Kafka, one worker, the ledger, one feed server, and many
tills in one client, the Python client as users have it.

- Each request is a purchase of one unit by a consumer drawn at random. Its time begins
  before it is handed to the client and ends when its verdict is there.
- At a rate, which is kept by the clock and not by the answers; and as many as go, with
  so many tills that each ask their next one when the last is answered.
- Every card holds all that is asked of it, so each answer has to be an approval, and a
  run with another answer fails.
"""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

import msgspec

import parfeed
from benchmarks.figures import Spread, percentile
from benchmarks.report import Table, number, spread
from benchmarks.stage import (
    BenchmarkFailed,
    Stage,
    answers,
    environ_of,
    free_port,
    python,
    running,
)
from parfeed.client.feed import Feed
from schemas.event_base import EventBase
from schemas.events import UnplannedPricePosted
from schemas.settings import Settings
from schemas.trading import BudgetSet, PurchaseRequested
from schemas.values import Period, PositiveQuantity, Price, Quantity

log = logging.getLogger(__name__)

CONSUMERS: Final = 1_000
PRODUCTS: Final = 100
READY_LIMIT_S: Final = 60.0
WARM_UP: Final = 200
"""Requests that are not counted: connections are made, code warms up."""

_PERIOD: Final = Period("2011-W44")
_MOMENT: Final = datetime(2011, 11, 1, 9, tzinfo=UTC)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """
    What to run.

    Attributes:
        rate: requests per second of the first part.
        seconds: that it takes.
        tills: that ask at once in the second part.
        requests: of the second part.
        rounds: how often all of it is run.
    """

    rate: int = 200
    seconds: float = 10.0
    tills: int = 200
    requests: int = 10_000
    rounds: int = 3


class CardsResult(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        answer_ms: by percentile, at the rate.
        decided_per_s: with as many tills as there are.
    """

    plan: Plan
    answer_ms: dict[str, Spread]
    decided_per_s: Spread


async def run(plan: Plan, stage: Stage) -> CardsResult:
    """
    Ask, several times, each in a deployment of its own.

    Raises:
        BenchmarkFailed: if a process fails, or a purchase is not approved.
    """
    at_rate: list[list[float]] = []
    per_s: list[float] = []
    for _ in range(plan.rounds):
        async with stage.deployment(port=free_port()) as settings:
            waited, decided = await _run(plan, stage, settings)
        at_rate.append(sorted(waited))
        per_s.append(decided)
        log.info("%.0f requests/s decided", decided)
    return CardsResult(
        plan=plan,
        answer_ms={
            f"p{percent:g}": Spread.of([percentile(each, percent) for each in at_rate])
            for percent in (50.0, 99.0)
        },
        decided_per_s=Spread.of(per_s),
    )


def tables(result: CardsResult) -> list[Table]:
    """Return the runs as a table."""
    plan = result.plan
    milliseconds = number("{:.0f} ms")
    return [
        Table(
            title=f"{CONSUMERS:,} consumers' cards, {PRODUCTS} products",
            head=("", "figure"),
            rows=[
                *(
                    (
                        f"request to final answer, {plan.rate} a second, {name}",
                        spread(value, milliseconds),
                    )
                    for name, value in result.answer_ms.items()
                ),
                (
                    f"decided a second, {plan.tills} tills at once",
                    spread(result.decided_per_s),
                ),
            ],
            notes=["Every answer was checked to be an approval."],
        )
    ]


# Private


async def _run(
    plan: Plan, stage: Stage, settings: Settings
) -> tuple[list[float], float]:
    async with _processes(stage, settings):
        url = f"ws://{settings.host}:{settings.port}"
        async with parfeed.connect(url, timeout=READY_LIMIT_S) as feed:
            tills = _Tills(feed)
            await tills.open()
            await tills.ask_at_once(WARM_UP, plan.tills)
            waited = await tills.ask_at(plan.rate, plan.seconds)
            began = time.perf_counter()
            await tills.ask_at_once(plan.requests, plan.tills)
            return waited, plan.requests / (time.perf_counter() - began)


@asynccontextmanager
async def _processes(stage: Stage, settings: Settings) -> AsyncIterator[None]:
    environ = environ_of(settings)
    async with (
        running(stage.directory, "worker", python("-m", "streams"), environ),
        running(stage.directory, "ledger", python("-m", "streams.ledger"), environ),
        running(
            stage.directory, "feed_server", python("-m", "feed_server"), environ
        ) as feed,
    ):
        await answers(settings, feed, READY_LIMIT_S)
        yield


class _Tills:
    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._draw = random.Random(1)
        self._asked = 0

    async def open(self) -> None:
        # Budgets and prices, until the ledger has taken both.
        events: list[EventBase] = [
            BudgetSet(
                event_id=f"budget-{number}",
                occurred_at=_MOMENT,
                consumer_id=f"consumer-{number}",
                period=_PERIOD,
                income=Quantity("1000000"),
            )
            for number in range(CONSUMERS)
        ]
        events += [
            UnplannedPricePosted(
                event_id=f"price-{number}",
                product_id=f"product-{number}",
                occurred_at=datetime(2011, 10, 31, 1, tzinfo=UTC),
                company_id="company",
                unplanned_price=Price("2.50"),
            )
            for number in range(PRODUCTS)
        ]
        await self._feed.publish(events, verdict=True)
        async with self._feed.subscribe("offers") as offers, asyncio.timeout(60):
            async for update in offers:
                if len(update.rows) == PRODUCTS:
                    break

    async def ask_at(self, rate: int, seconds: float) -> list[float]:
        # How long each waited, in milliseconds.
        asking = []
        began = time.perf_counter()
        for turn in range(int(rate * seconds)):
            await asyncio.sleep(began + turn / rate - time.perf_counter())
            asking.append(asyncio.create_task(self._ask()))
        return await asyncio.gather(*asking)

    async def ask_at_once(self, requests: int, tills: int) -> None:
        left = iter(range(requests))

        async def till() -> None:
            for _ in left:
                await self._ask()

        async with asyncio.TaskGroup() as tasks:
            for _ in range(tills):
                tasks.create_task(till())

    async def _ask(self) -> float:
        self._asked += 1
        request = PurchaseRequested(
            event_id=f"request-{self._asked}",
            occurred_at=_MOMENT,
            consumer_id=f"consumer-{self._draw.randrange(CONSUMERS)}",
            product_id=f"product-{self._draw.randrange(PRODUCTS)}",
            company_id="company",
            quantity=PositiveQuantity("1"),
        )
        began = time.perf_counter()
        outcomes = await self._feed.publish([request], verdict=True)
        if outcomes[0].verdict != "accepted":
            raise BenchmarkFailed(f"a purchase was not approved: {outcomes[0]}")
        return (time.perf_counter() - began) * 1000
