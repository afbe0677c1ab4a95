"""What a demo adds up to, and the wait until it does."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal

import pytest

from parfeed.demo.planning_record import PlanningRecord
from parfeed.demo.settling import STALLED_S, NotSettled, settled
from parfeed.demo.totals import plain, totals_of
from parfeed.replay.record import Record
from schemas.rows import Amount, Demand, MarketRow
from schemas.values import Period


def a_row(
    product_id: str = "22423", week: int = 32, sequence: int = 1, **sums: Amount
) -> MarketRow:
    return MarketRow(
        product_id=product_id,
        period=Period(f"2011-W{week}"),
        sequence=sequence,
        demand=Demand(**sums),
    )


def an_amount(quantity: str, value: str) -> Amount:
    return Amount(quantity=Decimal(quantity), value=Decimal(value))


def test_totals_add_up_rows_and_refusals_of_all_three_places() -> None:
    record = Record(
        title="t",
        epoch="e",
        items=13,
        accepted=9,
        refused={"too_large": 2},
        dirt={"unpriced": 1, "stale_revision": 1},
        seconds=1.23456,
    )
    rows = [
        a_row(
            sequence=3,
            planned_purchases=an_amount("0.25", "0.6375"),
            unplanned_purchases=an_amount("5.75", "14.6625"),
            planned_cancellations=an_amount("0.25", "0.6375"),
            unplanned_cancellations=an_amount("1.75", "4.4625"),
        ),
        a_row(week=33, sequence=4, unplanned_purchases=an_amount("1000", "2550.00")),
        a_row("85123A", sequence=1),
    ]
    totals = totals_of(record, rows, {"stale_revision": 1})
    assert totals.events == 13
    assert totals.folded == 8
    assert totals.rejected == {"stale_revision": 2, "too_large": 2, "unpriced": 1}
    assert totals.missing == 0
    assert totals.products == 2
    assert totals.purchased_quantity == "1006"
    assert totals.purchased_value == "2565.3"
    assert totals.cancelled_quantity == "2"
    assert totals.seconds == 1.235


def test_what_planning_left_in_the_rows_is_no_part_of_the_replays_totals() -> None:
    planning = PlanningRecord(
        period="2011-W32",
        epoch="e",
        events=5,
        rounds=3,
        worst_percent="0.04",
        folded=7,
    )
    record = Record(title="t", epoch="e", items=4)
    totals = totals_of(record, [a_row(sequence=11)], {}, planning)
    assert (totals.events, totals.folded, totals.missing) == (4, 4, 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [("0", "0"), ("100", "100"), ("1E+2", "100"), ("1.250", "1.25"), ("0.00", "0")],
)
def test_sums_are_written_exactly_and_without_idle_zeros(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


class FakeDeployment:
    """Rows and refusals that come as the clock goes on."""

    def __init__(self, *states: tuple[int, Mapping[str, int]]) -> None:
        self.now_s = 0.0
        self._states = list(states)

    def clock(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.now_s += seconds
        if len(self._states) > 1:
            del self._states[0]

    def rows(self) -> list[MarketRow]:
        return [a_row(sequence=self._states[0][0])]

    async def refused(self) -> Mapping[str, int]:
        return self._states[0][1]


def a_finished_record(items: int) -> Record:
    return Record(title="t", epoch="e", items=items, is_finished=True)


async def test_it_is_settled_when_every_event_is_folded_or_refused() -> None:
    fake = FakeDeployment((0, {}), (5, {}), (9, {}), (9, {"stale_revision": 1}))
    totals = await settled(
        a_finished_record(10),
        fake.rows,
        fake.refused,
        clock=fake.clock,
        sleep=fake.sleep,
    )
    assert (totals.folded, totals.rejected) == (9, {"stale_revision": 1})


async def test_what_never_comes_is_told_with_its_number() -> None:
    fake = FakeDeployment((0, {}), (7, {}))
    with pytest.raises(NotSettled, match="3 of 10 events"):
        await settled(
            a_finished_record(10),
            fake.rows,
            fake.refused,
            clock=fake.clock,
            sleep=fake.sleep,
        )
    assert fake.now_s == pytest.approx(STALLED_S, abs=1.0)


async def test_what_somebody_else_published_is_told_at_once() -> None:
    fake = FakeDeployment((12, {}))
    with pytest.raises(NotSettled, match="2 events more"):
        await settled(
            a_finished_record(10),
            fake.rows,
            fake.refused,
            clock=fake.clock,
            sleep=fake.sleep,
        )
    assert fake.now_s == 0.0
