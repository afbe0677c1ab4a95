"""Whether all bids are folded and seen: real workers, refusals, control records."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer
from support.planning import PERIOD, People, said
from support.polling import eventually
from support.processes import Processes

from schemas.codec import encode
from schemas.rows import Line
from schemas.settings import Settings
from schemas.topics import BIDS, full_name
from streams.board.fold_progress import FoldProgress
from streams.board.line_reader import LineReader

pytestmark = pytest.mark.kafka


class Seen:
    """What a board sees of the lines, and whether that is all."""

    def __init__(self, settings: Settings, progress: FoldProgress) -> None:
        self.lines: list[Line] = []
        self.progress = progress
        self.reader = LineReader(settings, [PERIOD], self.lines.extend)

    async def is_all(self) -> bool:
        return await self.progress.is_folded(
            await self.progress.ends(), self.reader.complete_to, self.reader.lines_read
        )


@pytest.fixture
async def seen(settings: Settings) -> AsyncIterator[Seen]:
    progress = await FoldProgress.open(settings)
    watching = Seen(settings, progress)
    reading = asyncio.create_task(watching.reader.run())
    await watching.reader.is_restored.wait()
    yield watching
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await progress.close()


BID = said("bid", product_id="bread", company_id="oven", quantity="5", event_id="b-1")


async def test_nothing_is_all_there_is_before_the_first_bid(seen: Seen) -> None:
    assert await seen.is_all()


async def test_a_bid_that_nobody_folds_is_missing(
    settings: Settings, processes: Processes, seen: Seen
) -> None:
    async with People(settings) as people:
        await people.say(BID)
        assert not await seen.is_all()
        await processes.worker(settings)
        await eventually(seen.is_all, within_s=20, every_s=0.05)
        # Whenever it says so, the line is there.
        assert [line.party_id for line in seen.lines] == ["oven"]


async def test_bids_that_are_refused_are_folded_too(
    settings: Settings, processes: Processes, seen: Seen
) -> None:
    await processes.worker(settings)
    async with People(settings) as people:
        await people.say(BID, BID)
        await eventually(lambda: len(seen.lines) == 1, within_s=20)
        await people.say(BID)
        # No line comes of it; what the workers have committed tells.
        await eventually(seen.is_all, within_s=20, every_s=0.05)
    assert len(seen.lines) == 1


async def test_a_transactions_marker_is_no_bid(
    settings: Settings, processes: Processes, seen: Seen
) -> None:
    await processes.worker(settings)
    sender = AIOKafkaProducer(
        bootstrap_servers=settings.broker,
        transactional_id=f"{settings.topic_prefix}.sender",
    )
    await sender.start()
    try:
        async with sender.transaction():
            await sender.send_and_wait(
                full_name(settings.topic_prefix, BIDS), encode(BID), key=b"bread"
            )
    finally:
        await sender.stop()
    await eventually(seen.is_all, within_s=20, every_s=0.05)
    assert len(seen.lines) == 1
