"""A period is closed and settled by real processes, once, whatever happens to them."""

import os
import random
import signal
from decimal import Decimal

import msgspec
import pytest
from support.polling import eventually
from support.processes import Processes
from support.trading import (
    PERIOD,
    WORKED_BALANCES,
    Market,
    at,
    balances_of,
    drawn_trade,
    said,
)
from support.traffic import refused_counts

from parfeed.deployment import set_up
from parfeed.settlement.offline import OfflineLedger
from schemas.codec import encode
from schemas.settings import Settings
from schemas.trading import BudgetSet
from streams.market.periods import Calendar

pytestmark = pytest.mark.kafka


async def test_the_worked_example_is_settled_digit_by_digit(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    await processes.ledger(settings)
    async with Market(settings) as market:
        await market.trade_worked_example()
        await market.say(said("close", event_id="close"))
        settled = await market.until_settled()
        balances = await market.balances()
        (row,) = (await market.settlements()).values()
        cards = await market.cards()
    assert settled.event_id == "close"
    assert {name: str(balances[name]) for name in WORKED_BALANCES} == WORKED_BALANCES
    consumers = sum(
        amount
        for name, amount in balances.items()
        if name.startswith(("consumer/", "council/"))
    )
    assert consumers == Decimal("-1293.30")
    assert sum(balances.values()) == 0
    assert (row.planned, row.actual, row.error_percent) == (100, 130, 30)
    assert (row.tax, row.clearing, row.eaten) == (94, -30, 15)
    assert (row.returned, row.kept) == (Decimal("23.70"), Decimal("55.30"))
    assert cards["consumer/xavier"].loss == Decimal(-28)  # 20 units at -1.40
    assert cards["consumer/yvonne"].loss == Decimal(19)  # 10 units at 1.90


async def _settled_statements(
    settings: Settings, processes: Processes, events: list, *, restart: bool
) -> dict[bytes, bytes]:
    worker = await processes.worker(settings)
    ledger = await processes.ledger(settings)
    budgets = [event.event_id for event in events if isinstance(event, BudgetSet)]
    async with Market(settings) as market:
        half = len(events) // 2
        await market.say(*events[:half])
        if restart:
            for process in (worker, ledger):
                os.kill(process.pid, signal.SIGKILL)
                await process.wait()
            await processes.worker(settings)
            await processes.ledger(settings)
        await market.say(*events[half:])
        await market.until_decided(*budgets)
        await market.say(said("close", event_id="close"))
        await market.until_settled()
        return await market.statements()


def _offline_statements(events: list) -> list[bytes]:
    ledger = OfflineLedger(Calendar("week"))
    for number, event in enumerate([*events, said("close")], 1):
        ledger.take(number, encode(event), event)
    (period,) = ledger.settled()
    return [encode(row) for row in period.settlements[0].statements]


async def test_the_same_events_settle_to_the_same_bytes_in_any_order_and_on_any_number(
    settings: Settings, processes: Processes
) -> None:
    events = drawn_trade(seed=7)
    straight = await _settled_statements(settings, processes, events, restart=False)
    shuffled = random.Random(1).sample(events, len(events))
    shuffled += random.Random(2).sample(events, len(events) // 5)  # sent twice
    single = msgspec.structs.replace(
        settings, topic_prefix=f"{settings.topic_prefix}-single", partitions=1
    )
    await set_up(settings.broker, single)
    other = await _settled_statements(single, processes, shuffled, restart=True)
    assert len(straight) > 50
    assert other == straight
    assert sorted(straight.values()) == sorted(_offline_statements(events))


async def test_a_period_that_is_closed_while_the_ledger_is_killed_is_settled_once(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    ledger = await processes.ledger(settings)
    async with Market(settings) as market:
        await market.say(*drawn_trade(seed=3))
        await market.say(said("close", event_id="close"))
        # Whatever it is at: it decides, it reads, it settles, it publishes.
        for _ in range(4):
            await market.until_decided("close")
            os.kill(ledger.pid, signal.SIGKILL)
            await ledger.wait()
            ledger = await processes.ledger(settings)
        settled = await market.until_settled()
        postings = await market.postings()
        assert len(postings) == settled.postings
        assert len(await market.settled()) == 1
        assert sum(balances_of(postings).values()) == 0


async def test_what_comes_too_late_is_refused_and_a_correction_brings_it_in(
    settings: Settings, processes: Processes
) -> None:
    late = said(
        "purchase",
        event_id="late",
        company_id="Y",
        consumer_id="yvonne",
        quantity="5",
        unit_price="11.00",
        occurred_at=at(100),
    )
    await processes.worker(settings)
    ledger = await processes.ledger(settings)
    async with Market(settings) as market:
        await market.trade_worked_example()
        await market.say(
            said("close", event_id="close"),
            said("correction", event_id="too-early"),
        )
        await market.until_settled()
        before = await market.statement_rows()
        await market.say(late)

        async def refused() -> bool:
            return await refused_counts(settings) == {"period_settled": 1}

        await eventually(refused, within_s=20, every_s=0.2)
        os.kill(ledger.pid, signal.SIGKILL)  # the late one is known to the next
        await ledger.wait()
        await processes.ledger(settings)
        await market.say(said("correction", event_id="correct"))
        settled = await market.until_settled(revision=1)
        await market.say(said("correction", event_id="again"))
        decided = await market.until_decided("too-early", "correct", "again")
        postings = await market.postings()
        after = await market.statement_rows()
    assert decided["too-early"].code == "not_settled"
    assert decided["correct"].code is None
    assert decided["again"].code == "nothing_to_correct"
    assert settled.event_id == "correct"
    balances = balances_of(postings)
    assert sum(balances.values()) == 0
    # A is 135 now and e .35: 55 u with 20 % on it more, 5.50 of it to Y.
    assert balances["company/Y"] == Decimal("133.50")
    corrections = [row for row in after if row.revision == 1]
    assert corrections
    assert all(row.corrects == 0 for row in corrections)
    kept = [row for row in after if row.revision == 0]
    assert sorted(kept, key=str) == sorted(before, key=str)


async def test_a_request_of_a_closed_period_is_refused(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    await processes.ledger(settings)
    async with Market(settings) as market:
        await market.say(said("close", event_id="close", period=PERIOD))
        await market.until_decided("close")
        await market.say(
            said("close", event_id="again"),
            said("budget", event_id="budget", consumer_id="ann", income="5"),
            said(
                "request",
                event_id="buy",
                consumer_id="ann",
                quantity="1",
            ),
        )
        decided = await market.until_decided("again", "budget", "buy")
    assert decided["close"].code is None
    assert {decided[name].code for name in ("again", "budget", "buy")} == {
        "period_settled"
    }
