"""
The agenda as the board takes it: each event in its order, or its refusal.

Nothing is awaited here, so that what one event changes is there for the next. What is
refused is said with its code, and changes nothing.
"""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from schemas.agenda import (
    AgendaEvent,
    CouncilFormed,
    CouncilSigned,
    GateClosed,
    PeriodOpened,
    PriceSet,
    ProductListed,
    RoundAnnounced,
)
from schemas.codec import MAX_EVENT_BYTES
from schemas.errors import Refused
from schemas.events import Event
from schemas.rows import RejectedRecord
from schemas.settings import Settings
from schemas.topics import AGENDA
from streams.market.asking import check_asked, check_period
from streams.market.councils.councils import Councils
from streams.market.duplicates import SeenIds
from streams.market.periods import Calendar
from streams.market.planning.period import PeriodPlan

OPENED: Final = "opened"
GATE: Final = "gate"


class Due(NamedTuple):
    """What has to be announced: `opened` or `gate`, and of which period."""

    what: str
    plan: PeriodPlan


class AgendaDesk:
    """
    Takes the agenda's events.

    Args:
        settings: of the deployment.
        councils: who take their own events.

    Attributes:
        plans: by period, everything that was ever listed or opened.
    """

    def __init__(self, settings: Settings, councils: Councils) -> None:
        self.plans: dict[str, PeriodPlan] = {}
        self._settings = settings
        self._councils = councils
        self._calendar = Calendar(settings.period)
        self._seen = SeenIds(settings.duplicates_window)

    def take(self, record: Any, event: Event | Refused, now: float) -> "Due | None":
        """
        Take a record of the agenda; they come in their order.

        Args:
            record: as Kafka has it.
            event: what it holds, or why it holds none.
            now: seconds since 1970.

        Returns:
            What has to be announced of it, if anything has.

        Raises:
            Refused: if it does not fit; then nothing has changed but that its
                event_id is used up.
        """
        event = check_asked(
            record,
            event,
            topic=AGENDA,
            seen=self._seen,
            early_limit_s=self._settings.early_limit_s,
        )
        if not isinstance(event, AgendaEvent):
            raise AssertionError(f"{AGENDA.name} takes no {type(event).__name__}")
        if not isinstance(event, CouncilFormed):
            check_period(self._calendar, event.period, event.event_id)
        return self._apply(event, now)

    def is_new(self, event: Event, offset: int) -> bool:
        """Tell whether an event's id is new; it is used up then."""
        return self._seen.add(event.event_id, offset)

    def open_plans(self) -> Iterable[PeriodPlan]:
        """Return the plans of the periods that are being planned."""
        return (plan for plan in self.plans.values() if plan.is_open)

    def rejected(
        self, record: Any, event: Event | Refused, refused: Refused
    ) -> RejectedRecord:
        """Return the record as it goes to the topic `rejected`."""
        return RejectedRecord(
            code=refused.code,
            detail=refused.detail,
            topic=AGENDA.name,
            partition=0,
            offset=record.offset,
            value=(record.value or b"")[:MAX_EVENT_BYTES],
            event_id=event.event_id,
        )

    # Private

    def _apply(self, event: AgendaEvent, now: float) -> Due | None:
        match event:
            case ProductListed():
                plan = self.plans.get(event.period) or PeriodPlan(event.period)
                plan.list_product(event)
                self.plans[event.period] = plan
            case PeriodOpened():
                plan = self.plans.get(event.period) or PeriodPlan(event.period)
                plan.open(event, now)
                self._councils.protect(event.period, event.people_least)
                return Due(OPENED, plan)
            case RoundAnnounced():
                plan = self._plan(event.period, event.event_id)
                if plan.announce(event, now):
                    return Due(GATE, plan)
            case PriceSet():
                self._plan(event.period, event.event_id).set_price(event)
            case GateClosed():
                plan = self._plan(event.period, event.event_id)
                plan.gate(event, now)
                return Due(GATE, plan)
            case CouncilFormed():
                self._councils.form(event)
            case CouncilSigned():
                plan = self._plan(event.period, event.event_id)
                plan.check_running(event.event_id)
                if event.product_id not in plan.prices:
                    raise Refused(
                        "unknown_product",
                        f"{event.product_id} is not planned in {event.period}",
                        event.event_id,
                    )
                self._councils.sign(event)
        return None

    def _plan(self, period: str, event_id: str) -> PeriodPlan:
        plan = self.plans.get(period)
        if plan is None:
            raise Refused("unknown_period", f"{period} has not been opened", event_id)
        return plan
