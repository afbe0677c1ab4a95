"""Playing a source to a feed: everything once, in order, on from where it stopped."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from parfeed.replay.pacing import Pacer
from parfeed.replay.player import BATCH, BATCHES_UNDER_WAY, Now, play
from parfeed.replay.record import Record
from parfeed.replay.source import Item
from parfeed.sources.dirt import RefusedRow
from schemas.event_base import EventBase
from schemas.events import ProductionReported
from schemas.feed import Result
from schemas.values import PositiveQuantity

NOON = datetime(2011, 8, 8, 12, tzinfo=UTC)


class FakeFeed:
    """Takes events, refuses those it is told to, and breaks when it is told to."""

    def __init__(
        self, *, refuses: Sequence[str] = (), breaks_at: str | None = None
    ) -> None:
        self.taken: list[str] = []
        self.taken_at: list[float] = []
        self.under_way = 0
        self.most_under_way = 0
        self.now_s = 100.0
        self._refuses = refuses
        self._breaks_at = breaks_at

    async def publish(self, events: Sequence[EventBase]) -> Sequence[Result]:
        assert events, "nothing was handed in"
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        for _ in range(5):
            await asyncio.sleep(0)
        self.under_way -= 1
        if any(event.event_id == self._breaks_at for event in events):
            raise ConnectionError("the feed broke")
        self.taken += [event.event_id for event in events]
        self.taken_at += [self.now_s] * len(events)
        return [
            Result(event_id=event.event_id, error="too_large", detail="so it is")
            if event.event_id in self._refuses
            else Result(event_id=event.event_id, topic="t", partition=0, offset=1)
            for event in events
        ]

    def clock(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        # What is under way gets there first, as it would on any real clock.
        for _ in range(10):
            await asyncio.sleep(0)
        self.now_s += seconds


def an_event(number: int, seconds: float = 0.0) -> ProductionReported:
    return ProductionReported(
        event_id=f"e{number}",
        product_id="p",
        occurred_at=NOON + timedelta(seconds=seconds),
        company_id="c",
        quantity=PositiveQuantity("1"),
    )


def a_record() -> Record:
    return Record(title="t", epoch="e")


async def played(
    items: Sequence[Item],
    feed: FakeFeed,
    record: Record,
    speed: float | None = None,
    told: list[Now] | None = None,
) -> Record:
    return await play(
        items,
        feed,
        Pacer(speed),
        record,
        clock=feed.clock,
        sleep=feed.sleep,
        tell=(told if told is not None else []).append,
    )


async def test_every_item_is_handed_in_or_counted_as_dirt() -> None:
    feed = FakeFeed(refuses=["e3"])
    items: list[Item] = [an_event(number) for number in range(3 * BATCH)]
    items[5] = RefusedRow(reason="unpriced", row=77)
    items[9] = RefusedRow(reason="unreadable", row=81, detail="was 'x'")
    record = await played(items, feed, a_record())
    assert feed.taken == [
        item.event_id for item in items if not isinstance(item, RefusedRow)
    ]
    assert record.items == len(items)
    assert record.dirt == {"unpriced": 1, "unreadable": 1}
    assert record.refused == {"too_large": 1}
    assert record.accepted == len(items) - 3
    assert record.is_finished
    assert record.examples == {
        "unpriced": "row 77",
        "unreadable": "row 81: was 'x'",
        "too_large": "e3: so it is",
    }


async def test_no_more_than_two_batches_wait_for_the_feed() -> None:
    feed = FakeFeed()
    await played([an_event(n) for n in range(6 * BATCH)], feed, a_record())
    assert feed.most_under_way == BATCHES_UNDER_WAY


async def test_the_source_is_not_read_ahead_of_what_may_be_under_way() -> None:
    class Stuck(FakeFeed):
        async def publish(self, events: Sequence[EventBase]) -> Sequence[Result]:
            await asyncio.get_running_loop().create_future()
            raise AssertionError("nobody answers")

    read = 0

    def items() -> Iterator[Item]:
        nonlocal read
        for number in range(100 * BATCH):
            read += 1
            yield an_event(number)

    feed = Stuck()
    task = asyncio.create_task(
        play(
            items(),
            feed,
            Pacer(None),
            a_record(),
            clock=feed.clock,
            tell=lambda now: None,
        )
    )
    for _ in range(100):
        await asyncio.sleep(0)
    assert read == (BATCHES_UNDER_WAY + 1) * BATCH
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_second_start_goes_on_where_the_first_was_confirmed() -> None:
    items = [an_event(number) for number in range(4 * BATCH)]
    broken = FakeFeed(breaks_at=f"e{2 * BATCH + 1}")
    record = a_record()
    with pytest.raises(ConnectionError):
        await played(items, broken, record)
    assert record.items == record.accepted == 2 * BATCH
    assert not record.is_finished
    feed = FakeFeed()
    told: list[Now] = []
    await played(items, feed, record, told=told)
    assert feed.taken == [event.event_id for event in items[2 * BATCH :]]
    assert record.items == record.accepted == len(items)
    assert [now.is_skipping for now in told[:3]] == [True, True, False]


async def test_a_finished_replay_hands_in_nothing_again() -> None:
    items = [an_event(1)]
    record = await played(items, FakeFeed(), a_record())
    feed = FakeFeed()
    await played(items, feed, record)
    assert feed.taken == []
    assert record.accepted == 1


async def test_events_are_handed_in_when_they_are_due() -> None:
    feed = FakeFeed()
    items = [an_event(0, 0), an_event(1, 60), an_event(2, 60), an_event(3, 120)]
    await played(items, feed, a_record(), speed=60.0)
    assert feed.taken == ["e0", "e1", "e2", "e3"]
    assert feed.taken_at == pytest.approx([100.0, 101.0, 101.0, 102.0])


async def test_seconds_add_up_over_all_starts() -> None:
    feed = FakeFeed()
    record = a_record()
    record.seconds = 10.0
    await played([an_event(0, 0), an_event(1, 60)], feed, record, speed=60.0)
    assert record.seconds == pytest.approx(11.0)
