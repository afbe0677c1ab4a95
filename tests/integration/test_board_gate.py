"""Deadlines, councils and the gate: what counts, and what became of everybody."""

import pytest
from support.planning import (
    PERIOD,
    People,
    announced_in,
    clearing_lines,
    listings,
    planned_in,
    read_board,
    read_products,
    read_rounds,
    said,
)
from support.polling import eventually
from support.processes import Processes

from schemas.settings import Settings
from streams.board.audit import audit

pytestmark = pytest.mark.kafka


async def test_a_deadline_ends_a_round_that_somebody_does_not_answer(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    await processes.board(settings)
    async with People(settings) as people:
        await people.say(*listings(), said("opening", quiet_s=0.3, round_s=4))
        await people.say(
            *clearing_lines(),
            # Stands with what it said to the first prices, and says no more.
            said("bid", product_id="bread", company_id="idle", quantity="1", round=1),
        )
        await people.until_planned()
    events = await read_board(settings)
    announced = announced_in(events)
    first, second = (announced[number]["bread"][0].occurred_at for number in (1, 2))
    # In the first nobody is waited for; in the second until its deadline.
    assert (second - first).total_seconds() < 4
    [planned] = planned_in(events)["bread"]
    assert (planned.occurred_at - second).total_seconds() >= 4
    rows = await read_rounds(settings)
    assert (rows[2].expected, rows[2].answered) == (1, 0)
    assert rows[2].deadline is not None


async def test_the_gate_says_what_became_of_everybody(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    await processes.board(settings)
    async with People(settings) as people:
        # The period before: two companies had bids.
        await people.say(
            *(
                said(
                    "bid",
                    product_id="bread",
                    company_id=name,
                    period="2011-W43",
                    quantity="5",
                )
                for name in ("mill", "oven")
            )
        )
        await people.say(*listings(), said("opening", quiet_s=60))
        await people.say(
            *clearing_lines(),
            said("bid", product_id="bread", company_id="oven", quantity="5"),
            said(
                "bid",
                product_id="bread",
                company_id="dear",
                quantity="5",
                least_price="10.5",
            ),
            said("bid", product_id="bread", company_id="gone", quantity="5"),
            said(
                "bid", product_id="bread", company_id="gone", quantity="0", revision=1
            ),
            said(
                "plan",
                product_id="bread",
                consumer_id="cy",
                quantity="3",
                greatest_price="9",
                when_denied="use_unplanned",
            ),
            said(
                "plan",
                product_id="bread",
                consumer_id="dee",
                quantity="2",
                greatest_price="8",
            ),
        )

        async def answered() -> bool:
            rows = await read_products(settings)
            return rows["bread"].planning.plans == 2 if "bread" in rows else False

        await eventually(answered, within_s=10, every_s=0.1)
        await people.say(said("announcement", round=1, rebid=False, reason="Enough."))
        await people.until_planned()
    row = (await read_rounds(settings))[1]
    assert row.excluded == ("gone", "mill")
    assert row.excluded_count == 2
    assert row.priced_out == ("dear",)
    assert row.denied == 2
    assert row.denied_budget == 3 * 9 + 2 * 8
    assert row.moved_budget == 27
    assert row.positions["agenda"] == 4


async def test_what_waits_for_a_councils_signatures_does_not_count_until_they_come(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    await processes.board(settings)
    async with People(settings) as people:
        await people.say(
            said(
                "council",
                council_id="north",
                level="neighbourhood",
                signers=["eve", "fay"],
                signatures=2,
                threshold="10",
            ),
            *listings(),
            said("opening", quiet_s=60),
        )
        await people.say(
            said("bid", product_id="bread", company_id="oven", quantity="30"),
            *(
                said(
                    "plan",
                    product_id="bread",
                    consumer_id=f"c{n}",
                    quantity="4",
                    council_id="north",
                )
                for n in range(5)
            ),
        )

        async def demand_is(units: int) -> bool:
            rows = await read_products(settings)
            return "bread" in rows and rows["bread"].demand.planned == units

        async def counts_nothing() -> bool:
            rows = await read_products(settings)
            row = rows.get("bread")
            return row is not None and row.supply.planned == 30 and await demand_is(0)

        await eventually(counts_nothing, within_s=10, every_s=0.1)
        for signer in ("eve", "fay"):
            await people.say(
                said(
                    "signature",
                    council_id="north",
                    product_id="bread",
                    vote="approve",
                    signer_id=signer,
                )
            )
        await eventually(lambda: demand_is(20), within_s=10, every_s=0.1)
        await people.say(said("announcement", round=1, rebid=True))

        async def second() -> bool:
            return 2 in announced_in(await read_board(settings))

        await eventually(second, within_s=10, every_s=0.1)
    [bread] = announced_in(await read_board(settings))[2]["bread"]
    assert (bread.supply, bread.demand) == (30, 20)
    assert not any(one.differences for one in await audit(settings, PERIOD))
