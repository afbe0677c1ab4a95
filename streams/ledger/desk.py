"""
Requests as the ledger takes them: each in its order, decided once.

Nothing is awaited here, so that what one request changes is there for the next: two
purchases of one card, at whatever tills, are decided one after the other. What is
refused or declined is said with its code, and changes nothing but that its event_id is
used up.
"""

from typing import Any

from msgspec.structs import replace

from schemas.errors import Refused
from schemas.events import Event
from schemas.settings import Settings
from schemas.topics import REQUESTS
from schemas.trading import (
    BudgetSet,
    CorrectionRequested,
    PeriodClosed,
    PurchaseRequested,
    RequestEvent,
    TermsSet,
)
from schemas.trading_rows import DecisionRow, SettledRow
from schemas.values import Period
from streams.ledger.fact_index import FactIndex, cuts_of
from streams.ledger.publisher import LedgerEvent
from streams.market.asking import check_asked, check_period
from streams.market.duplicates import SeenIds
from streams.market.periods import Calendar
from streams.market.trading.state import TradingState


class Desk:
    """
    Decides requests.

    Args:
        settings: of the deployment.
        state: of trading.
        index: of the facts, to know whether there is anything to correct.

    Attributes:
        ending: by period whose trading ends, the event_id of the request.
        settled: by period, how it was settled and corrected, in this order.
        correcting: by period, the event_id of the correction that is under way.
        budgets: those taken, by period and consumer; the newest.
        terms: those taken.
        authorised: by period and event_id, the planned units that were approved.
    """

    def __init__(
        self, settings: Settings, state: TradingState, index: FactIndex
    ) -> None:
        self.ending: dict[str, str] = {}
        self.settled: dict[str, list[SettledRow]] = {}
        self.correcting: dict[str, str] = {}
        self.budgets: dict[str, dict[str, BudgetSet]] = {}
        self.terms: list[TermsSet] = []
        self.authorised: dict[str, dict[str, DecisionRow]] = {}
        self._settings = settings
        self._state = state
        self._index = index
        self._calendar = Calendar(settings.period)
        self._seen = [
            SeenIds(settings.duplicates_window) for _ in range(settings.partitions)
        ]

    def decide(
        self, partition: int, record: Any, event: Event | Refused
    ) -> tuple[DecisionRow, list[LedgerEvent]]:
        """
        Decide on the next record of a partition of `requests`.

        Args:
            partition: of the record.
            record: as Kafka has it.
            event: what it holds, or why it holds none.

        Returns:
            The decision, and what has to be said because of it.
        """
        try:
            request = self._checked(partition, record, event)
            decision, said = self._decided(request)
        except Refused as refused:
            consumer_id = getattr(event, "consumer_id", None)
            decision, said = (
                DecisionRow(
                    event_id=event.event_id,
                    partition=partition,
                    offset=record.offset,
                    code=refused.code,
                    detail=refused.detail,
                    consumer_id=consumer_id,
                ),
                [],
            )
            return decision, said
        return _placed(decision, partition, record.offset), said

    def restore(
        self, partition: int, record: Any, event: Event | Refused, decision: DecisionRow
    ) -> None:
        """Take a request as it was decided by an earlier ledger."""
        if isinstance(event, Refused):
            return
        self._seen[partition].add(event.event_id, record.offset)
        if decision.code is None and isinstance(event, RequestEvent):
            self._note(event, decision)
            if not isinstance(event, PeriodClosed | CorrectionRequested):
                self._state.restore(event, decision)

    def settle(self, row: SettledRow) -> None:
        """Note that a period is settled, or corrected."""
        self.settled.setdefault(row.period, []).append(row)
        self.ending.pop(row.period, None)
        self.correcting.pop(row.period, None)

    # Private

    def _checked(
        self, partition: int, record: Any, event: Event | Refused
    ) -> RequestEvent:
        event = check_asked(
            record,
            event,
            topic=REQUESTS,
            seen=self._seen[partition],
            early_limit_s=self._settings.early_limit_s,
        )
        if not isinstance(event, RequestEvent):
            raise AssertionError(f"{REQUESTS.name} takes no {type(event).__name__}")
        self._check_period(event)
        return event

    def _check_period(self, event: RequestEvent) -> None:
        period = self.period_of(event)
        check_period(self._calendar, period, event.event_id)
        is_over = period in self.ending or period in self.settled
        if is_over and not isinstance(event, CorrectionRequested):
            raise Refused(
                "period_settled", f"trading of {period} has ended", event.event_id
            )

    def period_of(self, event: RequestEvent) -> Period:
        """Return the period that a request is about."""
        if isinstance(event, PurchaseRequested):
            seconds = int(event.occurred_at.timestamp())
            return self._calendar[seconds // self._calendar.slice_s]
        return event.period

    def _decided(self, event: RequestEvent) -> tuple[DecisionRow, list[LedgerEvent]]:
        decision: DecisionRow
        said: list[LedgerEvent]
        match event:
            case PeriodClosed():
                decision, said = _taken(event), []
            case CorrectionRequested():
                self._check_correction(event)
                decision, said = _taken(event), []
            case _:
                made = self._state.decide(event)
                decision, said = made.decision, [*made.events]
        self._note(event, decision)
        return decision, said

    def _check_correction(self, event: CorrectionRequested) -> None:
        before = self.settled.get(event.period)
        if before is None or event.period in self.correcting:
            raise Refused("not_settled", "", event.event_id)
        if not self._index.count_after(event.period, cuts_of(before[-1])):
            raise Refused("nothing_to_correct", "", event.event_id)

    def _is_done(self, event: PeriodClosed | CorrectionRequested) -> bool:
        # Whether an earlier ledger has settled what this one only reads back.
        settled = self.settled.get(event.period, ())
        return any(row.event_id == event.event_id for row in settled)

    def _note(self, event: RequestEvent, decision: DecisionRow) -> None:
        # What a settlement has to know later.
        match event:
            case PeriodClosed() | CorrectionRequested():
                if not self._is_done(event):
                    ends = isinstance(event, PeriodClosed)
                    due = self.ending if ends else self.correcting
                    due[event.period] = event.event_id
            case BudgetSet():
                self.budgets.setdefault(event.period, {})[event.consumer_id] = event
            case TermsSet():
                self.terms.append(event)
            case PurchaseRequested():
                period = self.period_of(event)
                approved = self.authorised.setdefault(period, {})
                approved[event.event_id] = decision
            case _:
                pass  # a rebid is a planned price, which lies in `board`


def _taken(event: PeriodClosed | CorrectionRequested) -> DecisionRow:
    return DecisionRow(event_id=event.event_id, partition=-1, offset=-1)


def _placed(decision: DecisionRow, partition: int, offset: int) -> DecisionRow:
    return replace(decision, partition=partition, offset=offset)
