"""PURE. Where a client's event goes: its topic and the key of its record."""

from collections.abc import Container

from schemas.agenda import CouncilFormed
from schemas.codec import event_type
from schemas.errors import Refused
from schemas.event_base import ProductEvent
from schemas.events import Event
from schemas.planning import PlannedPriceAnnounced
from schemas.topics import BOARD_ONLY, TOPIC_OF_EVENT, Topic
from schemas.trading import BudgetSet, PurchaseRequested


def route(
    event: Event, boards_periods: Container[str] = frozenset()
) -> tuple[Topic, bytes]:
    """
    Return the topic of an event, and its record's key.

    Args:
        event: a client's.
        boards_periods: the periods that a board plans: whatever somebody else says of
            planned prices there is refused. Those of other periods may be handed in,
            as a replay's are derived.

    Raises:
        Refused: with `board_only`, if the event is not a client's to say.
    """
    tag = event_type(event)
    is_boards_price = (
        isinstance(event, PlannedPriceAnnounced) and event.period in boards_periods
    )
    if tag in BOARD_ONLY or is_boards_price:
        raise Refused("board_only", "", event.event_id)
    return TOPIC_OF_EVENT[tag], _key(event).encode()


def _key(event: Event) -> str:
    match event:
        case ProductEvent():
            return event.product_id
        case CouncilFormed():
            return event.council_id
        case BudgetSet() | PurchaseRequested():
            return event.consumer_id
        case _:
            return str(event.period)
