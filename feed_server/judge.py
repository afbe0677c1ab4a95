"""
Asks Kafka what became of events, for those who want to know.

Reads `rejected` as it grows, committed records only, and looks at the offsets that the
workers and the board have committed while anybody waits. What is looked at in this
order makes a verdict final: first the offsets, then where `rejected` ends; once all
before that end has been read, whatever lies below those offsets is decided.

The ledger says of each request what it decided, so that there is nothing to wait for
but its word: `decisions` is read beside the rest, and told at once.

When Kafka is away, or a topic was cut, nothing is guessed: all who wait are told that
nothing is known, and reading begins anew at the end.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from feed_server.verdict_source import VerdictSource, decision_of, refusal_of
from feed_server.verdicts import VERDICT_S, Lane, Question, Verdicts
from schemas.feed import Outcome, Result
from schemas.settings import Settings

LOOK_S: Final = 0.2
"""Between two looks at committed offsets, while anybody waits."""

RENEW_PAUSE_S: Final = 1.0
"""Between two attempts to read while Kafka is away."""

logger = logging.getLogger(__name__)

Answer = tuple[Outcome, ...]


class Judge:
    """
    Tells what became of events, for all sessions.

    Args:
        settings: broker, prefix, partitions and the bound are read from it.
        patience_s: how long after its `ack` a verdict comes at the latest.
    """

    def __init__(self, settings: Settings, *, patience_s: float = VERDICT_S) -> None:
        self._settings = settings
        self._verdicts = Verdicts(settings.publish_waiting, patience_s)
        self._answers: dict[Question, asyncio.Future[Answer]] = {}
        self._source: VerdictSource | None = None

    @property
    def is_reading(self) -> bool:
        """Tell whether refusals are read; until they are, nothing can be told."""
        return self._source is not None

    @property
    def waiting(self) -> int:
        """Return how many events wait for their verdict."""
        return self._verdicts.waiting

    def ask(self, events: Sequence[bytes]) -> Question:
        """
        Prepare to judge events that are about to be stored.

        Afterwards `acknowledge` the question, or `drop` it.

        Raises:
            Overloaded: if too many wait already.
        """
        question = self._verdicts.ask([_event_id(event) for event in events])
        question.is_void = self._source is None
        return question

    def drop(self, question: Question) -> None:
        """Forget a question whose events were not stored."""
        self._verdicts.drop(question)

    def acknowledge(
        self, question: Question, results: Sequence[Result]
    ) -> "asyncio.Future[Answer]":
        """
        Judge events that are stored now.

        Returns:
            A future with an outcome per event; it never fails, and takes no longer than
            the patience.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        if self._verdicts.acknowledge(question, results, loop.time()):
            answer.set_result(question.answer())
        else:
            self._answers[question] = answer
        return answer

    async def open(self) -> None:
        """Connect, however long it takes: from then on verdicts can be told."""
        while self._source is None:
            source = VerdictSource(self._settings)
            try:
                await source.open()
            except (KafkaError, OSError) as exc:
                logger.warning("cannot read what was refused yet: %r", exc)
                await source.close()
                await asyncio.sleep(RENEW_PAUSE_S)
            except BaseException:
                await source.close()
                raise
            else:
                self._source = source

    async def run(self) -> None:
        """
        Read until cancelled; `open` comes first.

        Raises:
            IntegrityError: if a topic holds what only others than ours can write.
        """
        while True:
            source = self._source
            if source is None:
                raise AssertionError("open() comes first")
            try:
                await self._read(source)
            except (KafkaError, OSError) as exc:
                logger.warning("cannot read what was refused: %r", exc)
            finally:
                self._source = None
                self._tell(self._verdicts.void())
                await source.close()
            await asyncio.sleep(RENEW_PAUSE_S)
            await self.open()

    # Private.

    async def _read(self, source: VerdictSource) -> None:
        # Neither ends by itself: whichever does has failed.
        tasks = [
            asyncio.create_task(self._follow(source), name="refusals"),
            asyncio.create_task(self._hear(source), name="decisions"),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hear(self, source: VerdictSource) -> None:
        verdicts = self._verdicts
        while True:
            records = await source.decisions()
            if not verdicts.waiting:
                # What is read while nobody waits is about nobody.
                continue
            for record in records:
                decision = decision_of(record)
                if decision is not None:
                    self._tell(verdicts.hear(decision))

    async def _follow(self, source: VerdictSource) -> None:
        loop = asyncio.get_running_loop()
        verdicts = self._verdicts
        committed: Mapping[Lane, int] = {}
        targets: Mapping[TopicPartition, int] | None = None
        look_at = 0.0
        while True:
            records = await source.refusals()
            if not verdicts.waiting:
                # What is read while nobody waits is about nobody.
                targets = None
                continue
            for record in records:
                verdicts.note(refusal_of(record))
            now = loop.time()
            if targets is not None and await source.has_reached(targets):
                self._tell(verdicts.settle(committed))
                targets = None
            lanes = verdicts.lanes()
            if targets is None and lanes and now >= look_at:
                look_at = now + LOOK_S
                committed = await source.committed(lanes)
                targets = await source.ends()
            self._tell(verdicts.expire(now))

    def _tell(self, answered: list[Question]) -> None:
        for question in answered:
            answer = self._answers.pop(question, None)
            if answer is not None and not answer.done():
                answer.set_result(question.answer())


class _Head(msgspec.Struct):
    event_id: object = None


_decode_head = msgspec.json.Decoder(_Head).decode


def _event_id(event: bytes) -> str | None:
    # An event that has none is refused before it is stored.
    try:
        event_id = _decode_head(event).event_id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return event_id if isinstance(event_id, str) else None
