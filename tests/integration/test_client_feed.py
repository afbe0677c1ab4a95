"""The client against a real feed server: what is lost on the way is made good."""

import asyncio
import os
import signal
from datetime import UTC, datetime

import msgspec
import pytest
from support.feed import (
    RowWriter,
    address,
    kill,
    row,
    rows_in_kafka,
    start_feed,
    value_at,
)
from support.polling import eventually
from support.processes import Processes, free_port
from support.traffic import read_topic

import parfeed
from parfeed.client.errors import (
    FeedClosed,
    FeedEnded,
    FeedUnreachable,
    InvalidRequest,
    PublishInterrupted,
    SubscriptionRefused,
)
from parfeed.client.replica import checksum_of
from parfeed.client.subscription import Subscription
from schemas.codec import decode_event
from schemas.events import PurchaseRecorded
from schemas.settings import Settings
from schemas.topics import PURCHASES
from schemas.values import PositiveQuantity, Price

pytestmark = pytest.mark.kafka

OCCURRED_AT = datetime(2011, 10, 31, 12, tzinfo=UTC)


def purchase(number: int) -> PurchaseRecorded:
    return PurchaseRecorded(
        event_id=f"purchase-{number}",
        product_id=f"product-{number % 50}",
        occurred_at=OCCURRED_AT,
        company_id="shop",
        quantity=PositiveQuantity("2"),
        unit_price=Price("1.25"),
    )


async def drained(subscription: Subscription) -> None:
    async for _ in subscription:
        pass


async def in_step(subscription: Subscription, settings: Settings) -> bool:
    expected = await rows_in_kafka(settings)
    assert dict(subscription.rows) == expected
    assert subscription.is_current
    return True


async def test_rows_arrive_as_a_snapshot_and_then_as_updates(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    async with (
        RowWriter(settings) as writer,
        parfeed.connect(address(settings), timeout=10) as feed,
    ):
        await writer.write([row("a"), row("b"), row("c")])
        await eventually(lambda: feed.watermark.lag_ms is not None)
        rows = feed.subscribe("market", products=["a", "b"])
        first = await anext(rows)
        assert first.is_snapshot
        assert sorted(first.keys) == [("a", "2011-W44"), ("b", "2011-W44")]
        await writer.write([row("c", 2), row("b", 2)])
        second = await anext(rows)
        assert not second.is_snapshot
        assert list(second.changed) == [row("b", 2)]
        assert second.rows["b", "2011-W44"] == row("b", 2)
        assert second.rows["a", "2011-W44"] == row("a")
        assert rows.cursor == second.cursor
        assert rows.lag is not None


async def test_a_slow_reader_takes_the_newest_and_is_told_what_it_skipped(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    async with (
        RowWriter(settings) as writer,
        parfeed.connect(address(settings), timeout=10) as feed,
    ):
        every, newest = feed.subscribe(mode="stream"), feed.subscribe()
        assert (await anext(every)).is_snapshot
        assert (await anext(newest)).is_snapshot
        for sequence in range(1, 101):
            await writer.write([row("a", sequence)])
        key = ("a", "2011-W44")
        for rows in (every, newest):
            await eventually(lambda rows=rows: b":100," in rows.rows.raw.get(key, b""))
        update = await anext(every)
        assert [each.sequence for each in update.changed] == list(range(1, 101))
        assert update.merged == 0
        update = await anext(newest)
        assert [each.sequence for each in update.changed] == [100]
        assert update.merged == 99


async def test_a_client_ends_as_a_fresh_one_though_its_server_is_killed_again_and_again(
    settings: Settings, processes: Processes
) -> None:
    server = await start_feed(settings, processes)
    products = [f"product-{number}" for number in range(200)]
    async with (
        RowWriter(settings) as writer,
        parfeed.connect(address(settings)) as feed,
    ):
        rows = feed.subscribe()
        reader = asyncio.create_task(drained(rows))
        sequence = 0

        async def write(rounds: int) -> None:
            nonlocal sequence
            for _ in range(rounds):
                sequence += 1
                await writer.write(row(product, sequence) for product in products)

        for _ in range(3):
            await write(5)
            writing = asyncio.create_task(write(20))
            await kill(server)
            await writing
            server = await start_feed(settings, processes)
            await eventually(lambda: feed.is_open, within_s=20)
        await eventually(lambda: in_step(rows, settings), within_s=20)
        assert feed.losses == 3
        assert feed.mismatches == 0
        assert feed.gaps == 0

        async with parfeed.connect(address(settings), timeout=10) as other:
            fresh = other.subscribe()
            await anext(fresh)
            assert dict(fresh.rows.raw) == dict(rows.rows.raw)
            assert fresh.checksum == rows.checksum
            assert rows.checksum == checksum_of(rows.rows.raw.values())
            await eventually(lambda: fresh.cursor == rows.cursor)
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


async def test_a_client_survives_a_server_that_stops_answering(
    settings: Settings, processes: Processes
) -> None:
    settings = msgspec.structs.replace(settings, heartbeat_s=0.2)
    server = await start_feed(settings, processes)
    async with (
        RowWriter(settings) as writer,
        parfeed.connect(address(settings)) as feed,
    ):
        rows = feed.subscribe()
        await anext(rows)
        os.kill(server.pid, signal.SIGSTOP)
        await eventually(lambda: not feed.is_open)
        assert "nothing came for" in feed.last_loss
        await writer.write([row("a")])
        os.kill(server.pid, signal.SIGCONT)
        await eventually(lambda: feed.is_open, within_s=20)
        await eventually(lambda: in_step(rows, settings), within_s=20)


async def test_events_published_across_restarts_are_all_there(
    settings: Settings, processes: Processes
) -> None:
    # At this rate they take three seconds, so the restarts fall in the middle.
    settings = msgspec.structs.replace(settings, publish_per_s=10_000)
    server = await start_feed(settings, processes)
    events = [purchase(number) for number in range(30_000)]
    async with parfeed.connect(address(settings)) as feed:
        publishing = asyncio.create_task(feed.publish(events))

        async def stored() -> int:
            return len(await read_topic(settings, PURCHASES))

        async def has_begun() -> bool:
            return await stored() > 500

        await eventually(has_begun, every_s=0.005)
        await kill(server)
        assert not publishing.done()
        server = await start_feed(settings, processes)
        await server.stop(5.0)
        await start_feed(settings, processes)
        results = await asyncio.wait_for(publishing, 60)
    assert [result.event_id for result in results] == [e.event_id for e in events]
    assert all(result.error is None for result in results)
    records = await read_topic(settings, PURCHASES)
    values = {decode_event(record.value).event_id: record.value for record in records}
    assert {decode_event(value) for value in values.values()} == set(events)
    for result in results[::5_000]:
        assert (result.partition, result.offset) != (None, None)
        value = await value_at(
            settings, PURCHASES, result.partition or 0, result.offset or 0
        )
        assert decode_event(value).event_id == result.event_id


async def test_each_event_is_taken_or_refused_in_its_place(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    good = purchase(1)
    as_mapping = {
        "type": "purchase",
        "event_id": "m1",
        "product_id": "a",
        "occurred_at": OCCURRED_AT,
        "company_id": "shop",
        "quantity": PositiveQuantity("1"),
        "unit_price": "2.50",
    }
    async with parfeed.connect(address(settings), timeout=10) as feed:
        results = await feed.publish(
            [
                good,
                as_mapping,
                {**as_mapping, "quantity": "NaN"},
                b"{",
                '{"type":"rumour"}',
                b"[" * 900 + b"]" * 900,
                b'{"a":"' + b"x" * 20_000 + b'"}',
                purchase(2),
            ]
        )
        assert await feed.publish([]) == []
        codes = [result.error for result in results]
        assert codes == [
            None,
            None,
            "invalid_field",
            "malformed",
            "unknown_type",
            "malformed",
            "too_large",
            None,
        ]
        assert "$.quantity" in (results[2].detail or "")
        for wrong in (good, b"{}", "x"):
            with pytest.raises(InvalidRequest, match="list"):
                await feed.publish(wrong)  # type: ignore[arg-type]
        with pytest.raises(InvalidRequest, match="event 1"):
            await feed.publish([good, object()])  # type: ignore[list-item]


async def test_a_subscription_that_the_feed_refuses_says_why_and_the_feed_stays(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    async with parfeed.connect(address(settings), timeout=10) as feed:
        with pytest.raises(SubscriptionRefused) as refused:
            await anext(feed.subscribe("rounds", products=["rye"]))
        assert refused.value.code == "invalid_field"
        with pytest.raises(InvalidRequest, match="period"):
            feed.subscribe(period="soon")
        with pytest.raises(InvalidRequest, match="market, rounds, councils"):
            feed.subscribe("rumours")
        with pytest.raises(InvalidRequest, match="list"):
            feed.subscribe(products="abc")
        assert (await anext(feed.subscribe())).is_snapshot


async def test_a_subscription_that_is_closed_ends_its_iteration(
    settings: Settings, processes: Processes
) -> None:
    await start_feed(settings, processes)
    async with parfeed.connect(address(settings), timeout=10) as feed:
        async with feed.subscribe() as rows:
            await anext(rows)
            reader = asyncio.create_task(drained(rows))
        await asyncio.wait_for(reader, 5)
        left_open = feed.subscribe()
        await anext(left_open)
    await asyncio.wait_for(drained(left_open), 5)
    with pytest.raises(FeedClosed):
        feed.subscribe()
    with pytest.raises(FeedClosed):
        await feed.publish([purchase(1)])


async def test_nobody_there_is_told_in_the_time_given() -> None:
    url = f"127.0.0.1:{free_port()}"
    with pytest.raises(FeedUnreachable, match="start one with: parfeed up") as error:
        async with parfeed.connect(url, timeout=0.3):
            pass
    assert "refused" in error.value.reason.lower()


async def test_patience_that_ends_later_ends_readers_and_senders_with_the_reason(
    settings: Settings, processes: Processes
) -> None:
    server = await start_feed(settings, processes)
    async with parfeed.connect(address(settings), open_timeout=10, timeout=0.5) as feed:
        rows = feed.subscribe()
        await anext(rows)
        reader = asyncio.create_task(drained(rows))
        await kill(server)
        with pytest.raises(PublishInterrupted) as interrupted:
            await feed.publish([purchase(1)])
        assert interrupted.value.results == [None]
        assert isinstance(interrupted.value.__cause__, FeedUnreachable)
        with pytest.raises(FeedUnreachable):
            await asyncio.wait_for(reader, 5)


async def test_what_is_no_feed_is_said_not_to_be_one() -> None:
    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    other = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]
    try:
        with pytest.raises(FeedEnded, match="404"):
            async with parfeed.connect(f"127.0.0.1:{port}", timeout=5):
                pass
    finally:
        other.close()
        await other.wait_closed()
