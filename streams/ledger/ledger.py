"""
The ledger: keeps cards and offers, answers requests, settles periods.

Rules that hold here:

- One owner: the group gives a topic of one partition to one process. What an earlier
  owner may still believe does not matter: opening the publisher fences it.
- Everything happens in turn: what was read since the last step is taken, then all of
  it is published in one transaction with the offsets. There is no other place that
  writes.
- On any error nothing is written any more and the process ends; the next one reads
  back what was committed. Start and recovery are the same path.
- A settlement reads and computes beside the turns, and is published in one of them.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.codec import decode_events
from schemas.settings import Settings
from schemas.topics import EPOCH, REQUESTS, full_name
from streams.ledger.publisher import LedgerPublisher, Step, group_id
from streams.ledger.reader import Fetched, Reader
from streams.ledger.recovery import Recovered, recover
from streams.ledger.settler import Settler
from streams.turns import act_in_turns

log = logging.getLogger(__name__)

STEP_S: Final = 0.02
"""The least time between two steps: a transaction takes 5 to 25 ms whatever it holds,
so that what comes meanwhile had better share the next one."""


async def run(settings: Settings) -> None:
    """
    Be the ledger whenever it is our turn, until cancelled.

    Raises:
        IntegrityError: if there is a later ledger, or an invariant is broken; then the
            process must end.
        KafkaError: if Kafka cannot be reached.
    """
    turn = TopicPartition(full_name(settings.topic_prefix, EPOCH), 0)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.broker,
        group_id=f"{group_id(settings)}.turns",
        enable_auto_commit=False,
        session_timeout_ms=int(settings.session_timeout_s * 1000),
        heartbeat_interval_ms=int(settings.session_timeout_s * 250),
    )

    @asynccontextmanager
    async def opened() -> AsyncIterator[Ledger]:
        ledger = await Ledger.open(settings)
        try:
            yield ledger
        finally:
            await ledger.close()

    await act_in_turns(consumer, turn, opened)


class Ledger:
    """
    The ledger while it is our turn.

    Make it with `Ledger.open`; `close` it in the end.
    """

    def __init__(
        self, settings: Settings, publisher: LedgerPublisher, recovered: Recovered
    ) -> None:
        self._publisher = publisher
        self._state = recovered.state
        self._facts = recovered.facts
        self._desk = recovered.desk
        self._reader = Reader(settings, recovered.taken)
        self._settler = Settler(
            settings, self._desk, recovered.facts_at, self._facts.ended
        )
        self._settler.read_to.update(recovered.taken)

    @classmethod
    async def open(cls, settings: Settings) -> Self:
        """
        Take over from any earlier ledger.

        Raises:
            IntegrityError: if what it left cannot be read.
            KafkaError: if Kafka cannot be reached.
        """
        publisher = LedgerPublisher(settings)
        try:
            await publisher.open()
            # In this order: fenced, nothing of what is read can change.
            return cls(settings, publisher, await recover(settings))
        except BaseException:
            await publisher.close()
            raise

    async def act(self) -> None:
        """
        Take what comes and answer it, until cancelled.

        Raises:
            IntegrityError: if an invariant is broken.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._reader.run())
            tasks.create_task(self._settler.run())
            tasks.create_task(self._take_turns())

    async def close(self) -> None:
        """Stop; what is not published is void."""
        await self._publisher.close()

    # Private

    async def _take_turns(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            fetched, made = await self._news()
            began = loop.time()
            step = Step()
            # Requests last, so that they are decided on all that is known.
            for batch in sorted(fetched, key=_is_request):
                self._take(batch, step)
            if made is not None:
                self._settled(made, step)
            step.rows += self._state.changed_rows()
            await self._publisher.publish(step)
            self._settler.note(step.taken)
            await asyncio.sleep(max(0.0, began + STEP_S - loop.time()))

    async def _news(self) -> tuple[list[Fetched], Step | None]:
        # Waits until there is something to do.
        fetching = asyncio.ensure_future(self._reader.fetched.get())
        settling = asyncio.ensure_future(self._settler.made.get())
        try:
            await asyncio.wait(
                {fetching, settling}, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            # Getting from a queue loses nothing when it is given up before it is done.
            for waiting in (fetching, settling):
                if not waiting.done():
                    waiting.cancel()
        fetched = [fetching.result()] if fetching.done() else []
        while not self._reader.fetched.empty():
            fetched.append(self._reader.fetched.get_nowait())
        return fetched, settling.result() if settling.done() else None

    def _take(self, fetched: Fetched, step: Step) -> None:
        topic, partition, records, after = fetched
        step.taken[topic.name, partition] = after
        if topic is not REQUESTS:
            self._facts.take(topic, partition, records)
            return
        events = decode_events([record.value for record in records])
        for record, event in zip(records, events, strict=True):
            decision, said = self._desk.decide(partition, record, event)
            step.decisions.append(decision)
            step.events += said
        self._settler.look()

    def _settled(self, made: Step, step: Step) -> None:
        step.events += made.events
        step.settled += made.settled
        step.postings += made.postings
        step.rows += made.rows
        for settled in made.settled:
            self._desk.settle(settled)
            self._state.forget(settled.period)
            self._facts.forget(settled.period)
            log.info(
                "%s settled, revision %d, %d postings",
                settled.period,
                settled.revision,
                settled.postings,
            )


def _is_request(fetched: Fetched) -> bool:
    return fetched.topic is REQUESTS
