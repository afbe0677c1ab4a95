"""
PURE. Bytes to structs and back; msgspec's errors become ours.

Encoders and decoders are made once. What a decoder lets through is valid: identifiers
are printable, times lie within bounds, a purchase's planned part within its whole.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from schemas.errors import InvalidValue, Refused
from schemas.events import Event, PurchaseCancelled, PurchaseRecorded
from schemas.rows import Line, MarketRow, RejectedRecord
from schemas.topics import TOPIC_OF_EVENT
from schemas.values import EARLIEST_YEAR, LATEST_YEAR, from_wire, is_printable

MAX_EVENT_BYTES: Final = 16 * 1024
"""Of one event. The largest real one is under 1 KiB; a message holds several."""


def _to_wire(value: Any) -> str:
    # Our value types are Decimal and str by inheritance, which msgspec does not look
    # at. str() of a str's child is a plain str.
    if isinstance(value, Decimal | str):
        return str(value)
    raise NotImplementedError(f"no wire form for {type(value)!r}")


_WITH_PLANNED_PART = (PurchaseRecorded, PurchaseCancelled)

_encoder = msgspec.json.Encoder(enc_hook=_to_wire)
_decode_event = msgspec.json.Decoder(Event, dec_hook=from_wire).decode
# Unhashable values break the cache before they reach the check, so the text of a
# refusal is made without it.
_explain_event = msgspec.json.Decoder(Event, dec_hook=from_wire.__wrapped__).decode
_decode_row = msgspec.json.Decoder(MarketRow, dec_hook=from_wire).decode
_decode_line = msgspec.json.Decoder(Line, dec_hook=from_wire).decode
_decode_rejected = msgspec.json.Decoder(RejectedRecord).decode

encode = _encoder.encode
"""Encode any struct of `schemas` as JSON bytes without white space."""


def decode_event(raw: bytes | msgspec.Raw) -> Event:
    """
    Decode and check one event.

    Raises:
        Refused: with the code and the field at fault.
    """
    if len(bytes(raw)) > MAX_EVENT_BYTES:
        raise Refused("too_large", f"{len(bytes(raw))} bytes; {MAX_EVENT_BYTES} may be")
    try:
        event: Event = _decode_event(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise _refusal(bytes(raw), exc) from exc
    check_event(event)
    if not _is_plainly_printable(bytes(raw)):
        _check_printable(event)
    return event


def decode_events(values: Sequence[bytes]) -> list[Event | Refused]:
    """
    Decode and check a batch; a value that fails becomes its refusal, in place.

    The batch is looked through once for what could hide a control character; only
    if there is any is each event looked at.
    """
    joined = b"".join(values)
    if len(joined) > MAX_EVENT_BYTES and max(map(len, values)) > MAX_EVENT_BYTES:
        return [_attempt(value) for value in values]
    if not _is_plainly_printable(joined):
        return [_attempt(value) for value in values]
    events: list[Event | Refused] = []
    append, decode = events.append, _decode_event
    for value in values:
        try:
            event = decode(value)
            check_event(event)
        except (msgspec.DecodeError, Refused, RecursionError):
            append(_attempt(value))
        else:
            append(event)
    return events


def check_event(event: Event) -> None:
    """
    Check what the types alone cannot.

    Raises:
        Refused: with code `invalid_field`.
    """
    # Comparing the year is five times cheaper than comparing moments.
    if not EARLIEST_YEAR <= event.occurred_at.year < LATEST_YEAR:
        raise Refused(
            "invalid_field",
            f"must lie between the years {EARLIEST_YEAR} and {LATEST_YEAR}, was "
            f"{event.occurred_at.isoformat()} - at `$.occurred_at`",
            event.event_id,
        )
    if isinstance(event, _WITH_PLANNED_PART) and (
        event.planned_quantity > event.quantity
    ):
        raise Refused(
            "invalid_field",
            f"must be at most the quantity {event.quantity}, was "
            f"{event.planned_quantity} - at `$.planned_quantity`",
            event.event_id,
        )


def event_type(event: Event) -> str:
    """Return the event's tag, `purchase` for example."""
    tag = event.__struct_config__.tag
    if not isinstance(tag, str):
        raise AssertionError(f"{type(event).__name__} has no text tag")
    return tag


def decode_market_row(raw: bytes | msgspec.Raw) -> MarketRow:
    """
    Decode a row that a worker wrote.

    Raises:
        msgspec.DecodeError: if it is none; only our own workers write rows.
    """
    return _decode_row(raw)


def decode_line(raw: bytes) -> Line:
    """Decode a line that a worker wrote."""
    return _decode_line(raw)


def decode_rejected(raw: bytes) -> RejectedRecord:
    """Decode a rejected record that a worker wrote."""
    return _decode_rejected(raw)


def _attempt(value: bytes) -> Event | Refused:
    try:
        return decode_event(value)
    except Refused as refused:
        return refused


def _is_plainly_printable(raw: bytes) -> bool:
    # JSON allows a control character only behind a backslash, DEL apart; everything
    # from U+0080 on is beyond ASCII.
    return raw.isascii() and b"\\" not in raw and b"\x7f" not in raw


def _check_printable(event: Event) -> None:
    for field in event.__struct_fields__:
        value = getattr(event, field)
        if isinstance(value, str) and not is_printable(value):
            raise Refused(
                "invalid_field",
                f"must be free of control characters, was {value!r} - at `$.{field}`",
            )


def _refusal(raw: bytes, exc: Exception) -> Refused:
    # Called once per bad event, so it may decode again to say what exactly is wrong.
    if not isinstance(exc, msgspec.ValidationError):
        return Refused("malformed", f"not one JSON object: {exc}")
    try:
        head = _decode_head(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        head = _Head()
    event_id = head.event_id if isinstance(head.event_id, str) else None
    if event_id is not None and (len(event_id) > 64 or not is_printable(event_id)):
        event_id = None
    if not isinstance(head.type, str) or head.type not in TOPIC_OF_EVENT:
        return Refused(
            "unknown_type",
            f"`type` must be one of {', '.join(sorted(TOPIC_OF_EVENT))}; "
            f"was {str(head.type)[:64]!r}",
            event_id,
        )
    try:
        _explain_event(raw)
    except (msgspec.DecodeError, InvalidValue) as exact:
        return Refused("invalid_field", str(exact), event_id)
    return Refused("invalid_field", str(exc), event_id)


class _Head(msgspec.Struct):
    type: Any = None
    event_id: Any = None


_decode_head = msgspec.json.Decoder(_Head).decode
