"""
A period's announced prices, computed again from the record of truth and compared.

Nothing is taken from the board's word but where it says it was: the bids up to each
price's position are folded anew, the rule is asked anew, what persons set is read off
the agenda. Whoever has the topics comes to the same.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.agenda import PeriodOpened, PriceSet, ProductListed
from schemas.codec import decode_events
from schemas.errors import Refused
from schemas.planning import PriceAnnounced
from schemas.settings import Settings
from schemas.topics import AGENDA, full_name
from streams.board.agenda_desk import OPENED, AgendaDesk
from streams.board.replay import Replayed, replay
from streams.board.said import Said, read_said
from streams.board.topic_reading import (
    Reading,
    ReadingProgress,
    reading,
    stretch,
)
from streams.market.answers import Round
from streams.market.councils.councils import Councils
from streams.market.planning.announcing import price_of, quantity_of
from streams.market.planning.proposing import propose

log = logging.getLogger(__name__)

SAME: Final = Decimal("1e-6")
"""Relative difference of prices that are the same: another processor may add up in
another order, and prices are announced to six decimal places."""

_SIXTH: Final = Decimal("0.000001")


class Difference(NamedTuple):
    """
    A figure of an announced price that cannot be found again.

    Attributes:
        product_id: whose it is.
        figure: `price`, `supply`, `demand` or `planned_price`.
        announced: as the board said it.
        recomputed: as it should be; None if it should not be at all.
    """

    product_id: str
    figure: str
    announced: Decimal
    recomputed: Decimal | None


class RoundAudit(NamedTuple):
    """
    A round that was compared.

    Attributes:
        round: its number.
        products: whose prices it announced.
        differences: what could not be found again; none if all is well.
    """

    round: int
    products: int
    differences: tuple[Difference, ...]


class NotPlanned(Exception):
    """The period was never opened, so nothing was announced that could be compared."""


async def audit(
    settings: Settings,
    period: str,
    *,
    tell: Callable[[Reading], None] = lambda _: None,
) -> list[RoundAudit]:
    """
    Compare every announced price of a period with what it should have been.

    Args:
        settings: of the deployment, with a broker.
        period: which.
        tell: hears how far it is; returns at once.

    Returns:
        All rounds, and what differs in each.

    Raises:
        NotPlanned: if the board never opened it.
        KafkaError: if Kafka cannot be reached, or does not go on.
    """
    progress = ReadingProgress(tell)
    async with reading(settings) as consumer:
        opened = await _opened(settings, consumer, period, progress)
        read = await read_said(
            settings, consumer, [period], opened.received_ms, progress=progress
        )
        said = read[period]
        return await _compared(settings, consumer, period, opened, said, progress)


class _Opened(NamedTuple):
    # What people said of the period.
    received_ms: int
    tolerance_percent: float
    start: dict[str, Decimal]
    set_prices: dict[tuple[int, str], list[Decimal]]


async def _opened(
    settings: Settings,
    consumer: AIOKafkaConsumer,
    period: str,
    progress: ReadingProgress,
) -> _Opened:
    source = TopicPartition(full_name(settings.topic_prefix, AGENDA), 0)
    end = (await consumer.end_offsets([source]))[source]
    desk = AgendaDesk(settings, Councils())
    received_ms: int | None = None
    set_prices: dict[tuple[int, str], list[Decimal]] = {}
    progress.begin("Reading the agenda", end)
    async for records in stretch(consumer, source, 0, end, progress=progress):
        events = decode_events([record.value for record in records])
        for record, event in zip(records, events, strict=True):
            if getattr(event, "period", None) != period:
                continue
            if isinstance(event, PriceSet):
                key = (event.round + 1, event.product_id)
                set_prices.setdefault(key, []).append(+event.price)
            elif isinstance(event, PeriodOpened | ProductListed):
                try:
                    due = desk.take(record, event, record.timestamp / 1000)
                except Refused:
                    continue  # it was refused then, too
                if due is not None and due.what == OPENED:
                    received_ms = record.timestamp
    plan = desk.plans.get(period)
    if received_ms is None or plan is None:
        raise NotPlanned(
            f"{period} was never opened; `parfeed board` lists what is planned"
        )
    return _Opened(
        received_ms, plan.opened_with.tolerance_percent, plan.prices, set_prices
    )


async def _compared(
    settings: Settings,
    consumer: AIOKafkaConsumer,
    period: str,
    opened: _Opened,
    said: Said,
    progress: ReadingProgress,
) -> list[RoundAudit]:
    last_round = 0
    while said.announced.get(last_round + 1, {}).keys() >= opened.start.keys():
        last_round += 1
    found: dict[int, list[Difference]] = {
        number: [] for number in said.announced if number <= last_round
    }
    if not last_round:
        return []
    for name, placed in said.announced[1].items():
        _compare_price(found[1], placed.event, opened.start.get(name))
    rounds: list[Round] = []
    async for replayed in replay(
        settings, consumer, period, said, last_round, progress=progress
    ):
        rounds.append(replayed.answered)
        number = replayed.number + 1
        progress.begin(f"Computing the prices of round {number}")
        # In a thread: it takes up to seconds, in which somebody may give up.
        right = await asyncio.to_thread(_right_prices, rounds, opened, replayed)
        for name, placed in said.announced[number].items():
            event = placed.event
            right_price: Decimal | None
            if event.method == "person":
                by_person = opened.set_prices.get((number, name), [])
                is_set = event.announced_price in by_person
                right_price = +event.announced_price if is_set else None
            else:
                right_price = right.get(name)
            _compare_price(found[number], event, right_price)
            _compare_sums(found[number], event, replayed)
    last = said.announced[last_round]
    for name, planned in said.planned.items():
        should = last[name].event.announced_price if name in last else None
        if should != planned.planned_price:
            found[last_round].append(
                Difference(name, "planned_price", +planned.planned_price, should)
            )
    # What was announced once more, or in a round that there never was.
    stray = [placed.event for placed in said.repeated]
    for number in said.announced.keys() - found.keys():
        stray += [placed.event for placed in said.announced[number].values()]
    for event in stray:
        found.setdefault(event.round, []).append(
            Difference(event.product_id, "price", +event.announced_price, None)
        )
    return [
        RoundAudit(
            number, len(said.announced[number]), tuple(sorted(differences, key=_place))
        )
        for number, differences in sorted(found.items())
    ]


def _place(difference: Difference) -> tuple[str, str]:
    return difference.product_id, difference.figure


def _right_prices(
    rounds: list[Round], opened: _Opened, replayed: Replayed
) -> Mapping[str, Decimal]:
    proposals = propose(rounds, replayed.book.products, opened.tolerance_percent)
    return {
        name: +price_of(proposal.price)
        for name, proposal in proposals.by_product.items()
    }


def _compare_price(
    found: list[Difference], event: PriceAnnounced, right: Decimal | None
) -> None:
    said = +event.announced_price
    if right is None or abs(said - right) > max(SAME * right, _SIXTH):
        found.append(Difference(event.product_id, "price", said, right))


def _compare_sums(
    found: list[Difference], event: PriceAnnounced, replayed: Replayed
) -> None:
    sums = replayed.sums.get(event.product_id)
    for figure, said, right in (
        ("supply", event.supply, sums and sums.supply),
        ("demand", event.demand, sums and sums.demand),
    ):
        if right is None or said != quantity_of(right):
            found.append(Difference(event.product_id, figure, +said, right))
