"""PURE. What a program may hand in as an event, and its JSON."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from parfeed.client.errors import InvalidRequest
from schemas.codec import encode
from schemas.event_base import EventBase

Publishable = EventBase | Mapping[str, Any] | bytes | str
"""An event: a struct of schemas.events, a mapping, or one JSON object as text."""


def _to_wire(value: object) -> str:
    # The value types of `schemas` are Decimal and str by inheritance, which msgspec
    # does not look at.
    if isinstance(value, Decimal | str):
        return str(value)
    raise NotImplementedError(f"no form in JSON for {type(value).__name__}")


_encode_mapping = msgspec.json.Encoder(enc_hook=_to_wire).encode


def to_bytes(index: int, event: object) -> bytes:
    """
    Return an event as JSON.

    Args:
        index: of the event among those that are handed in, for the complaint.
        event: as the caller has it.

    Raises:
        InvalidRequest: if it is no event at all.
    """
    if isinstance(event, bytes):
        return event
    try:
        if isinstance(event, str):
            return event.encode()
        if isinstance(event, EventBase):
            return encode(event)
        if isinstance(event, Mapping):
            return _encode_mapping(event)
    except (TypeError, ValueError, NotImplementedError, RecursionError) as exc:
        raise InvalidRequest(f"event {index} has no form in JSON: {exc}") from exc
    raise InvalidRequest(
        f"event {index} must be an event, a mapping or JSON, was {type(event).__name__}"
    )
