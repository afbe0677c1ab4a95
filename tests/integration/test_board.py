"""A period planned by real processes: worker and board, over a real Kafka."""

import asyncio
from decimal import Decimal

import pytest
from support.feed import address, start_feed
from support.planning import (
    PERIOD,
    PRODUCTS,
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
from support.traffic import read_rejected, read_topic

import parfeed
from parfeed.client.feed import Feed
from schemas.channels import CHANNELS
from schemas.settings import Settings
from schemas.topics import MARKET
from streams.board.audit import NotPlanned, audit

pytestmark = pytest.mark.kafka


async def test_scheduled_bidders_are_planned_without_a_person(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    await processes.board(settings)
    async with People(settings) as people:
        await people.say(*listings(), said("opening", quiet_s=0.3))
        await people.say(*clearing_lines())
        await people.until_planned()

    events = await read_board(settings)
    announced = announced_in(events)
    assert all(len(of) == 1 for by in announced.values() for of in by.values())
    assert 1 < len(announced) <= 5
    for product, (price,) in planned_in(events).items():
        last = announced[max(announced)][product][0]
        assert price.planned_price == last.announced_price
    rounds = await read_rounds(settings)
    last_row = rounds[max(rounds)]
    assert last_row.phase == "closed"
    assert last_row.prices_stand
    assert last_row.worst_percent is not None
    assert last_row.worst_percent < 3
    assert last_row.within_3 == len(PRODUCTS)

    async def shown() -> bool:
        rows = await read_products(settings)
        assert set(rows) == set(PRODUCTS)
        for row in rows.values():
            assert row.price.planned == row.price.announced
            assert row.imbalance is not None
            assert abs(row.imbalance.percent) < Decimal(3)
        return True

    await eventually(shown, within_s=10, every_s=0.2)

    # Whoever computes it again comes to the same, and sees what does not belong.
    checked = await audit(settings, PERIOD)
    assert [one.round for one in checked] == sorted(announced)
    assert all(one.products == len(PRODUCTS) for one in checked)
    assert not any(one.differences for one in checked)
    async with People(settings) as forger:
        await forger.say(
            said(
                "announced_price",
                product_id="bread",
                round=2,
                announced_price="1.25",
                method="shares",
            )
        )
    [wrong] = [one for one in await audit(settings, PERIOD) if one.differences]
    assert wrong.round == 2
    assert {(one.product_id, one.figure) for one in wrong.differences} == {
        ("bread", "price")
    }
    with pytest.raises(NotPlanned):
        await audit(settings, "2011-W45")


async def test_a_person_leads_from_round_to_round(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    await processes.board(settings)
    async with People(settings) as people:
        await people.say(
            *listings(),
            said("opening", quiet_s=0.3, is_automatic=False),
        )
        await people.say(*clearing_lines())

        async def waits() -> bool:
            rows = await read_rounds(settings)
            return bool(rows) and "person" in rows[max(rows)].reason

        await eventually(waits, within_s=20, every_s=0.2)
        await people.say(
            said(
                "set_price",
                product_id="bread",
                round=1,
                price="9",
                reason="Flour is short.",
            ),
            said("announcement", round=1, rebid=True, reason="Once more, please."),
        )

        async def second() -> bool:
            return len(announced_in(await read_board(settings)).get(2, {})) == 3

        await eventually(second, within_s=10, every_s=0.1)
        await people.say(
            said("announcement", round=2, rebid=False, reason="Good enough.")
        )
        await people.until_planned()

    events = await read_board(settings)
    [bread] = announced_in(events)[2]["bread"]
    assert bread.announced_price == 9
    assert bread.method == "person"
    assert bread.reason == "Flour is short."
    rows = await read_rounds(settings)
    assert rows[2].phase == "closed"
    assert "Good enough." in rows[2].reason
    assert not any(one.differences for one in await audit(settings, PERIOD))


async def test_what_does_not_fit_is_refused_with_its_code(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    await processes.board(settings)
    twice = said("listing", product_id="apples", start_price="10", event_id="twice")
    asked = {
        "unknown_period": said("gate", period="2011-W45"),
        "already_open": said("listing", product_id="dates", start_price="1"),
        "stale_round": said("announcement", round=7, rebid=True),
        "unknown_product": said("set_price", product_id="dates", round=1, price="1"),
        "unknown_council": said(
            "signature",
            council_id="nobody",
            product_id="bread",
            vote="approve",
            signer_id="eve",
        ),
        "not_a_signer": said(
            "signature",
            council_id="north",
            product_id="bread",
            vote="approve",
            signer_id="eve",
        ),
        "duplicate": twice,
    }
    async with People(settings) as people:
        await people.say(
            twice,
            *listings(but=("apples",)),
            said(
                "council",
                council_id="north",
                level="neighbourhood",
                signers=["ada", "bob"],
                signatures=1,
                threshold="10",
            ),
            said("opening", quiet_s=60),
            *asked.values(),
            said("gate", reason="Enough."),
        )
        late = said("announcement", round=1, rebid=True)
        await people.say(late)
        await people.until_planned()
        await people.say(
            said("bid", product_id="bread", company_id="bakery", quantity="1")
        )

        async def all_refused() -> bool:
            found = await read_rejected(settings)
            return len(found) == len(asked) + 2

        await eventually(all_refused, within_s=10, every_s=0.2)

    codes = {one.event_id: one.code for one in await read_rejected(settings)}
    for code, event in asked.items():
        assert codes.pop(event.event_id) == code
    assert codes.pop(late.event_id) == "gate_closed"
    assert list(codes.values()) == ["gate_closed"]  # the bid, by the worker
    rows = await read_rounds(settings)
    assert rows[1].phase == "closed"
    assert rows[1].reason.startswith("Enough.")


NAMES = ("ada-lovelace", "bob-dylan", "cy-twombly")


async def test_no_consumer_leaves_the_neighbourhood_by_topic_channel_or_log_line(
    settings: Settings, processes: Processes
) -> None:
    running = [
        await processes.worker(settings),
        await processes.board(settings),
        await start_feed(settings, processes),
    ]
    seen: list[bytes] = []

    async def watch(feed: Feed, channel: str) -> None:
        async with feed.subscribe(channel) as rows:
            async for update in rows:
                seen.extend(update.raw)

    async with (
        parfeed.connect(address(settings), timeout=20) as feed,
        People(settings) as people,
    ):
        watching = [
            asyncio.create_task(watch(feed, channel.name))
            for channel in CHANNELS.values()
            if not channel.is_private
        ]
        await people.say(
            *listings(),
            # A neighbourhood whose line waits for ever, in a city that takes one out.
            said("council", council_id="town", level="city", signers=["kim"]),
            said(
                "council",
                council_id="hill",
                level="neighbourhood",
                parent_id="town",
                signers=["kim"],
                signatures=1,
                threshold="1",
            ),
            said("opening", quiet_s=0.3, people_least=1),
        )
        await people.say(*clearing_lines(consumers=NAMES[:2]))
        cys = {"consumer_id": NAMES[2], "quantity": "3", "council_id": "hill"}
        await people.say(
            said("plan", product_id="bread", **cys),
            # Refused, each in its way: twice, and of what nobody lists.
            said("plan", product_id="bread", **cys),
            said("plan", product_id="caviar", **cys),
            said(
                "plan",
                product_id="apples",
                consumer_id=NAMES[0],
                quantity="1",
                greatest_price="0.5",
                revision=1,
            ),
        )
        await people.until_planned()
        await people.say(said("plan", product_id="bread", **cys, revision=5))

        async def all_refused() -> bool:
            return len(await read_rejected(settings)) == 3

        await eventually(all_refused, within_s=20, every_s=0.2)
        told = [one.detail for one in await read_rejected(settings)]
        await eventually(lambda: any(b'"closed"' in row for row in seen), within_s=20)
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
    public = [record.value for record in await read_topic(settings, MARKET)]
    public += [record.key for record in await read_topic(settings, MARKET)]
    public += [repr(event).encode() for event in await read_board(settings)]
    public += [detail.encode() for detail in told]
    assert any(b'"hill"' in row for row in seen), "the council's row is among them"
    for text in (*public, *seen, *(process.log.read_bytes() for process in running)):
        for name in NAMES:
            assert name.encode() not in text
