"""
Settling a period: from what lies in Kafka, exactly what counts.

Live cards follow trade as it comes; the books are made from the topics alone, so that
anybody who reads them comes to the same bytes. Up to where each topic counts the
workers said when they took the end of trading; where that lies in `lines` committed, no
line of the period changes any more, since they refuse it.
"""

import asyncio
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.codec import decode_events, decode_line
from schemas.events import ProductionReported, PurchaseCancelled, PurchaseRecorded
from schemas.planning import PlannedPriceAnnounced
from schemas.rows import Line
from schemas.settings import Settings
from schemas.topics import BOARD, LINES, full_name
from schemas.trading import BudgetSet, TermsSet, TradingEnded
from schemas.values import Period
from streams.board.topic_reading import reading, stretch
from streams.ledger.fact_index import Cuts, FactIndex, Place
from streams.market.admission import PriceAdmission
from streams.market.settlement.book import PeriodBook
from streams.partition import rules

POLL_S: Final = 0.1
"""Between two looks for the workers' closings; they commit within some seconds."""


class Known(NamedTuple):
    """
    What the ledger's own decisions say of a period.

    Attributes:
        budgets: taken.
        terms: taken, of all periods.
        authorised: the planned units approved, by event_id.
    """

    budgets: Iterable[BudgetSet]
    terms: Iterable[TermsSet]
    authorised: Mapping[str, Decimal]


class PeriodLines(NamedTuple):
    """
    The lines of a period as they ended, and where its topics were cut.

    Attributes:
        lines: bids and plan lines.
        cuts: of `purchases` and `production`.
    """

    lines: list[Line]
    cuts: dict[Place, int]


async def read_lines(settings: Settings, period: str) -> PeriodLines:
    """
    Read a period's lines once all workers have taken the end of its trading.

    Waits for them, however long that takes: a partition whose worker is away is cut
    when the next one takes it over.
    """
    name = full_name(settings.topic_prefix, LINES)
    newest: dict[tuple[int, bytes], bytes] = {}
    begin = dict.fromkeys(range(settings.partitions), 0)
    mark = f'"{period}"'.encode()
    async with reading(settings) as consumer:
        while True:
            for partition in begin:
                source = TopicPartition(name, partition)
                end = (await consumer.end_offsets([source]))[source]
                async for records in stretch(consumer, source, begin[partition], end):
                    for record in records:
                        if mark in record.key:
                            newest[partition, record.key] = record.value
                begin[partition] = max(end, begin[partition])
            found = _sorted_out(newest)
            if len(found.cuts) == 2 * settings.partitions:
                return found
            await asyncio.sleep(POLL_S)


async def read_book(
    settings: Settings,
    period: Period,
    known: Known,
    lines: Iterable[Line],
    index: FactIndex,
    cuts: Cuts,
) -> PeriodBook:
    """
    Read what counts of a period up to cuts.

    Args:
        settings: of the deployment.
        period: to be settled.
        known: what was decided of it.
        lines: as they ended.
        index: where the period's facts lie; has been read beyond the cuts.
        cuts: up to where facts count.
    """
    book = PeriodBook(period)
    for terms in known.terms:
        book.take(terms)
    for budget in known.budgets:
        book.take(budget)
    for event_id, planned in known.authorised.items():
        book.authorise(event_id, planned)
    for line in lines:
        book.put_line(line)
    async with reading(settings) as consumer:
        for partition in range(settings.partitions):
            await _read_prices(settings, consumer, partition, book)
        for place, offsets in index.offsets(period, cuts).items():
            await _read_facts(settings, consumer, place, offsets, book)
    return book


def _sorted_out(newest: Mapping[tuple[int, bytes], bytes]) -> PeriodLines:
    lines, cuts = [], {}
    for (partition, _), value in newest.items():
        line = decode_line(value)
        if line.kind == "closing":
            cuts[line.party_id, partition] = line.offset
        elif line.kind in ("bid", "plan"):
            lines.append(line)
    return PeriodLines(lines, cuts)


async def _read_prices(
    settings: Settings, consumer: AIOKafkaConsumer, partition: int, book: PeriodBook
) -> None:
    # Up to the end of trading, behind which the workers refuse prices of the period.
    source = TopicPartition(full_name(settings.topic_prefix, BOARD), partition)
    admission = PriceAdmission(rules(settings, partition))
    marks = (b'"planned_price"', b'"trading_end"')
    end = (await consumer.end_offsets([source]))[source]
    async for records in stretch(consumer, source, 0, end):
        for event in _events(records, marks):
            if getattr(event, "period", None) != book.period:
                continue
            if isinstance(event, TradingEnded):
                return
            if isinstance(event, PlannedPriceAnnounced) and admission.admit(event):
                book.take(event)


async def _read_facts(
    settings: Settings,
    consumer: AIOKafkaConsumer,
    place: Place,
    offsets: frozenset[int],
    book: PeriodBook,
) -> None:
    topic, partition = place
    source = TopicPartition(f"{settings.topic_prefix}.{topic}", partition)
    async for records in stretch(consumer, source, min(offsets), max(offsets) + 1):
        within = [record for record in records if record.offset in offsets]
        for event in decode_events([record.value for record in within]):
            if isinstance(event, _COUNTED):
                book.take(event)
        await asyncio.sleep(0)  # the tills have their turn


def _events(records: Iterable[Any], marks: tuple[bytes, ...]) -> list[Any]:
    # Most of what lies in `board` is of planning; only what may be meant is decoded.
    values = [
        record.value
        for record in records
        if record.value is not None and any(mark in record.value for mark in marks)
    ]
    return list(decode_events(values))


_COUNTED = (PurchaseRecorded, PurchaseCancelled, ProductionReported)
# A company's unplanned price is an offer; what was paid stands in the purchase.
