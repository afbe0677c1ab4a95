"""What the board has said of a period so far, read from its own topics."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.board_rows import EVERY_PRODUCT, CouncilRow, RoundRow
from schemas.codec import decode_events
from schemas.errors import IntegrityError, Refused
from schemas.planning import (
    PeriodAnnounced,
    PlannedPriceAnnounced,
    PriceAnnounced,
    PriceIndicated,
)
from schemas.settings import Settings
from schemas.topics import BOARD, MARKET, full_name
from schemas.values import from_wire
from streams.board.topic_reading import (
    SILENT,
    ReadingProgress,
    reading,
    since,
    stretch,
)


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """
    An announced price and where it lies.

    Attributes:
        partition, offset: in the topic `board`.
    """

    event: PriceAnnounced
    partition: int
    offset: int


class Said(msgspec.Struct, kw_only=True):
    """
    What the board has said of a period.

    Attributes:
        announced: prices, by round and product; the first of each is what holds.
        repeated: prices that were announced once more; the board never does that.
        planned: planned prices, by product.
        times: the newest word on when the gate closes.
        indicated: how many times indicative prices were published.
        shown: the newest indicative prices, by product, of the newest round.
        rows: the rounds' rows, by round, as they lie in the feed's log: the newest
            version may be of a step that was never finished; empty until `read_rows`.
        council_rows: of the period, the newest of each; empty until `read_rows`.
        begins: by partition, where in `board` reading began.
        ends: by partition, where it ended.
    """

    announced: dict[int, dict[str, Placed]] = {}
    repeated: list[Placed] = []
    planned: dict[str, PlannedPriceAnnounced] = {}
    times: PeriodAnnounced | None = None
    indicated: int = 0
    shown: dict[str, tuple[int, Decimal]] = {}
    rows: dict[int, RoundRow] = {}
    council_rows: dict[bytes, CouncilRow] = {}
    begins: dict[int, int] = {}
    ends: dict[int, int] = {}

    @property
    def round(self) -> int:
        """The newest round that was announced; 0 if there was none."""
        return max(self.announced, default=0)

    def prices(self) -> dict[int, dict[str, Decimal]]:
        """Return what was announced, by round and product."""
        return {
            round_: {name: +one.event.announced_price for name, one in by_name.items()}
            for round_, by_name in self.announced.items()
        }


async def read_said(
    settings: Settings,
    consumer: AIOKafkaConsumer,
    periods: Iterable[str],
    timestamp_ms: int,
    *,
    progress: ReadingProgress = SILENT,
) -> dict[str, Said]:
    """
    Read what was said of some periods, but for the rows: those `read_rows` adds.

    Args:
        settings: of the deployment.
        consumer: of committed records.
        periods: which; all else is skipped without being decoded.
        timestamp_ms: when the first of them was opened: it was said after that.
        progress: hears how far it is.
    """
    said = {period: Said() for period in periods}
    prefix = settings.topic_prefix
    numbers = range(settings.partitions)
    sources = [TopicPartition(full_name(prefix, BOARD), n) for n in numbers]
    begins = await since(consumer, sources, timestamp_ms)
    ends = await consumer.end_offsets(sources)
    progress.begin(
        "Reading what the board said",
        sum(ends[source] - begins[source] for source in sources),
    )
    for source in sources:
        for one in said.values():
            one.begins[source.partition] = begins[source]
            one.ends[source.partition] = ends[source]
        async for records in stretch(
            consumer, source, begins[source], ends[source], progress=progress
        ):
            _add_events(said, source.partition, records)
    return said


async def read_rows(
    settings: Settings, said: dict[str, Said], timestamp_ms: int
) -> None:
    """
    Add the rows of periods to what was said of them.

    Whoever checks needs none of it, and the feed's log is the longest of all.

    Args:
        settings: of the deployment.
        said: by period, as `read_said` returned it.
        timestamp_ms: when the first of them was opened.

    Raises:
        IntegrityError: if a record that only the board writes cannot be read.
    """
    log_of_rows = full_name(settings.topic_prefix, MARKET)
    rows = [TopicPartition(log_of_rows, n) for n in range(settings.partitions)]
    # The workers' transactions in the feed's log are open for seconds, and committed
    # rows of the board lie behind them. Prices and rows are one transaction: what is
    # here too much is told by the prices.
    async with reading(settings, committed=False) as onlooker:
        begins = await since(onlooker, rows, timestamp_ms)
        ends = await onlooker.end_offsets(rows)
        for source in rows:
            async for records in stretch(
                onlooker, source, begins[source], ends[source]
            ):
                _add_rows(said, records)
    for one in said.values():
        one.rows = {n: row for n, row in one.rows.items() if n in one.announced}


def _add_events(said: dict[str, Said], partition: int, records: list[Any]) -> None:
    marks = {f'"{period}"'.encode(): one for period, one in said.items()}
    wanted = [r for r in records if any(mark in r.value for mark in marks)]
    events = decode_events([record.value for record in wanted])
    for record, event in zip(wanted, events, strict=True):
        if isinstance(event, Refused):
            # Planned prices may be handed in by others; what cannot be read of them
            # the workers refuse.
            continue
        one = said.get(getattr(event, "period", ""))
        if one is None:
            continue
        match event:
            case PriceAnnounced():
                placed = Placed(event=event, partition=partition, offset=record.offset)
                by_product = one.announced.setdefault(event.round, {})
                if by_product.setdefault(event.product_id, placed) is not placed:
                    one.repeated.append(placed)
            case PriceIndicated():
                one.indicated = max(one.indicated, event.revision)
                before = one.shown.get(event.product_id)
                if before is None or event.revision > before[0]:
                    one.shown[event.product_id] = (
                        event.revision,
                        +event.indicative_price,
                    )
            # For the rest of a period is what the ledger says of a requested rebid.
            case PlannedPriceAnnounced(stands_from=None):
                one.planned[event.product_id] = event
            case PeriodAnnounced():
                if one.times is None or event.revision > one.times.revision:
                    one.times = event


def _add_rows(said: dict[str, Said], records: list[Any]) -> None:
    rounds = {
        f'["{EVERY_PRODUCT}","{period}","round",'.encode(): one
        for period, one in said.items()
    }
    councils = {f',"{period}","council",'.encode(): one for period, one in said.items()}
    for record in records:
        for mark, one in rounds.items():
            if record.key.startswith(mark):
                row = _decoded(_decode_round, record)
                one.rows[row.round] = row
        for mark, one in councils.items():
            if mark in record.key:
                one.council_rows[record.key] = _decoded(_decode_council, record)


def _decoded(decode: Any, record: Any) -> Any:
    try:
        return decode(record.value)
    except msgspec.DecodeError as exc:
        raise IntegrityError(
            f"{MARKET.name} {record.offset} is no row of the board: {exc}; nobody else "
            "may write there"
        ) from exc


_decode_round = msgspec.json.Decoder(RoundRow, dec_hook=from_wire).decode
_decode_council = msgspec.json.Decoder(CouncilRow, dec_hook=from_wire).decode
