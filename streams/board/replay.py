"""
A period's rounds once more, from the record of truth.

The bids and the board's own words are folded by the workers' own fold, up to where
each round's prices say that they are complete, and put into the same book. What comes
out is what the board saw when it announced them: for a board that starts anew in the
middle of a period, and for whoever checks.
"""

import logging
from collections.abc import AsyncIterator
from itertools import groupby
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.settings import Settings
from schemas.topics import BIDS, BOARD, Topic, full_name
from streams.board.said import Said
from streams.board.topic_reading import SILENT, ReadingProgress, stretch
from streams.market.answers import Round
from streams.market.batch import fold_batch, remember_batch
from streams.market.planning.book import Book, Sums
from streams.market.planning.proposing import round_of
from streams.market.tables import Tables
from streams.partition import rules

log = logging.getLogger(__name__)


class Replayed(NamedTuple):
    """
    A round that was answered.

    Attributes:
        number: of the round.
        answered: its prices, and the answers that the next round's came from.
        sums: S and D by product.
        book: as it stood then; it goes on with the next round.
    """

    number: int
    answered: Round
    sums: dict[str, Sums]
    book: Book


async def replay(
    settings: Settings,
    consumer: AIOKafkaConsumer,
    period: str,
    said: Said,
    last_round: int,
    *,
    progress: ReadingProgress = SILENT,
) -> AsyncIterator[Replayed]:
    """
    Go through the rounds that were followed by another, up to the last.

    Args:
        settings: of the deployment.
        consumer: of committed records.
        period: which was planned.
        said: what the board said of it.
        last_round: the one that none followed, or whose own answers are not asked for.
        progress: hears how far it is.

    Raises:
        IntegrityError: if a sum breaks a law.
    """
    prices = said.prices()
    book = Book(prices[1])
    parts = [
        _Part(settings, consumer, number, period, said.begins[number], progress)
        for number in range(settings.partitions)
    ]
    for round_ in range(2, last_round + 1):
        cuts = [(part, _cut(said, round_, part.number)) for part in parts]
        progress.begin(
            f"Folding the bids of round {round_ - 1}",
            sum(part.distance(cut) for part, cut in cuts if cut is not None),
        )
        for part, cut in cuts:
            if cut is not None:
                await part.fold(BOARD, cut.offset, book)
                await part.fold(BIDS, cut.position + 1, book)
        answered = round_of(prices[round_ - 1], book)
        sums = {name: book.sums(name) for name in book.products}
        yield Replayed(round_ - 1, answered, sums, book)
        book.begin_round(round_, prices[round_])


class _Cut(NamedTuple):
    # Up to where a partition was folded when a round was announced.
    offset: int
    position: int


def _cut(said: Said, round_: int, partition: int) -> _Cut | None:
    # None where no product of the period lies.
    placed = [
        one for one in said.announced[round_].values() if one.partition == partition
    ]
    if not placed:
        return None
    return _Cut(
        min(one.offset for one in placed), max(one.event.position for one in placed)
    )


class _Part:
    # One partition, folded as far as asked.

    def __init__(
        self,
        settings: Settings,
        consumer: AIOKafkaConsumer,
        number: int,
        period: str,
        begin: int,
        progress: ReadingProgress,
    ) -> None:
        self.number = number
        self._progress = progress
        self._prefix = settings.topic_prefix
        self._consumer = consumer
        self._period = period
        self._mark = f'"{period}"'.encode()
        self._tables = Tables(number, rules(settings, number))
        self._next = {BIDS.name: 0, BOARD.name: begin}

    def distance(self, cut: _Cut) -> int:
        """Return how many records lie before a cut that are not folded yet."""
        board = cut.offset - self._next[BOARD.name]
        bids = cut.position + 1 - self._next[BIDS.name]
        return max(0, board) + max(0, bids)

    async def fold(self, topic: Topic, end: int, book: Book) -> None:
        """Fold a topic up to before `end`, and put what it changes into the book."""
        source = TopicPartition(full_name(self._prefix, topic), self.number)
        begin = self._next[topic.name]
        async for records in stretch(
            self._consumer, source, begin, end, progress=self._progress
        ):
            for is_ours, some in groupby(records, key=self._is_ours):
                if is_ours:
                    changes = fold_batch(self._tables, topic, list(some))
                    book.put_all(
                        line for line in changes.lines if line.period == self._period
                    )
                else:
                    # Of other periods only the events' ids matter.
                    remember_batch(self._tables, topic, list(some))
        self._next[topic.name] = max(begin, end)

    def _is_ours(self, record: Any) -> bool:
        return record.value is not None and self._mark in record.value
