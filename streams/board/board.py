"""
The board: takes the agenda, plans the periods that are open, says what it decided.

Rules that hold here:

- One owner: the agenda has one partition, and the group gives it to one process. What
  an earlier owner may still believe does not matter: opening the publisher fences it.
- Everything happens in turn: a batch of the agenda, then what is due in each open
  period, each published in one transaction with the agenda's offset. There is no
  other place that writes.
- On any error nothing is written any more and the process ends; the next one reads
  back what was committed. Start and recovery are the same path.
- While nothing is planned only the agenda is read, and numpy is not imported.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.codec import decode_events
from schemas.errors import Refused
from schemas.rows import Line
from schemas.settings import Settings
from schemas.topics import AGENDA, full_name
from streams.board.agenda_desk import OPENED, AgendaDesk
from streams.board.fold_progress import FoldProgress
from streams.board.publisher import BoardPublisher, Step, group_id
from streams.board.recovery import PeriodRecord, Recovered, recover
from streams.market.councils.councils import Councils
from streams.market.periods import Calendar, period_before
from streams.market.planning.period import PeriodPlan
from streams.turns import act_in_turns

if TYPE_CHECKING:
    from streams.board.planned_period import PlannedPeriod

log = logging.getLogger(__name__)

AGENDA_BATCHES: Final = 4
"""Fetched batches of the agenda that wait; then fetching waits."""

MAX_RECORDS: Final = 2_000
"""Of the agenda in one step: some 10 ms, and one transaction."""

IDLE_S: Final = 3_600.0
"""How long nothing need be looked at while nothing is planned."""


async def run(settings: Settings, clock: Callable[[], float] = time.time) -> None:
    """
    Be the board whenever the agenda is ours, until cancelled.

    Raises:
        IntegrityError: if there is a later board, or an invariant is broken; then the
            process must end.
        KafkaError: if Kafka cannot be reached.
    """
    agenda = TopicPartition(full_name(settings.topic_prefix, AGENDA), 0)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.broker,
        group_id=group_id(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_poll_records=MAX_RECORDS,
        fetch_max_wait_ms=100,
        session_timeout_ms=int(settings.session_timeout_s * 1000),
        heartbeat_interval_ms=int(settings.session_timeout_s * 250),
    )

    @asynccontextmanager
    async def opened() -> AsyncIterator[Board]:
        board = await Board.open(settings, consumer, agenda, clock)
        try:
            yield board
        finally:
            await board.close()

    await act_in_turns(consumer, agenda, opened)


class Board:
    """
    The board while the agenda is ours.

    Make it with `Board.open`; `close` it in the end.
    """

    def __init__(
        self,
        settings: Settings,
        consumer: AIOKafkaConsumer,
        publisher: BoardPublisher,
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._consumer = consumer
        self._publisher = publisher
        self._clock = clock
        self._calendar = Calendar(settings.period)
        self._councils = Councils()
        self._desk = AgendaDesk(settings, self._councils)
        self._taken = 0
        self._planned: dict[str, PlannedPeriod] = {}
        self._progress: FoldProgress | None = None
        self._waiting: asyncio.Queue[list[Any]] = asyncio.Queue(AGENDA_BATCHES)
        self._woken = asyncio.Event()
        self._is_news_for_councils = False

    @classmethod
    async def open(
        cls,
        settings: Settings,
        consumer: AIOKafkaConsumer,
        agenda: TopicPartition,
        clock: Callable[[], float],
    ) -> Self:
        """
        Take over from any earlier board.

        Raises:
            IntegrityError: if what it left cannot be read.
            KafkaError: if Kafka cannot be reached.
        """
        publisher = BoardPublisher(settings)
        await publisher.open()
        board = cls(settings, consumer, publisher, clock)
        try:
            # In this order: fenced, nothing of what is read can change.
            recovered = await recover(settings, board._desk, board._councils)
            await board._resume(recovered)
            consumer.seek(agenda, recovered.taken)
        except BaseException:
            await board.close()
            raise
        return board

    async def act(self) -> None:
        """
        Take the agenda and plan, until cancelled.

        Raises:
            IntegrityError: if an invariant is broken.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._fetch())
            tasks.create_task(self._take_turns())

    async def close(self) -> None:
        """Stop planning; what is not published is void."""
        for planned in self._planned.values():
            await planned.close()
        self._planned.clear()
        if self._progress is not None:
            await self._progress.close()
        await self._publisher.close()

    # Private

    async def _fetch(self) -> None:
        while True:
            fetched = await self._consumer.getmany(timeout_ms=60_000)
            for records in fetched.values():
                await self._waiting.put(records)
                self._woken.set()

    async def _take_turns(self) -> None:
        while True:
            self._woken.clear()
            while not self._waiting.empty():
                await self._take(self._waiting.get_nowait())
            for planned in self._planned.values():
                planned.check()
            if self._is_restored:
                await self._plan_on()
            await self._sleep()

    @property
    def _is_restored(self) -> bool:
        # Half of a period's lines would make councils decide otherwise than all.
        return all(planned.is_restored for planned in self._planned.values())

    async def _plan_on(self) -> None:
        await self._tell_councils()
        for period, planned in list(self._planned.items()):
            step = Step(taken_before=self._taken)
            await planned.step(step)
            await self._publish(step)
            if step.events:
                planned.noticed()
            if not planned.plan.is_open:
                await self._forget(period)

    async def _sleep(self) -> None:
        now = self._clock()
        looks: list[float | None] = []
        if self._is_restored:  # else whatever is read wakes us
            looks = [planned.next_look(now) for planned in self._planned.values()]
        until = min((look for look in looks if look is not None), default=now + IDLE_S)
        try:
            async with asyncio.timeout(max(0.001, min(until - now, IDLE_S))):
                await self._woken.wait()
        except TimeoutError:
            return

    # The agenda

    async def _take(self, records: list[Any]) -> None:
        _check_follows(self._taken, records[0].offset)
        step = Step(taken_before=self._taken)
        opened: list[PlannedPeriod] = []
        closing: list[PlannedPeriod] = []
        for record, event in zip(
            records, decode_events([record.value for record in records]), strict=True
        ):
            self._taken = record.offset + 1
            try:
                due = self._desk.take(record, event, self._clock())
            except Refused as exc:
                step.refused.append(self._desk.rejected(record, event, exc))
                continue
            if due is None:
                continue
            if due.what == OPENED:
                opened.append(await self._open(due.plan, step))
            else:
                closing.append(self._planned[due.plan.period])
                closing[-1].announce_times(step)
        step.taken = self._taken
        await self._publish(step)
        for planned in opened:
            planned.start()
        for planned in closing:
            planned.noticed()
        self._is_news_for_councils = True

    async def _open(self, plan: PeriodPlan, step: Step) -> "PlannedPeriod":
        # Imported here: numpy takes 25 MB and 0.1 s, and most boards plan nothing
        # most of the time.
        from streams.market.planning.announcing import opening_prices
        from streams.market.planning.book import Book
        from streams.market.planning.round_rows import opened_row

        announced = opening_prices(plan)
        step.events += announced
        row = opened_row(
            plan,
            announced,
            alarm=False,
            reason="Planning begins at the prices listed.",
            agenda=self._taken,
        )
        step.rows.append(row)
        record = PeriodRecord({1: row}, {1: plan.prices}, [], Book(plan.prices), 0, {})
        planned = await self._plan(plan, record)
        planned.announce_times(step)
        log.info("%s opened with %d products", plan.period, len(plan.prices))
        return planned

    async def _plan(self, plan: PeriodPlan, record: PeriodRecord) -> "PlannedPeriod":
        from streams.board.planned_period import PlannedPeriod

        if self._progress is None:
            self._progress = await FoldProgress.open(self._settings)
        planned = self._planned[plan.period] = PlannedPeriod(
            self._settings,
            plan,
            record=record,
            previous=period_before(plan.period, self._calendar),
            progress=self._progress,
            partition_of=self._publisher.partition_of,
            on_lines=self._on_lines,
            on_cut=self._decide,
            wake=self._woken.set,
            clock=self._clock,
        )
        return planned

    async def _resume(self, recovered: Recovered) -> None:
        self._taken = recovered.taken
        for period, found in recovered.periods.items():
            planned = await self._plan(self._desk.plans[period], found)
            planned.start()
            log.info("%s goes on in round %d", period, planned.plan.round)

    async def _forget(self, period: str) -> None:
        await self._planned.pop(period).close()
        self._councils.forget(self._desk.plans[period].opened_with.period)
        if not self._planned and self._progress is not None:
            await self._progress.close()
            self._progress = None

    # Councils

    def _on_lines(self, lines: list[Line]) -> None:
        for line in lines:
            self._councils.put(line)
        self._is_news_for_councils = True

    async def _tell_councils(self) -> None:
        if not self._is_news_for_councils:
            return
        self._is_news_for_councils = False
        step = Step(taken_before=self._taken)
        self._decide(step)
        await self._publish(step)

    def _decide(self, step: Step) -> None:
        # What councils have come to by the lines and signatures so far.
        now = datetime.fromtimestamp(self._clock(), UTC)
        for decision in self._councils.decisions(now):
            planned = self._planned.get(decision.period)
            if planned is not None:
                planned.decide(decision)
                step.events.append(decision)
        step.rows += [
            row for row in self._councils.rows(now) if row.period in self._planned
        ]

    async def _publish(self, step: Step) -> None:
        if not step:
            return
        if step.taken is None:
            # What is open may have changed; it is noted beside the offset.
            step.taken = self._taken
        open_periods = [plan.period for plan in self._desk.open_plans()]
        await self._publisher.publish(step, open_periods)


def _check_follows(taken: int, first: int) -> None:
    if first < taken:
        raise AssertionError(f"offset {first} of the agenda was taken before {taken}")
