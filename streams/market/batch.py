"""
PURE. How a batch of records changes a partition's tables.

`fold_batch` takes the records of one source topic and returns what has to be
written: changed rows and lines, and the records that were refused, each with its
reason. Every record is folded into exactly one row or refused; the numbers add up.
"""

from collections.abc import Iterable, Sequence
from decimal import localcontext
from typing import Final, NamedTuple, Protocol, cast

from schemas.codec import MAX_EVENT_BYTES, decode_events, event_type
from schemas.errors import InvalidValue, Refused
from schemas.events import (
    Event,
    MarketEvent,
    ProductionReported,
    PurchaseCancelled,
    PurchaseRecorded,
    UnplannedPricePosted,
)
from schemas.planning import PeriodAnnounced
from schemas.rows import Line, MarketRow, RejectedRecord
from schemas.topics import Topic
from schemas.trading import TradingEnded
from schemas.values import EXACT, LATEST, Period
from streams.market.fold import Draft, empty_row
from streams.market.lines import Lines
from streams.market.tables import Tables
from streams.market.windows import BASE_SLICE_S

PURCHASE: Final = "purchase"
"""The tag of the busiest event."""

# Where Kafka does not stamp a topic's records, senders do; a row holds no time beyond
# the wire's bounds. One that is too small makes its event early, and so is refused.
_LATEST_MS: Final = int(LATEST.timestamp()) * 1000


_OF_THEIR_TIME = (
    PurchaseRecorded,
    PurchaseCancelled,
    ProductionReported,
    UnplannedPricePosted,
)
"""Kinds of events that count in the period in which they happened."""


class SourceRecord(Protocol):
    """What of a Kafka record is looked at; `timestamp` in milliseconds since 1970."""

    @property
    def offset(self) -> int: ...  # noqa: D102 - Kafka's word
    @property
    def timestamp(self) -> int: ...  # noqa: D102 - Kafka's word
    @property
    def value(self) -> bytes | None: ...  # noqa: D102 - Kafka's word


class Changes(NamedTuple):
    """What a batch changed, to be written as a whole."""

    rows: list[MarketRow]
    lines: list[Line]
    rejected: list[RejectedRecord]


def fold_batch(
    tables: Tables, topic: Topic, records: Sequence[SourceRecord]
) -> Changes:
    """
    Fold records of one source topic, which follow on what was folded before.

    Args:
        tables: of the records' partition; changed in place.
        topic: the source topic.
        records: in the order of their offsets, none folded before.

    Returns:
        What has to be written. The tables hold it already.

    Raises:
        IntegrityError: if a sum breaks a law; the tables are void then.
    """
    with localcontext(EXACT):
        return _Batch(tables, topic, records).fold()


def remember_batch(
    tables: Tables, topic: Topic, records: Sequence[SourceRecord]
) -> None:
    """
    Put the ids of records that were folded earlier back into the duplicates' window.

    What uses up an id is decided as in folding: an event that could be decoded.

    Args:
        tables: of the records' partition, being recovered.
        topic: the source topic.
        records: in the order of their offsets, from its `SeenIds.span_to_read`.
    """
    seen = tables.seen_ids(topic)
    events = decode_events([record.value for record in records])
    for record, event in zip(records, events, strict=True):
        if not isinstance(event, Refused):
            seen.add(event.event_id, record.offset)


class _Batch:
    # One batch on its way through the tables.

    def __init__(
        self,
        tables: Tables,
        topic: Topic,
        records: Sequence[SourceRecord],
    ) -> None:
        self._tables = tables
        self._rules = tables.rules
        self._topic = topic
        self._records = records
        self._seen = tables.seen_ids(topic)
        self._by_period: dict[Period, dict[str, Draft]] = {}
        self._lines = Lines(tables)
        # Products with a new price, and the first period that it may show in.
        self._priced_since: dict[str, Period] = {}
        self._rows: list[MarketRow] = []
        self._rejected: list[RejectedRecord] = []

    def fold(self) -> Changes:
        records = self._records
        if not records:
            return Changes([], [], [])
        events = decode_events([record.value for record in records])
        all_new = self._all_new(events)
        others: Iterable[int] = range(len(events))
        if all_new and PURCHASE in self._topic.event_types:
            others = self._fold_purchases(cast("list[Event]", events))
        for index in others:
            try:
                self._fold_one(records[index], events[index], check_new=not all_new)
            except Refused as refused:
                self._reject(records[index], events[index].event_id, refused)
        return self._finish()

    def _fold_purchases(self, events: list[Event]) -> Iterable[int]:
        # Folds the purchases of a batch in which nothing is refused, and returns the
        # indices of what is left. They are by far the most events, and commute: those
        # of one product and time slice are added up together, at a third of the cost.
        records = self._records
        times = [event.occurred_at.timestamp() for event in events]
        arrivals = [record.timestamp for record in records]
        latest_s = min(arrivals) / 1000 + self._rules.early_limit_s
        if max(times) > latest_s or max(arrivals) >= _LATEST_MS:
            return range(len(events))
        others = []
        by_slice: dict[int, dict[str, list[int]]] = {}
        by_product: dict[str, list[int]] = {}
        current = None
        for index, event in enumerate(events):
            if type(event) is not PurchaseRecorded:
                others.append(index)
                continue
            slice_ = int(times[index]) // BASE_SLICE_S
            if slice_ != current:
                by_product = by_slice.setdefault(slice_, {})
                current = slice_
            indices = by_product.get(event.product_id)
            if indices is None:
                by_product[event.product_id] = [index]
            else:
                indices.append(index)
        calendar, ended = self._rules.calendar, self._tables.ended
        for slice_, by_product in by_slice.items():
            start = slice_ * BASE_SLICE_S
            period = calendar[start // calendar.slice_s]
            if period in ended:
                for indices in by_product.values():
                    others += indices  # to be refused one by one
                continue
            for product_id, indices in by_product.items():
                try:
                    draft = self._draft_in(product_id, period)
                except Refused as refused:
                    for index in indices:
                        self._reject(records[index], events[index].event_id, refused)
                    continue
                draft.add_purchases(
                    cast("list[PurchaseRecorded]", [events[i] for i in indices]),
                    start,
                    max([times[i] for i in indices]),
                    max([arrivals[i] for i in indices]) / 1000,
                    records[indices[-1]].offset,
                )
        return sorted(others)

    def _fold_one(
        self, record: SourceRecord, event: Event | Refused, *, check_new: bool
    ) -> None:
        if isinstance(event, Refused):
            raise event
        if check_new:
            self._check_new(event, record.offset)
        if record.timestamp >= _LATEST_MS:
            raise _ill_stamped(event, record.timestamp)
        occurred_s = event.occurred_at.timestamp()
        received_s = record.timestamp / 1000
        ahead_s = occurred_s - received_s
        if ahead_s > self._rules.early_limit_s:
            raise _too_early(event, ahead_s, self._rules.early_limit_s)
        tag = event_type(event)
        if tag not in self._topic.event_types:
            raise Refused(
                "wrong_topic",
                f"a {tag} was sent to {self._topic.name}, which takes "
                f"{', '.join(sorted(self._topic.event_types))}",
                event.event_id,
            )
        if isinstance(event, PeriodAnnounced):
            # Lies in every partition, and in no row.
            self._check_period(event.period, event.event_id)
            self._check_open(event.period, event.event_id)
            self._lines.take_period(event, record.timestamp * 1000)
        elif isinstance(event, TradingEnded):
            self._check_period(event.period, event.event_id)
            # What this batch has folded before counts in the period.
            self._write_period(event.period)
            self._lines.end_trading(event)
        else:
            self._fold_in_row(cast("MarketEvent", event), occurred_s, record)

    def _all_new(self, events: Iterable[Event | Refused]) -> bool:
        ids = []
        for event in events:
            if isinstance(event, Refused):
                return False
            ids.append(event.event_id)
        first, last = self._records[0].offset, self._records[-1].offset
        return self._seen.add_all_if_new(ids, first, last)

    def _check_new(self, event: Event, offset: int) -> None:
        # An id is used up by the first event that carries it, folded or refused: so
        # recovery need not know what became of it.
        if not self._seen.add(event.event_id, offset):
            # The id says who: it stays out of the text.
            raise Refused("duplicate", "", event.event_id)

    def _fold_in_row(
        self, event: MarketEvent, occurred_s: float, record: SourceRecord
    ) -> None:
        if isinstance(event, _OF_THEIR_TIME):
            calendar = self._rules.calendar
            period = calendar[int(occurred_s // calendar.slice_s)]
        else:
            period = event.period
            self._check_period(period, event.event_id)
        self._check_open(period, event.event_id)
        draft = self._draft_in(event.product_id, period)
        change = self._lines.take(
            event, period, occurred_s, record.timestamp * 1000, record.offset
        )
        draft.fold(event, occurred_s, record.timestamp / 1000, record.offset, change)
        if isinstance(event, UnplannedPricePosted):
            since = self._priced_since.get(event.product_id, period)
            self._priced_since[event.product_id] = min(since, period)

    def _check_period(self, period: Period, event_id: str) -> None:
        try:
            self._rules.calendar.check(period)
        except InvalidValue as exc:
            raise Refused("invalid_field", f"{exc} - at `$.period`", event_id) from exc

    def _check_open(self, period: Period, event_id: str) -> None:
        if period in self._tables.ended:
            raise Refused(
                "period_settled",
                f"trading of {period} has ended; a correction brings in what came late",
                event_id,
            )

    def _ask_everywhere(self) -> None:
        # Once per batch, not per price: a price shows in all later periods.
        tables = self._tables
        for product_id, since in self._priced_since.items():
            drafted = {
                p for p, drafts in self._by_period.items() if product_id in drafts
            }
            for period in sorted(drafted | tables.periods_of(product_id)):
                if period >= since:
                    draft = self._draft_in(product_id, period)
                    draft.set_ask(tables.least_ask(product_id, period))

    def _draft_in(self, product_id: str, period: Period) -> Draft:
        drafts = self._by_period.setdefault(period, {})
        draft = drafts.get(product_id)
        if draft is None:
            tables = self._tables
            row = tables.rows.get((product_id, period))
            if row is not None:
                draft = Draft(row)
            else:
                if not self._rules.belongs(product_id):
                    raise Refused(
                        "wrong_partition",
                        f"product {product_id} does not belong in partition "
                        f"{tables.partition}: the record's key must be its product_id",
                    )
                draft = Draft(empty_row(product_id, period))
                ask = tables.least_ask(product_id, period)
                if ask is not None:
                    draft.set_ask(ask)
            drafts[product_id] = draft
        return draft

    def _reject(
        self, record: SourceRecord, event_id: str | None, refused: Refused
    ) -> None:
        self._rejected.append(
            RejectedRecord(
                code=refused.code,
                detail=refused.detail,
                topic=self._topic.name,
                partition=self._tables.partition,
                offset=record.offset,
                # Base64 would make more than Kafka takes of the largest records; the
                # position says where the rest lies.
                value=(record.value or b"")[:MAX_EVENT_BYTES],
                event_id=event_id,
            )
        )

    def _finish(self) -> Changes:
        self._ask_everywhere()
        for period in list(self._by_period):
            self._write_period(period)
        return Changes(self._rows, list(self._lines.changed.values()), self._rejected)

    def _write_period(self, period: Period) -> None:
        topic, tables = self._topic.name, self._tables
        for draft in self._by_period.pop(period, {}).values():
            if not draft.events and not draft.row.sequence:
                continue  # what would have been its first event was refused
            row = draft.finish(topic)
            if draft.events or row != draft.row:
                tables.put_row(row)
                self._rows.append(row)


def _ill_stamped(event: Event, timestamp_ms: int) -> Refused:
    return Refused(
        "invalid_field",
        f"the record's timestamp must lie before the year {LATEST.year}, was "
        f"{timestamp_ms} ms since 1970: source topics are stamped by Kafka "
        "(message.timestamp.type=LogAppendTime)",
        event.event_id,
    )


def _too_early(event: Event, ahead_s: float, limit_s: float) -> Refused:
    return Refused(
        "occurred_in_future",
        f"occurred_at {event.occurred_at.isoformat()} lies {ahead_s:.0f} s ahead of "
        f"its arrival; {limit_s:.0f} s may be",
        event.event_id,
    )
