"""Two kinds of writers share the feed's log; neither hides the other's rows."""

import pytest
from aiokafka import AIOKafkaProducer
from support.polling import eventually
from support.processes import Processes
from support.traffic import (
    Sender,
    purchases,
    read_market,
    refused_counts,
    totals_in,
    totals_of,
)

from schemas.board_rows import RoundRow
from schemas.codec import encode
from schemas.settings import Settings
from schemas.topics import MARKET, full_name
from schemas.values import Period

pytestmark = pytest.mark.kafka

EVENTS = 8_000


async def _until_exact(settings: Settings, events: list, *, committed: bool) -> None:
    async def exact() -> bool:
        rows = await read_market(settings, committed=committed)
        assert totals_in(rows.values()) == totals_of(events)
        return True

    await eventually(exact, within_s=40, every_s=0.2)


async def test_a_worker_restores_rows_behind_another_writers_open_transaction(
    settings: Settings, processes: Processes
) -> None:
    events = purchases(EVENTS)
    worker = await processes.worker(settings)
    await Sender(settings, events[: EVENTS // 2]).release()
    await _until_exact(settings, events[: EVENTS // 2], committed=True)
    # A board that dies in the middle of saying something leaves this behind.
    board = AIOKafkaProducer(
        bootstrap_servers=settings.broker,
        transactional_id=f"{settings.topic_prefix}.boards",
    )
    await board.start()
    await board.begin_transaction()
    for partition in range(settings.partitions):
        await board.send_and_wait(
            full_name(settings.topic_prefix, MARKET),
            key=b'["*","2011-W44","round",1]',
            value=encode(RoundRow(period=Period("2011-W44"), round=1)),
            partition=partition,
        )
    # What the worker commits now lies behind it.
    await Sender(settings, events[EVENTS // 2 : EVENTS * 3 // 4]).release()
    await _until_exact(settings, events[: EVENTS * 3 // 4], committed=False)
    await worker.stop(5.0)
    successor = await processes.worker(settings)
    # Rows that cannot be read yet are not rows that are not there: it waits.
    with pytest.raises(AssertionError, match="not so within"):
        await eventually(lambda: b"restored" in successor.log.read_bytes(), within_s=6)
    await board.abort_transaction()
    await Sender(settings, events[EVENTS * 3 // 4 :]).release()
    await board.stop()

    await _until_exact(settings, events, committed=True)
    assert await refused_counts(settings) == {}
