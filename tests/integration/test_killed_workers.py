"""Workers killed, paused, joined by others: the totals are those of the events."""

import os
import signal

import pytest
from support.polling import eventually
from support.processes import Processes
from support.traffic import (
    Sender,
    folded_count,
    members,
    purchases,
    read_market,
    refused_counts,
    totals_in,
    totals_of,
)

from parfeed.process import ChildProcess
from schemas.settings import Settings

pytestmark = pytest.mark.kafka

EVENTS = 40_000


async def _until_folded(settings: Settings, count: int) -> None:
    async def enough() -> bool:
        return await folded_count(settings, committed=False) >= count

    await eventually(enough, within_s=60, every_s=0.1)


async def _until_shared_by(settings: Settings, workers: int) -> None:
    async def shared() -> bool:
        return await members(settings) == workers

    await eventually(shared, within_s=60, every_s=0.2)


async def _until_exact(settings: Settings, events: list) -> None:
    async def exact() -> bool:
        assert totals_in((await read_market(settings)).values()) == totals_of(events)
        return True

    await eventually(exact, within_s=60, every_s=0.2)


def _kill(process: ChildProcess) -> None:
    os.kill(process.pid, signal.SIGKILL)


async def test_a_worker_killed_again_and_again_loses_and_doubles_nothing(
    settings: Settings, processes: Processes
) -> None:
    events = purchases(EVENTS)
    worker = await processes.worker(settings)
    sender = Sender(settings, events)
    for part in (1, 2, 3):
        await _until_folded(settings, part * EVENTS // 5)
        _kill(worker)
        await worker.wait()
        worker = await processes.worker(settings)
    await sender.release()

    await _until_exact(settings, events)
    assert await refused_counts(settings) == {}


async def test_partitions_that_move_between_workers_lose_and_double_nothing(
    settings: Settings, processes: Processes
) -> None:
    events = purchases(EVENTS, seed=2)
    first = await processes.worker(settings)
    sender = Sender(settings, events)
    await _until_folded(settings, EVENTS // 8)
    second = await processes.worker(settings)  # joins
    await _until_shared_by(settings, 2)
    _kill(first)  # vanishes
    third = await processes.worker(settings)
    await _until_shared_by(settings, 2)
    assert await second.stop(5.0) == 0  # leaves
    await sender.release()

    await _until_exact(settings, events)
    assert await refused_counts(settings) == {}
    assert third.exit_code is None


async def test_a_worker_paused_past_its_session_cannot_write_when_it_wakes(
    settings: Settings, processes: Processes
) -> None:
    events = purchases(EVENTS, seed=3)
    paused = await processes.worker(settings)
    sender = Sender(settings, events)
    await _until_folded(settings, EVENTS // 4)
    os.kill(paused.pid, signal.SIGSTOP)
    successor = await processes.worker(settings)
    # The events alone may all have been folded before the session is over.
    await eventually(
        lambda: b"partitions: [0, 1, 2, 3]" in successor.log.read_bytes(), within_s=30
    )
    await _until_folded(settings, EVENTS * 4 // 5)
    os.kill(paused.pid, signal.SIGCONT)
    # Its transaction is ended by the successor: the first thing it writes or commits
    # fails, and it stops itself rather than guess.
    await eventually(lambda: paused.exit_code is not None, within_s=30)
    await sender.release()

    assert paused.exit_code == 70
    assert successor.exit_code is None
    await _until_exact(settings, events)
    assert await refused_counts(settings) == {}


async def test_events_sent_twice_around_a_restart_count_once(
    settings: Settings, processes: Processes
) -> None:
    events = purchases(EVENTS // 2, seed=4)
    worker = await processes.worker(settings)
    await Sender(settings, events, pause_s=0).release()
    again = Sender(settings, events)
    await eventually(lambda: again.sent >= len(events) // 2, within_s=60)
    _kill(worker)
    await processes.worker(settings)
    await again.release()

    await _until_exact(settings, events)

    async def all_refused() -> bool:
        return await refused_counts(settings) == {"duplicate": len(events)}

    await eventually(all_refused, within_s=30, every_s=0.2)
