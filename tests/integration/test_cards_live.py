"""Cards under concurrent requests, with processes killed in between."""

import asyncio
import os
import signal
from collections import Counter
from decimal import Decimal

import pytest
from support.polling import eventually
from support.processes import Processes
from support.trading import Market, at, said

from schemas.settings import Settings

pytestmark = pytest.mark.kafka

REQUESTS = 200


async def test_requests_of_one_card_at_once_never_spend_it_twice(
    settings: Settings, processes: Processes
) -> None:
    # 40 units at 2.00 and 7.5 % on top cost 86: the unplanned card has 100, so that
    # 46 of 200 requests for one unit each can be paid.
    worker = await processes.worker(settings)
    ledger = await processes.ledger(settings)
    async with Market(settings) as market, Market(settings) as another:
        await market.say(
            said(
                "budget",
                event_id="budget",
                consumer_id="ann",
                income="200",
                unplanned_share="0.5",
            ),
            said("price", event_id="price", unplanned_price="2.00", occurred_at=at(1)),
        )
        await market.until_decided("budget")

        async def offered() -> bool:
            return await market.offers() == {"north": Decimal(2)}

        await eventually(offered, within_s=20, every_s=0.1)
        names = [f"buy-{number}" for number in range(REQUESTS)]
        asked = [
            said("request", event_id=name, consumer_id="ann", quantity="1")
            for name in names
        ]
        # Two tills, the same requests in part: what is asked twice is decided once.
        await asyncio.gather(
            market.say(*asked[:120]), another.say(*asked[80:], *asked[:40])
        )
        for process in (worker, ledger):
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
        await processes.worker(settings)
        await processes.ledger(settings)
        await market.until_decided(*names)

        async def booked() -> bool:
            card = (await market.cards())["consumer/ann"]
            assert card.purchases == 46
            return True

        await eventually(booked, within_s=20, every_s=0.2)
        every = await market.all_decisions()
        card = (await market.cards())["consumer/ann"]
        sold = await market.purchased()
    first: dict[str, str | None] = {}
    for row in every:
        if row.code != "duplicate":
            assert row.event_id not in first
            first[str(row.event_id)] = row.code
    outcome = Counter(first[name] for name in names)
    assert outcome == {None: 46, "card_exceeded": REQUESTS - 46}
    assert card.unplanned_spent == Decimal("98.9")
    assert card.unplanned_left == Decimal("1.1")
    assert not card.newest[0].planned_quantity
    approved = {name for name in names if first[name] is None}
    assert Counter(sold) == Counter(approved)  # each once, and no other


async def test_a_purchase_takes_what_is_left_of_the_plan_and_the_rest_unplanned(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    await processes.ledger(settings)
    async with Market(settings) as market:
        await market.say(
            said(
                "budget",
                event_id="budget",
                consumer_id="ann",
                income="200",
                unplanned_share="0.5",
            ),
            said("plan", consumer_id="ann", quantity="6"),
            said("planned_price", planned_price="1.00"),
            said("price", unplanned_price="2.00", occurred_at=at(1)),
        )
        await market.until_decided("budget")

        async def offered() -> bool:
            return await market.offers() == {"north": Decimal(2)}

        async def planned() -> str | None:
            # Declined until the ledger has read the line and its price.
            ask = said("request", consumer_id="ann", quantity="4", use="planned")
            await market.say(ask)
            decided = await market.until_decided(ask.event_id)
            return None if decided[ask.event_id].code else ask.event_id

        await eventually(offered, within_s=20, every_s=0.1)
        first = await eventually(planned, within_s=20, every_s=0.1)
        await market.say(
            said("request", event_id="b", consumer_id="ann", quantity="4"),
            said(
                "request",
                event_id="c",
                consumer_id="ann",
                quantity="1",
                use="planned",
            ),
            said("request", event_id="d", consumer_id="nobody", quantity="1"),
        )
        decided = await market.until_decided("b", "c", "d")

        async def booked() -> bool:
            return (await market.cards())["consumer/ann"].purchases == 2

        await eventually(booked, within_s=20, every_s=0.1)
        card = (await market.cards())["consumer/ann"]
    assert first is not None
    assert (decided[first].planned_quantity, decided[first].cost) == (
        4,
        Decimal("4.1"),
    )
    assert (decided["b"].planned_quantity, decided["b"].unplanned_quantity) == (2, 2)
    assert decided["c"].code == "line_exceeded"
    assert decided["d"].code == "unknown_card"
    # 6 at 1.00 and 2.5 %; 2 at 2.00 and 7.5 %.
    assert (card.planned_spent, card.unplanned_spent) == (
        Decimal("6.15"),
        Decimal("4.30"),
    )
    # u (1 + b/2) - p (1 + a/2) of two units.
    assert card.loss == 2 * (Decimal("2.15") - Decimal("1.025"))
