"""The audit of a period whose prices somebody else has written: a forger, by hand."""

from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from support.planning import PERIOD, People, clearing_lines, listings, said

from schemas.events import Event
from schemas.settings import Settings
from schemas.topics import MARKET, full_name
from streams.board.audit import Difference, NotPlanned, audit
from streams.board.topic_reading import Reading

pytestmark = pytest.mark.kafka

FAR = 10**9


def forged(product: str, price: str, **fields: object) -> Event:
    given = {"round": 1, "method": "opening", **fields}
    return said("announced_price", product_id=product, announced_price=price, **given)


async def differences(settings: Settings, **more: Any) -> list[tuple[int, Difference]]:
    return [
        (one.round, difference)
        for one in await audit(settings, PERIOD, **more)
        for difference in one.differences
    ]


async def test_prices_that_do_not_follow_from_the_bids_are_found(
    settings: Settings,
) -> None:
    async with People(settings) as people:
        await people.say(*listings(), said("opening"))
        await people.say(
            forged("apples", "10"), forged("bread", "10"), forged("cheese", "11")
        )
        await people.say(*clearing_lines())
        came_from = {"round": 2, "method": "shares", "position": FAR}
        await people.say(
            # S and D as they are, and a price that clears nothing.
            forged("apples", "10", supply="50", demand="150.6667", **came_from),
            forged("bread", "8", supply="51", demand="40", **came_from),
            forged("cheese", "14", supply="55", demand="77", **came_from),
        )
    found = await differences(settings)
    assert found[0] == (1, Difference("cheese", "price", 11, 10))
    by_figure = {
        (difference.product_id, difference.figure): difference
        for round_, difference in found
        if round_ == 2
    }
    apples = by_figure["apples", "price"]
    assert apples.announced == 10
    assert apples.recomputed is not None
    assert 18 < apples.recomputed < 22
    assert ("apples", "supply") not in by_figure
    bread = by_figure["bread", "supply"]
    assert (bread.announced, bread.recomputed) == (51, 50)
    assert ("bread", "demand") in by_figure


async def test_a_persons_price_must_have_been_set_by_one(settings: Settings) -> None:
    async with People(settings) as people:
        await people.say(
            *listings(),
            said("opening"),
            said("set_price", product_id="bread", round=1, price="9"),
        )
        await people.say(
            *(forged(name, "10") for name in ("apples", "bread", "cheese"))
        )
        by_person = {"round": 2, "method": "person"}
        await people.say(
            forged("apples", "10", **by_person),
            forged("bread", "9", **by_person),
            forged("cheese", "10", **by_person),
        )
    assert [
        (difference.product_id, difference.recomputed)
        for _, difference in await differences(settings)
    ] == [("apples", None), ("cheese", None)]


async def test_a_round_that_there_never_was_is_found(settings: Settings) -> None:
    async with People(settings) as people:
        await people.say(*listings(), said("opening"))
        await people.say(
            *(forged(name, "10") for name in ("apples", "bread", "cheese"))
        )
        await people.say(
            forged("bread", "12", round=5),
            said("planned_price", product_id="bread", planned_price="12"),
        )
    assert {
        (round_, difference.figure, difference.recomputed)
        for round_, difference in await differences(settings)
    } == {(5, "price", None), (1, "planned_price", 10)}


async def test_a_period_that_was_never_opened_cannot_be_audited(
    settings: Settings,
) -> None:
    async with People(settings) as people:
        await people.say(*listings())
    with pytest.raises(NotPlanned, match=PERIOD):
        await audit(settings, PERIOD)


async def test_an_audit_tells_how_far_it_is_and_believes_no_row(
    settings: Settings,
) -> None:
    async with People(settings) as people:
        await people.say(*listings(), said("opening"))
        for round_ in (1, 2):
            # By nobody's word: three prices differ in round 2.
            method = {"method": "opening" if round_ == 1 else "person"}
            await people.say(
                *(
                    forged(name, "10", round=round_, position=FAR, **method)
                    for name in ("apples", "bread", "cheese")
                ),
                *(clearing_lines() if round_ == 1 else ()),
            )
    # What the feed shows is the longest log of all, and the last to be believed.
    key = f'["*","{PERIOD}","round",1]'.encode()
    async with AIOKafkaProducer(bootstrap_servers=settings.broker) as anybody:
        await anybody.send_and_wait(
            full_name(settings.topic_prefix, MARKET), b"no row", key=key
        )
    told: list[Reading] = []
    assert len(await differences(settings, tell=told.append)) == 3 * 3
    last = {now.what: now for now in told}
    assert list(last) == [
        "Reading the agenda",
        "Reading what the board said",
        "Folding the bids of round 1",
        "Computing the prices of round 2",
    ]
    for what, records in (
        ("Reading the agenda", 4),
        ("Reading what the board said", 6),
    ):
        assert last[what] == Reading(what, records, records)
    # What the forger named as the positions lies beyond all bids.
    assert last["Folding the bids of round 1"].done >= len(clearing_lines())
