"""A period planned by real processes: worker and board, over a real Kafka."""

from decimal import Decimal

import pytest
from support.planning import (
    People,
    announced_in,
    planned_in,
    read_board,
    read_products,
    read_rounds,
    said,
)
from support.polling import eventually
from support.processes import Processes

from schemas.events import Event
from schemas.settings import Settings

pytestmark = pytest.mark.kafka

PRODUCTS = ("apples", "bread", "cheese")


def listings(start_price: str = "10") -> list[Event]:
    return [said("listing", product_id=p, start_price=start_price) for p in PRODUCTS]


def scheduled() -> list[Event]:
    # Each clears at a price of its own: 20, 8 and 14.
    events = []
    for product, clears_at in zip(PRODUCTS, (20, 8, 14), strict=True):
        events.append(
            said(
                "bid",
                product_id=product,
                company_id=f"maker-of-{product}",
                quantity="100",
                schedule=[["1", "5"], ["40", "200"]],
            )
        )
        at = 5 + (clears_at - 1) * 195 / 39
        for consumer in ("ada", "bob"):
            events.append(
                said(
                    "plan",
                    product_id=product,
                    consumer_id=consumer,
                    quantity="50",
                    schedule=[
                        ["0.5", f"{at:.4f}"],
                        [str(clears_at), f"{at / 2:.4f}"],
                        [str(clears_at * 4), "0"],
                    ],
                )
            )
    return events


async def test_scheduled_bidders_are_planned_without_a_person(
    settings: Settings, processes: Processes
) -> None:
    await processes.worker(settings)
    await processes.board(settings)
    async with People(settings) as people:
        await people.say(*listings(), said("opening", quiet_s=0.3))
        await people.say(*scheduled())

        async def planned() -> bool:
            return len(planned_in(await read_board(settings))) == len(PRODUCTS)

        await eventually(planned, within_s=40, every_s=0.2)

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
