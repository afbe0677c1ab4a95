"""
One owner at a time: whoever Kafka's group gives a single partition acts, others stand
by.

What an earlier owner may still believe does not matter: who begins to act fences it by
its transactional id (`streams/transactions.py`).
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener

log = logging.getLogger(__name__)


class Acting(Protocol):
    """Who owns the partition."""

    async def act(self) -> None:
        """Act until cancelled."""


Open = Callable[[], AbstractAsyncContextManager[Acting]]
"""Takes over from any earlier owner, and gives up in the end."""


async def act_in_turns(
    consumer: AIOKafkaConsumer, partition: TopicPartition, open_owner: Open
) -> None:
    """
    Act whenever the partition is ours, until cancelled.

    Args:
        consumer: with a group, not yet started; stopped in the end.
        partition: of a topic that has no other.
        open_owner: makes who acts.

    Raises:
        IntegrityError: if an invariant is broken; then the process must end.
        KafkaError: if Kafka cannot be reached.
    """
    turns = _Turns(partition)
    consumer.subscribe([partition.topic], listener=turns)
    await consumer.start()
    try:
        while True:
            await turns.is_ours.wait()
            log.info("%s is ours", partition.topic)
            async with open_owner() as owner:
                await _until_lost(owner, turns)
            log.info("%s is another's; standing by", partition.topic)
    finally:
        await consumer.stop()


class _Turns(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka: no types
    # Whether the partition is ours.

    def __init__(self, partition: TopicPartition) -> None:
        self._partition = partition
        self.is_ours = asyncio.Event()
        self.is_lost = asyncio.Event()
        # Set while nobody of us acts: a rebalance waits for it.
        self.is_at_rest = asyncio.Event()
        self.is_at_rest.set()

    async def on_partitions_revoked(self, revoked: Any) -> None:
        if self._partition in revoked:
            self.is_ours.clear()
            self.is_lost.set()
            await self.is_at_rest.wait()

    async def on_partitions_assigned(self, assigned: Any) -> None:
        if self._partition in assigned:
            self.is_lost.clear()
            self.is_ours.set()


async def _until_lost(owner: Acting, turns: _Turns) -> None:
    turns.is_at_rest.clear()
    acting = asyncio.create_task(owner.act())
    lost = asyncio.create_task(turns.is_lost.wait())
    try:
        await asyncio.wait({acting, lost}, return_when=asyncio.FIRST_COMPLETED)
        if acting.done():
            await acting
    finally:
        for task in (acting, lost):
            task.cancel()
        await asyncio.gather(acting, lost, return_exceptions=True)
        turns.is_at_rest.set()
