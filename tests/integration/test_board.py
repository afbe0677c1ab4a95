"""A period planned by real processes: worker and board, over a real Kafka."""

from decimal import Decimal

import pytest
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


async def test_no_consumer_is_named_in_what_the_board_writes_for_everybody(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    board = await processes.board(settings)
    async with People(settings) as people:
        await people.say(*listings(), said("opening", quiet_s=0.3))
        await people.say(*clearing_lines(consumers=("ada-lovelace", "bob-dylan")))
        await people.until_planned()
    public = [record.value for record in await read_topic(settings, MARKET)]
    public += [record.key for record in await read_topic(settings, MARKET)]
    public += [repr(event).encode() for event in await read_board(settings)]
    public.append(board.log.read_bytes())
    assert public
    for text in public:
        assert b"ada-lovelace" not in text
        assert b"bob-dylan" not in text
