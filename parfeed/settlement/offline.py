"""
PURE. The ledger without Kafka: settle what a file of events says.

So that anybody can check the board. The workers' own code folds the events, in the
order of the file and in one partition, so that what it refuses is refused here too; the
ledger's own code settles what is left. What differs from a live market:

- Nothing says when a line of the file reached Kafka: it is taken to have come when it
  happened. So nothing comes too early, and a bid is late that was made after the gate.
- An event_id counts once in the whole file, not only within the duplicates' window.
- A period that the file does not close is settled as it stands at the file's end.
- What the board plans by (`agenda`) is left out and counted; the prices and decisions
  that came of it count where they stand in the file.

Requests are decided by the ledger's own code too, each on what stands before it in the
file. What a file repeats of it, as copied topics do, is there already: the `purchase`
that was authorised, the price that answers a rebid.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, get_args

import msgspec

from schemas.codec import encode, event_type
from schemas.errors import InvalidValue, Refused
from schemas.events import (
    Event,
    ProductionReported,
    PurchaseCancelled,
    PurchaseRecorded,
)
from schemas.planning import PlannedPriceAnnounced
from schemas.rows import Line
from schemas.topics import BOARD, PRODUCTION, PURCHASES, SOURCES, Topic
from schemas.topics import TOPIC_OF_EVENT as TOPIC_OF
from schemas.trading import (
    BudgetSet,
    CorrectionRequested,
    PeriodClosed,
    PurchaseRequested,
    RequestEvent,
    TermsSet,
    TradingEnded,
)
from schemas.values import Period
from streams.market.batch import fold_batch
from streams.market.periods import Calendar
from streams.market.settlement.book import PeriodBook
from streams.market.settlement.correction import correct
from streams.market.settlement.settling import Settlement, settle
from streams.market.tables import Rules, Tables
from streams.market.trading.state import Fact, TradingState

BATCH: Final = 2_000
"""Events that are folded together: enough that a batch's own cost does not show."""

_UNBOUNDED: Final = 2**62
# Records whose ids are remembered: all of a file's.

_BOOKED: Final = ("bid", "plan")
# Kinds of lines that settling needs.

_Fact = PurchaseRecorded | PurchaseCancelled | ProductionReported
_OF_TRADE: Final = get_args(Fact)
_FACTS: Final = (PurchaseRecorded, PurchaseCancelled, ProductionReported)


class RefusedLine(msgspec.Struct, frozen=True, kw_only=True):
    """
    A line that does not count.

    Attributes:
        line: its number in the file, from 1.
        code: why; a key of schemas.errors.REFUSALS.
    """

    line: int
    event_id: str | None
    code: str
    detail: str


class SettledPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        is_closed: whether the file closes the period; else it was settled as it stood
            at the file's end.
        settlements: the first, then its corrections.
    """

    period: Period
    is_closed: bool
    settlements: tuple[Settlement, ...]


class _Record(NamedTuple):
    # Of a line; its number is its offset, so that a refusal names the line.
    offset: int
    timestamp: int
    value: bytes


class _Given(NamedTuple):
    record: _Record
    event: Event


class OfflineLedger:
    """
    Takes a file's events one by one; at the end, `settled`.

    Args:
        calendar: of the market's periods.

    Attributes:
        taken: events that count.
        refused: lines that do not, in the order in which that was found.
        left_out: events of no concern here, by type.
    """

    def __init__(self, calendar: Calendar) -> None:
        self.taken = 0
        self.refused: list[RefusedLine] = []
        self.left_out: Counter[str] = Counter()
        self._calendar = calendar
        self._tables = Tables(
            0,
            Rules(
                calendar=calendar,
                early_limit_s=float("inf"),
                duplicates_window=_UNBOUNDED,
                belongs=lambda _: True,
            ),
        )
        self._waiting: dict[str, list[_Given]] = {}
        self._count = 0
        self._books: dict[Period, PeriodBook] = {}
        self._asked: set[str] = set()
        self._terms: list[TermsSet] = []
        self._state = TradingState(calendar)
        # Of events that the ledger has said itself.
        self._said: set[str] = set()
        # Of closed periods, what each correction brings in.
        self._closed: dict[Period, list[list[_Fact]]] = {}
        self._late: dict[Period, list[tuple[RefusedLine, _Fact]]] = {}

    # What the file says

    def take(self, line: int, raw: bytes, event: Event) -> None:
        """
        Take an event.

        Args:
            line: its number in the file; it rises.
            raw: its bytes.
            event: what they were decoded to.
        """
        tag = event_type(event)
        topic = TOPIC_OF[tag]
        if isinstance(event, RequestEvent):
            self._fold_waiting()
            try:
                self._ask(line, event)
            except Refused as refused:
                self.refuse(line, refused, event.event_id)
        elif topic not in SOURCES or isinstance(event, TradingEnded):
            # The end of trading is the ledger's own word, and said at the `close`.
            self.left_out[tag] += 1
        else:
            self._wait(topic, line, raw, event)

    def refuse(self, line: int, refused: Refused, event_id: str | None = None) -> None:
        """Note a line that is no event, or one that does not count."""
        self.refused.append(
            RefusedLine(
                line=line,
                event_id=refused.event_id or event_id,
                code=refused.code,
                detail=refused.detail,
            )
        )

    def settled(self) -> Iterator[SettledPeriod]:
        """
        Yield every period in order, settled. Ends the file.

        A period is settled as it is asked for, and its book let go: a year's postings
        would need ten times the memory of its books.

        Raises:
            IntegrityError: if a posting does not sum to zero.
        """
        self._fold_waiting()
        for late in self._late.values():
            self.refused += [refused for refused, _ in late]
        self._late.clear()
        lines: dict[str, list[Line]] = {}
        for line in self._tables.lines.values():
            if line.kind in _BOOKED:
                lines.setdefault(line.period, []).append(line)
        for named in lines:
            self._book(Period(named))  # what was planned and not traded in
        for period in sorted(self._books):
            book = self._books.pop(period)
            corrections = self._closed.get(period)
            if corrections is None:
                self._complete(book, lines.pop(period, ()))
            settlements = [settle(book)]
            for brought_in in corrections or ():
                for event in brought_in:
                    book.take(event)
                corrected = correct(settlements[-1], settle(book))
                if corrected.revision > settlements[-1].revision:
                    settlements.append(corrected)
            yield SettledPeriod(
                period=period,
                is_closed=corrections is not None,
                settlements=tuple(settlements),
            )

    # Folding

    def _wait(self, topic: Topic, line: int, raw: bytes, event: Event) -> None:
        # Purchases and production commute, and come mixed; what the board says and
        # what is bid keeps its place among the rest.
        others = [name for name in self._waiting if not _commute(name, topic.name)]
        if others or self._count >= BATCH:
            self._fold_waiting()
        # Milliseconds, as Kafka stamps records.
        record = _Record(line, int(event.occurred_at.timestamp() * 1000), raw)
        self._waiting.setdefault(topic.name, []).append(_Given(record, event))
        self._count += 1

    def _fold_waiting(self) -> None:
        waiting, self._waiting, self._count = self._waiting, {}, 0
        for topic in SOURCES:
            given = waiting.get(topic.name)
            if given is None:
                continue
            changes = fold_batch(self._tables, topic, [each.record for each in given])
            for line in changes.lines:
                self._state.put_line(line)
            rejected = {each.offset: each for each in changes.rejected}
            for record, event in given:
                why = rejected.get(record.offset)
                if why is None:
                    self._note(event)
                    continue
                refused = RefusedLine(
                    line=record.offset,
                    event_id=why.event_id,
                    code=why.code,
                    detail=why.detail,
                )
                if why.code == "duplicate" and event.event_id in self._said:
                    self.left_out[event_type(event)] += 1
                elif why.code == "period_settled" and isinstance(event, _FACTS):
                    period = self._period_of(event)
                    self._late.setdefault(period, []).append((refused, event))
                else:
                    self.refused.append(refused)

    def _note(self, event: Event) -> None:
        # What the ledger says on a request is no event of the file's.
        self.taken += event.event_id not in self._said
        if isinstance(event, _FACTS):
            self._book(self._period_of(event)).take(event)
        elif isinstance(event, PlannedPriceAnnounced):
            self._book(event.period).take(event)
        if isinstance(event, _OF_TRADE):
            self._state.take(event)

    # Requests

    def _ask(self, line: int, event: RequestEvent) -> None:
        if event.event_id in self._asked:
            raise Refused("duplicate")
        self._asked.add(event.event_id)
        match event:
            case PeriodClosed():
                self._check_open(event.period)
                self._close(event.period, line, event)
            case CorrectionRequested():
                self._correct(event.period)
            case _:
                self._decide(line, event)
        self.taken += 1

    def _decide(self, line: int, event: RequestEvent) -> None:
        made = self._state.decide(event)
        match event:
            case BudgetSet():
                self._book(event.period).take(event)
            case TermsSet():
                self._terms.append(event)
            case PurchaseRequested():
                planned = made.decision.planned_quantity
                self._book(self._period_of(event)).authorise(event.event_id, planned)
        for said in made.events:
            self._said.add(said.event_id)
            self._wait(TOPIC_OF[event_type(said)], line, encode(said), said)

    def _close(self, period: Period, line: int, event: PeriodClosed) -> None:
        # Before the workers let go of the period's lines.
        self._complete(self._book(period), self._tables.lines.values())
        ended = TradingEnded(
            event_id=f"trading_end:{period}",
            occurred_at=event.occurred_at,
            period=period,
        )
        stamp = int(event.occurred_at.timestamp() * 1000)
        fold_batch(self._tables, BOARD, [_Record(line, stamp, encode(ended))])
        self._closed[period] = []
        self._state.forget(period)

    def _correct(self, period: Period) -> None:
        self._check_length(period)
        corrections = self._closed.get(period)
        if corrections is None:
            raise Refused("not_settled", f"{period} is not closed")
        late = self._late.pop(period, None)
        if not late:
            raise Refused("nothing_to_correct", f"nothing came too late for {period}")
        corrections.append([event for _, event in late])
        self.taken += len(late)

    def _check_open(self, period: Period) -> None:
        self._check_length(period)
        if period in self._closed:
            raise Refused("period_settled", f"{period} is closed")

    def _check_length(self, period: Period) -> None:
        try:
            self._calendar.check(period)
        except InvalidValue as exc:
            raise Refused("invalid_field", f"{exc} - at `$.period`") from exc

    # Books

    def _book(self, period: Period) -> PeriodBook:
        book = self._books.get(period)
        if book is None:
            book = self._books[period] = PeriodBook(period)
        return book

    def _complete(self, book: PeriodBook, lines: Iterable[Line]) -> None:
        for line in lines:
            if line.kind in _BOOKED and line.period == book.period:
                book.put_line(line)
        for terms in self._terms:
            book.take(terms)

    def _period_of(self, event: _Fact | PurchaseRequested) -> Period:
        calendar = self._calendar
        return calendar[int(event.occurred_at.timestamp() // calendar.slice_s)]


def _commute(one: str, other: str) -> bool:
    return one == other or {one, other} == {PURCHASES.name, PRODUCTION.name}
