"""
PURE. What all events share.

One frozen struct per kind, told apart by `type`. Fields are only ever added, with
defaults; a tag never changes. Every event has an `event_id` and counts once, however
often it is sent.
"""

from typing import TYPE_CHECKING

import msgspec

from schemas.values import Identifier, Moment


class EventBase(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    # Events are trees, so there are no cycles for the collector to look for; looking
    # took a quarter of the fold's time.
    gc=False,
):
    """
    Base of all events: how they are read and written.

    Attributes:
        event_id: names this event for good. An event that is sent again under its id
            counts once; a corrected event needs a new id.
        occurred_at: when it happened at its origin, with an offset from UTC.
    """

    # A base's fields are written before those of its children, and `product_id` has
    # always stood between these two: the children name them in their order.
    if TYPE_CHECKING:
        event_id: Identifier
        occurred_at: Moment


class ProductEvent(EventBase, frozen=True, kw_only=True):
    """
    An event about a product, which is the key of its record.

    Attributes:
        product_id: what it is about.
    """

    event_id: Identifier
    product_id: Identifier
    occurred_at: Moment


class BoardEvent(EventBase, frozen=True, kw_only=True):
    """An event that the board takes or says, of more than one product's row."""

    event_id: Identifier
    occurred_at: Moment
