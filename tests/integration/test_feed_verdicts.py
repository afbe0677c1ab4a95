"""Verdicts through the feed: what real workers and a real board make of events."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from support.feed import address, kill, start_feed
from support.feed_process import another
from support.polling import eventually
from support.processes import Processes

import parfeed
from feed_server.judge import Judge
from feed_server.verdicts import LATE, NOT_READ
from schemas.agenda import CouncilFormed, CouncilSigned
from schemas.codec import encode
from schemas.events import PurchaseRecorded
from schemas.feed import Outcome, Result
from schemas.planning import PlannedPriceAnnounced
from schemas.settings import Settings
from schemas.values import Period, PositiveQuantity, Price

pytestmark = pytest.mark.kafka

WEEK = Period("2011-W44")


def of(event_id: str) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "occurred_at": datetime(2011, 10, 31, 12, tzinfo=UTC),
    }


def purchase(number: int) -> PurchaseRecorded:
    return PurchaseRecorded(
        **of(f"purchase-{number}"),
        product_id=f"product-{number % 7}",
        company_id="shop",
        quantity=PositiveQuantity("2"),
        unit_price=Price("1.25"),
    )


def planned_price(event_id: str, revision: int) -> PlannedPriceAnnounced:
    return PlannedPriceAnnounced(
        **of(event_id),
        product_id="rye",
        period=WEEK,
        planned_price=Price("2.50"),
        revision=revision,
    )


def signature(event_id: str, signer_id: str, council_id: str = "north") -> object:
    return CouncilSigned(
        **of(event_id),
        council_id=council_id,
        period=WEEK,
        product_id="rye",
        vote="approve",
        signer_id=signer_id,
    )


def told(outcomes: Sequence[Outcome]) -> list[tuple[str | None, str, str | None]]:
    return [(each.event_id, each.verdict, each.error) for each in outcomes]


async def test_what_the_workers_refuse_after_the_ack_is_told_to_who_asked(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    await start_feed(settings, processes)
    async with parfeed.connect(address(settings), timeout=10) as feed:
        events = [
            purchase(1),
            purchase(1),
            planned_price("p-5", 5),
            planned_price("p-4", 4),
            b'{"type":"purchase"}',
        ]
        outcomes = await asyncio.wait_for(feed.publish(events, verdict=True), 30)
        assert told(outcomes) == [
            ("purchase-1", "accepted", None),
            ("purchase-1", "refused", "duplicate"),
            ("p-5", "accepted", None),
            ("p-4", "refused", "stale_revision"),
            (None, "refused", "invalid_field"),
        ]
        assert outcomes[0].offset is not None
        assert outcomes[1].offset == outcomes[0].offset + 1
        assert outcomes[3].detail


async def test_what_the_board_hears_and_refuses_is_told_to_who_asked(
    settings: Settings, processes: Processes
) -> None:
    await processes.board(settings)
    await start_feed(settings, processes)
    north = CouncilFormed(
        **of("north-1"),
        council_id="north",
        level="city",
        signers=("ada",),
        signatures=1,
    )
    async with parfeed.connect(address(settings), timeout=10) as feed:
        outcomes = await asyncio.wait_for(
            feed.publish([north, north, signature("s-1", "ada", "west")], verdict=True),
            30,
        )
    formed, again, signed = outcomes
    assert told([formed]) == [("north-1", "accepted", None)]
    assert told([again]) == [("north-1", "refused", "duplicate")]
    assert (formed.topic, formed.partition, formed.offset) == ("agenda", 0, 0)
    assert signed.verdict == "refused"
    assert signed.error in {"unknown_council", "unknown_period"}


async def test_a_worker_that_is_killed_in_between_changes_no_verdict(
    settings: Settings, processes: Processes
) -> None:
    worker = await processes.worker(settings)
    await start_feed(settings, processes)
    async with parfeed.connect(address(settings), timeout=10) as feed:
        first = await asyncio.wait_for(feed.publish([purchase(1)], verdict=True), 30)
        assert told(first) == [("purchase-1", "accepted", None)]
        events = [purchase(number % 20) for number in range(40)]
        asking = asyncio.create_task(feed.publish(events, verdict=True))
        async with feed.subscribe() as rows:
            await eventually(lambda: len(rows.rows) == 7)
        await kill(worker)
        await processes.worker(settings)
        outcomes = await asyncio.wait_for(asking, 40)
    verdicts = [each.verdict for each in outcomes]
    # Purchase 1 was taken before; of all others the first counts and the second not.
    expected = ["accepted"] * 20 + ["refused"] * 20
    expected[1] = "refused"
    assert verdicts == expected


async def test_two_servers_judge_their_own_clients_events(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    await start_feed(settings, processes)
    other = another(settings)
    await start_feed(other, processes)
    async with (
        parfeed.connect(address(settings), timeout=10) as one,
        parfeed.connect(address(other), timeout=10) as two,
    ):
        both = await asyncio.wait_for(
            asyncio.gather(
                one.publish([purchase(3)], verdict=True),
                two.publish([purchase(3)], verdict=True),
            ),
            30,
        )
    assert sorted(outcomes[0].verdict for outcomes in both) == ["accepted", "refused"]


async def test_without_workers_nobody_knows_and_the_sender_is_told_so_in_time(
    settings: Settings,
) -> None:
    judge = Judge(settings, patience_s=1.0)
    event = encode(purchase(1))
    stored = Result(event_id="purchase-1", topic="purchases", partition=0, offset=0)
    # Until it reads, nothing may be promised.
    unready = await judge.acknowledge(judge.ask([event]), [stored])
    assert [outcome.detail for outcome in unready] == [NOT_READ]
    await judge.open()
    judging = asyncio.create_task(judge.run())
    try:
        question = judge.ask([event])
        assert judge.waiting == 1
        (outcome,) = await asyncio.wait_for(judge.acknowledge(question, [stored]), 10)
        assert (outcome.verdict, outcome.detail) == ("unknown", LATE)
        assert judge.waiting == 0
    finally:
        judging.cancel()
        await asyncio.gather(judging, return_exceptions=True)
    assert not judge.is_reading
