"""PURE. Where a client's event goes: its topic and the key of its record."""

from schemas.agenda import CouncilFormed
from schemas.codec import event_type
from schemas.errors import Refused
from schemas.event_base import ProductEvent
from schemas.events import Event
from schemas.topics import BOARD_ONLY, TOPIC_OF_EVENT, Topic
from schemas.trading import BudgetSet, PurchaseRequested


def route(event: Event) -> tuple[Topic, bytes]:
    """
    Return the topic of an event, and its record's key.

    Raises:
        Refused: with `board_only`, if the event is not a client's to say.
    """
    tag = event_type(event)
    if tag in BOARD_ONLY:
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
