"""
Reading back what the board was at, after every earlier one has been fenced.

The agenda is read from its beginning: it is what people said. Its events take effect
again, without anything being announced; what followed from them lies in the board's
own topics. What was said of the round that runs and has had no effect yet (a price
set, a rebid asked for) is taken up again; which that is, the round's row knows.
"""

import logging
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from schemas.agenda import GateClosed, PeriodOpened, PriceSet, RoundAnnounced
from schemas.board_rows import AGENDA_POSITION, RoundRow
from schemas.codec import decode_events
from schemas.errors import IntegrityError, Refused
from schemas.rows import ZERO
from schemas.settings import Settings
from schemas.topics import AGENDA, full_name
from streams.board.agenda_desk import AgendaDesk
from streams.board.publisher import group_id, noted_periods
from streams.board.said import Said, read_rows, read_said
from streams.board.topic_reading import reading, stretch
from streams.market.councils.councils import Councils
from streams.market.planning.period import PeriodPlan

if TYPE_CHECKING:
    from streams.market.answers import Round
    from streams.market.planning.book import Book

log = logging.getLogger(__name__)


class PeriodRecord(NamedTuple):
    """
    What is known of a period that is being planned.

    Attributes:
        rows: the rounds' rows as they were published last, by round.
        prices: announced, by round and product.
        rounds: with what was answered to them, all but the one that runs.
        book: as it stood when the round that runs was announced.
        indicated: how many times indicative prices were published.
        shown: the newest of them, by product.
    """

    rows: dict[int, RoundRow]
    prices: dict[int, dict[str, Decimal]]
    rounds: "list[Round]"
    book: "Book"
    indicated: int
    shown: dict[str, float]


class Recovered(NamedTuple):
    """
    Attributes:
        taken: the agenda's next offset.
        periods: what is being planned.
    """

    taken: int
    periods: dict[str, PeriodRecord]


class _Heard(NamedTuple):
    # What was said of a round or a gate.
    offset: int
    received_s: float
    event: RoundAnnounced | PriceSet | GateClosed


async def recover(
    settings: Settings, desk: AgendaDesk, councils: Councils
) -> Recovered:
    """
    Read back what an earlier board left.

    Args:
        settings: of the deployment.
        desk: new; has the plans afterwards.
        councils: new; are formed and signed afterwards.

    Raises:
        IntegrityError: if it cannot be read.
    """
    taken, note = await _committed(settings)
    if not taken:
        return Recovered(0, {})
    source = TopicPartition(full_name(settings.topic_prefix, AGENDA), 0)
    heard: dict[str, list[_Heard]] = {}
    opened_ms: dict[str, int] = {}
    async with reading(settings) as consumer:
        async for records in stretch(consumer, source, 0, taken):
            _listen(desk, records, heard, opened_ms)
        open_periods = noted_periods(note)
        if open_periods is None:
            open_periods = list(opened_ms)
        for period, plan in desk.plans.items():
            if period in opened_ms and period not in open_periods:
                plan.forget()
                councils.forget(plan.opened_with.period)
        if not open_periods:
            return Recovered(taken, {})
        first_ms = min(opened_ms[period] for period in open_periods)
        said = await read_said(settings, consumer, open_periods, first_ms)
        await read_rows(settings, said, first_ms)
        periods = {}
        for period, one in said.items():
            plan = desk.plans[period]
            if one.planned.keys() >= plan.listings.keys():
                plan.forget()
                councils.forget(plan.opened_with.period)
                continue
            _take_up(plan, one, heard.get(period, ()))
            for row in one.council_rows.values():
                councils.restore(row)
            periods[period] = await _record(settings, consumer, plan, one)
    return Recovered(taken, periods)


async def _committed(settings: Settings) -> tuple[int, str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.broker)
    await admin.start()
    try:
        source = TopicPartition(full_name(settings.topic_prefix, AGENDA), 0)
        found = await admin.list_consumer_group_offsets(
            group_id(settings), partitions=[source]
        )
    finally:
        await admin.close()
    place = found.get(source)
    if place is None or place.offset < 0:
        return 0, ""
    return place.offset, place.metadata


def _listen(
    desk: AgendaDesk,
    records: list[Any],
    heard: dict[str, list[_Heard]],
    opened_ms: dict[str, int],
) -> None:
    for record, event in zip(
        records, decode_events([record.value for record in records]), strict=True
    ):
        if isinstance(event, RoundAnnounced | PriceSet | GateClosed):
            if desk.is_new(event, record.offset):
                one = _Heard(record.offset, record.timestamp / 1000, event)
                heard.setdefault(event.period, []).append(one)
            continue
        try:
            # What followed from it was announced then.
            desk.take(record, event, record.timestamp / 1000)
        except Refused:
            continue  # it was refused then, too, and lies in `rejected`
        if isinstance(event, PeriodOpened):
            opened_ms[event.period] = record.timestamp


def _take_up(plan: PeriodPlan, said: Said, heard: Sequence[_Heard]) -> None:
    row = said.rows.get(said.round)
    if row is None or row.opened_at is None or said.times is None:
        raise IntegrityError(
            f"round {said.round} of {plan.period} has prices and no row or times: the "
            "board writes them together"
        )
    closes_at = said.times.closes_at
    plan.resume(
        said.round,
        said.prices()[said.round],
        opened_at=row.opened_at.timestamp(),
        closes_at=None if closes_at is None else closes_at.timestamp(),
        notices=said.times.revision,
    )
    for one in heard:
        if one.offset < row.positions.get(AGENDA_POSITION, 0):
            continue
        try:
            match one.event:
                case RoundAnnounced():
                    if one.event.rebid:
                        plan.announce(one.event, one.received_s)
                case PriceSet():
                    plan.set_price(one.event)
        except Refused:
            continue  # it was refused then, too
        finally:
            if one.event.reason and not isinstance(one.event, PriceSet):
                plan.gate_reason = one.event.reason


def _still_open(row: RoundRow) -> RoundRow:
    # What a board wrote that died before it had closed the period.
    return msgspec.structs.replace(
        row,
        phase="planning",
        prices_stand=False,
        excluded=(),
        excluded_count=0,
        priced_out=(),
        priced_out_count=0,
        denied=0,
        denied_budget=ZERO,
        moved_budget=ZERO,
    )


async def _record(
    settings: Settings, consumer: Any, plan: PeriodPlan, said: Said
) -> PeriodRecord:
    from streams.board.replay import replay
    from streams.market.planning.book import Book

    prices = said.prices()
    rounds: list[Round] = []
    book = Book(prices[1])
    async for replayed in replay(settings, consumer, plan.period, said, said.round):
        rounds.append(replayed.answered)
        book = replayed.book
    rows = dict(said.rows)
    rows[said.round] = _still_open(rows[said.round])
    return PeriodRecord(
        rows,
        prices,
        rounds,
        book,
        said.indicated,
        {name: float(price) for name, (_, price) in said.shown.items()},
    )
