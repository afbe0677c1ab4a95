"""
A whole deployment under traffic while its processes are killed, one after the other.

Faults are a list: another kind of fault is another entry.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from support.polling import eventually
from support.processes import free_port
from support.traffic import (
    purchases,
    read_market,
    refused_counts,
    totals_in,
    totals_of,
)

import parfeed
from parfeed.client.feed import Feed
from parfeed.client.subscription import Subscription
from parfeed.supervisor import FEED_SERVER, Supervisor
from schemas.events import PurchaseRecorded
from schemas.settings import Settings

pytestmark = pytest.mark.kafka

EVENTS = 36_000
CHUNK = 400

FAULTS = (
    "worker 1",
    FEED_SERVER,
    "Kafka",
    "worker 2",
    "Kafka",
    FEED_SERVER,
    "worker 1",
    "Kafka",
)
"""What is killed with -9, in this order, spread over the traffic."""


class Traffic:
    """Publishes events chunk by chunk and counts what became of them."""

    def __init__(self, feed: Feed, events: list[PurchaseRecorded]) -> None:
        self._feed = feed
        self._events = events
        self.accepted = 0
        self.errors: Counter[str] = Counter()

    async def run(self) -> None:
        for begin in range(0, len(self._events), CHUNK):
            results = await self._feed.publish(self._events[begin : begin + CHUNK])
            for result in results:
                if result.error is None:
                    self.accepted += 1
                else:
                    self.errors[result.error] += 1


async def _drain(rows: Subscription) -> None:
    async for _ in rows:
        pass


def _reached(traffic: Traffic, count: int) -> Callable[[], bool]:
    return lambda: traffic.accepted >= count


async def test_whatever_is_killed_the_totals_are_those_of_the_events(
    tmp_path: Path,
) -> None:
    settings = Settings(data_dir=str(tmp_path / "data"), port=free_port(), workers=2)
    events = purchases(EVENTS, seed=11)
    notices: list[str] = []
    async with (
        Supervisor(settings, on_notice=notices.append) as running,
        parfeed.connect(running.url) as feed,
    ):
        rows = feed.subscribe()
        reading = asyncio.create_task(_drain(rows))
        traffic = Traffic(feed, events)
        sending = asyncio.create_task(traffic.run())
        for number, fault in enumerate(FAULTS, start=1):
            goal = number * EVENTS // (len(FAULTS) + 1)
            await eventually(_reached(traffic, goal), within_s=90)
            await eventually(lambda name=fault: name in running.pids, within_s=30)
            os.kill(running.pids[fault], signal.SIGKILL)
        async with asyncio.timeout(120):
            await sending
        assert traffic.errors == {}
        assert traffic.accepted == EVENTS

        deployed = msgspec.structs.replace(settings, broker=running.bootstrap)

        async def exact() -> bool:
            held = totals_in((await read_market(deployed)).values())
            assert held == totals_of(events)
            return True

        await eventually(exact, within_s=60, every_s=0.5)
        # What a client sent again because an answer was lost is refused, not counted.
        assert set(await refused_counts(deployed)) <= {"duplicate"}

        async with parfeed.connect(running.url, timeout=20) as other:
            fresh = other.subscribe()
            await anext(fresh)
            await eventually(lambda: rows.cursor == fresh.cursor, within_s=30)
            assert dict(rows.rows.raw) == dict(fresh.rows.raw)
            assert rows.checksum == fresh.checksum
        assert feed.mismatches == 0
        assert feed.losses >= FAULTS.count(FEED_SERVER)
        assert len(notices) >= len(FAULTS), notices
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
