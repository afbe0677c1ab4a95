"""
PURE. The state of trading: all open periods, what is asked of them, what has changed.

Rules that hold here:

- Nothing depends on a clock, nor on the order of facts: what rows end as follows from
  the set of facts, lines and decisions. Two things remember: an alert that stands
  passes later than it was raised, and rows count their versions.
- A decision is booked at once. When the purchase that it approved comes back as a fact,
  it is there already.
- A period that was forgotten is settled: nothing is taken for it any more, but what
  companies ask stands in later periods as well.
"""

from decimal import localcontext
from typing import NamedTuple

from schemas.errors import InvalidValue, Refused
from schemas.events import (
    ProductionReported,
    PurchaseCancelled,
    PurchaseRecorded,
    UnplannedPricePosted,
)
from schemas.planning import PlannedPriceAnnounced, PriceAnnounced
from schemas.rows import Line
from schemas.trading import (
    BudgetSet,
    PurchaseRequested,
    RebidAnswered,
    RebidRequested,
    RequestEvent,
    TermsSet,
)
from schemas.trading_rows import DecisionRow
from schemas.values import EXACT, Period
from streams.market.periods import Calendar
from streams.market.trading.asks import Asks
from streams.market.trading.book import PeriodTrade
from streams.market.trading.cards import check_budget
from streams.market.trading.period import span_of
from streams.market.trading.rebids import (
    answer_rebid,
    request_rebid,
    restore_rebid,
)
from streams.market.trading.terms import TermsOfTrade
from streams.market.trading.till import Approval, Till, purchase_of
from streams.market.trading.versions import LiveRow

Fact = (
    PurchaseRecorded
    | PurchaseCancelled
    | ProductionReported
    | UnplannedPricePosted
    | PlannedPriceAnnounced
    | PriceAnnounced
)
"""What happened, or was announced."""


class Decision(NamedTuple):
    """
    What was decided on a request that was not refused.

    Attributes:
        decision: its row; partition and offset are the caller's to fill in.
        events: to be said because of it.
    """

    decision: DecisionRow
    events: tuple[PurchaseRecorded | PlannedPriceAnnounced, ...] = ()


class TradingState:
    """
    Everything of all open periods.

    Args:
        calendar: the market's periods.
    """

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._terms = TermsOfTrade()
        self._asks: dict[str, Asks] = {}
        self._books: dict[str, PeriodTrade] = {}
        self._forgotten: set[str] = set()

    # What happens

    def take(self, event: Fact) -> None:
        """Take an accepted fact; one that was taken before changes nothing."""
        with localcontext(EXACT):
            match event:
                case PurchaseRecorded() | PurchaseCancelled():
                    book = self._book_at(event)
                    if book is not None:
                        book.take_trade(event)
                case ProductionReported():
                    book = self._book_at(event)
                    if book is not None:
                        book.take_production(event)
                case UnplannedPricePosted():
                    self._take_ask(event)
                case PlannedPriceAnnounced():
                    book = self._book(event.period)
                    if book is not None:
                        book.take_price(event)
                case PriceAnnounced():
                    book = self._book(event.period)
                    if book is not None:
                        book.take_round(event)

    def put_line(self, line: Line) -> None:
        """
        Take a line as it stands: a bid, a plan line or a council's decision.

        Lines of other kinds change nothing.
        """
        book = self._book(line.period)
        if book is not None:
            with localcontext(EXACT):
                book.put_line(line)

    def forget(self, period: Period) -> None:
        """Let go of a period that is settled."""
        self._forgotten.add(period)
        self._books.pop(period, None)
        begin = min(
            [span_of(period).end, *(book.span.begin for book in self._books.values())]
        )
        for asks in self._asks.values():
            asks.forget_before(begin)

    # Requests

    def decide(self, event: RequestEvent) -> Decision:
        """
        Decide on a request: a budget, terms, a purchase, a rebid or its answer.

        Raises:
            Refused: with the reason why; nothing has changed then.
        """
        with localcontext(EXACT):
            match event:
                case TermsSet():
                    return self._decide_terms(event)
                case PurchaseRequested():
                    period = self._period_at(event)
                case BudgetSet() | RebidRequested() | RebidAnswered():
                    period = event.period
                case _:
                    raise AssertionError(
                        f"a {type(event).__name__} is decided by the ledger"
                    )
            book = self._open_book(period, event.event_id)
            decision = self._decide_in(book, event)
            # Not before: a request that is refused opens no period.
            self._books[period] = book
            return decision

    def restore(self, event: RequestEvent, decision: DecisionRow) -> None:
        """
        Take a request that was decided before, as it was decided.

        Args:
            event: the request; it was not refused.
            decision: what was decided on it.
        """
        with localcontext(EXACT):
            match event:
                case TermsSet():
                    self._put_terms(event)
                case BudgetSet():
                    book = self._book(event.period)
                    if book is not None:
                        book.put_budget(event)
                case PurchaseRequested():
                    book = self._book_at(event)
                    if book is not None:
                        planned = decision.planned_quantity
                        purchase = purchase_of(
                            event, planned, decision.planned_price, decision.unit_price
                        )
                        book.take_trade(purchase, approved=planned)
                case RebidRequested() | RebidAnswered():
                    book = self._book(event.period)
                    if book is not None:
                        restore_rebid(book, event)

    # Rows

    def put_row(self, row: LiveRow) -> None:
        """
        Take a row as it was written last, by whatever ledger.

        So versions are counted on, nothing is written again that has not changed, and
        alerts are remembered. Rows may be put before facts are taken, or after.
        """
        book = self._book(row.period)
        if book is not None:
            book.put_row(row)

    def changed_rows(self) -> list[LiveRow]:
        """Return the rows that have changed since the last call, each newer by one."""
        with localcontext(EXACT):
            return [
                row
                for book in self._books.values()
                for row in book.changed_rows(self._asks)
            ]

    # Private

    def _book(self, period: Period) -> PeriodTrade | None:
        # None of a period that is settled.
        book = self._books.get(period)
        if book is None and period not in self._forgotten:
            book = self._books[period] = PeriodTrade(period, self._terms.at(period))
        return book

    def _period_at(self, event: Fact | PurchaseRequested) -> Period:
        seconds = event.occurred_at.timestamp()
        return self._calendar[int(seconds // self._calendar.slice_s)]

    def _book_at(self, event: Fact | PurchaseRequested) -> PeriodTrade | None:
        return self._book(self._period_at(event))

    def _open_book(self, period: Period, event_id: str) -> PeriodTrade:
        # The period of a request; one that nothing is known of yet is not kept here.
        try:
            self._calendar.check(period)
        except InvalidValue as exc:
            raise Refused("invalid_field", f"{exc} - at `$.period`", event_id) from exc
        if period in self._forgotten:
            raise Refused("period_settled", f"{period} is settled", event_id)
        known = self._books.get(period)
        return PeriodTrade(period, self._terms.at(period)) if known is None else known

    def _take_ask(self, event: UnplannedPricePosted) -> None:
        asks = self._asks.setdefault(event.product_id, Asks())
        if not asks.take(event):
            return
        period = self._period_at(event)
        book = self._book(period)
        if book is not None:
            book.product(event.product_id).note(event.occurred_at)
        for later in self._books.values():
            if later.period >= period:
                later.take_asks(event.product_id)

    def _decide_in(
        self,
        book: PeriodTrade,
        event: BudgetSet | PurchaseRequested | RebidRequested | RebidAnswered,
    ) -> Decision:
        match event:
            case BudgetSet():
                card = book.cards.get(event.consumer_id)
                check_budget(event, card, book.terms, book.rates)
                book.put_budget(event)
                return Decision(_taken(event, event.consumer_id))
            case PurchaseRequested():
                approval = Till(book, self._asks).decide(event)
                return Decision(_approved(event, approval), (approval.purchase,))
            case RebidRequested():
                asks = self._asks.get(event.product_id)
                return Decision(_taken(event), request_rebid(book, asks, event))
            case RebidAnswered():
                return Decision(_taken(event), answer_rebid(book, event))

    def _decide_terms(self, event: TermsSet) -> Decision:
        self._open_book(event.period, event.event_id)
        in_use = [book.period for book in self._books.values() if book.is_in_use]
        self._terms.check(event, [*in_use, *self._forgotten])
        self._put_terms(event)
        return Decision(_taken(event))

    def _put_terms(self, event: TermsSet) -> None:
        self._terms.put(event)
        for book in self._books.values():
            book.put_terms(self._terms.at(book.period))


def _approved(event: PurchaseRequested, approval: Approval) -> DecisionRow:
    return DecisionRow(
        event_id=event.event_id,
        partition=-1,
        offset=-1,
        consumer_id=event.consumer_id,
        planned_quantity=approval.planned,
        unplanned_quantity=approval.unplanned,
        planned_price=approval.planned_price,
        unit_price=approval.unit_price,
        cost=approval.cost,
    )


def _taken(event: RequestEvent, consumer_id: str | None = None) -> DecisionRow:
    return DecisionRow(
        event_id=event.event_id, partition=-1, offset=-1, consumer_id=consumer_id
    )
