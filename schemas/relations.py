"""PURE. How the fields of one event must fit one another, which no type can say."""

from datetime import datetime
from itertools import pairwise
from typing import Final, get_args

from schemas.agenda import CouncilFormed, PeriodOpened
from schemas.planning import (
    BidPlaced,
    PeriodAnnounced,
    PlannedPriceAnnounced,
    PlanSubmitted,
    Schedule,
)
from schemas.trading import RebidAnswered
from schemas.values import EARLIEST, LATEST

Related = (
    PlanSubmitted
    | BidPlaced
    | PeriodAnnounced
    | PeriodOpened
    | PlannedPriceAnnounced
    | RebidAnswered
    | CouncilFormed
)
RELATED: Final = get_args(Related)
"""The kinds of events whose fields are looked at together. A purchase's planned part
is no business of this file: the codec looks at it on the way of the busiest event."""


def fault_in(event: Related) -> tuple[str, str] | None:
    """
    Return the field at fault and what is wrong with it; None if all fit.

    No text repeats a consumer's or signer's name.
    """
    if isinstance(event, PlanSubmitted | BidPlaced):
        if event.schedule:
            fault = _schedule_fault(event.schedule, is_bid=isinstance(event, BidPlaced))
            if fault is not None:
                return "schedule", fault
        if isinstance(event, BidPlaced) and event.members:
            if event.company_id in event.members:
                return "members", "must name the other companies, not the bid's own"
            return _repeated("members", event.members)
        return None
    if isinstance(event, CouncilFormed):
        if event.signatures > len(event.signers):
            return (
                "signatures",
                f"must be at most the {len(event.signers)} signers, was "
                f"{event.signatures}",
            )
        if event.parent_id == event.council_id:
            return "parent_id", "must be another council, was the council's own name"
        return _repeated("signers", event.signers)
    if isinstance(event, PlannedPriceAnnounced | RebidAnswered):
        return _beyond("stands_from", event.stands_from)
    return _beyond("closes_at", event.closes_at)


def _beyond(field: str, moment: datetime | None) -> tuple[str, str] | None:
    if moment is None or EARLIEST <= moment < LATEST:
        return None
    return field, beyond_the_years(moment)


def beyond_the_years(moment: datetime) -> str:
    """Say that a time lies outside of the wire's bounds."""
    return (
        f"must lie between the years {EARLIEST.year} and {LATEST.year}, was "
        f"{moment.isoformat()}"
    )


def _schedule_fault(schedule: Schedule, *, is_bid: bool) -> str | None:
    if not is_bid and schedule[0].price <= 0:
        return f"must have prices above 0, the first was {schedule[0].price}"
    for earlier, later in pairwise(schedule):
        if later.price <= earlier.price:
            return (
                f"must have prices that rise, was {later.price} after {earlier.price}"
            )
        rises = later.quantity > earlier.quantity
        if later.quantity != earlier.quantity and rises != is_bid:
            course = "fall" if is_bid else "rise"
            return (
                f"must have quantities that do not {course}, was {later.quantity} "
                f"after {earlier.quantity}"
            )
    return None


def _repeated(field: str, names: tuple[str, ...]) -> tuple[str, str] | None:
    if len(set(names)) == len(names):
        return None
    return field, f"must name nobody twice, were {len(names)} names"
