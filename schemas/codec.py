"""
PURE. Bytes to structs and back; msgspec's errors become ours.

Encoders and decoders are made once. What a decoder lets through is valid: identifiers
are printable, times lie within bounds, a purchase's planned part within its whole, a
schedule's prices rise, nobody is named twice.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final, cast

import msgspec

from schemas.errors import MAX_DETAIL, Refused
from schemas.events import Event, PurchaseCancelled, PurchaseRecorded
from schemas.feed import Quoted, Verdict
from schemas.relations import RELATED, beyond_the_years, fault_in
from schemas.rows import Line, MarketRow, RejectedRecord, Row
from schemas.topics import TOPIC_OF_EVENT
from schemas.values import EARLIEST, LATEST, escaped, from_wire, is_printable

MAX_EVENT_BYTES: Final = 16 * 1024
"""Of one event. The largest real one is under 1 KiB; a message holds several."""

MAX_NESTING: Final = 32
"""Brackets within brackets whose content a refusal still explains. An event is flat;
what is far deeper reaches Python's recursion limit, wherever that happens to be."""

# Decimal's str() turns to scientific notation below 10**-6: a micro-unit times a
# micro-price is 1E-12, and nothing at such a price 0E-12.
_SCIENTIFIC = re.compile(rb'"-?\d(?:\.\d+)?E[-+]\d+"')
_BYTE = re.compile(r"\(byte (\d+)\)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_KEY = re.compile(rb'"([a-z_]{1,32})"\s*:')
# An unterminated text reaches to the end, so that this takes linear time.
_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


def _to_wire(value: Any) -> str:
    # Our value types are Decimal and str by inheritance, which msgspec does not look
    # at. str() of a str's child is a plain str.
    if isinstance(value, Decimal | str):
        return str(value)
    raise NotImplementedError(f"no wire form for {type(value)!r}")


_FIRST_YEAR, _LAST_YEAR = EARLIEST.year, LATEST.year - 1
_WITH_PLANNED_PART = (PurchaseRecorded, PurchaseCancelled)
# What may hold products of a quantity and a price. Rows within messages are raw.
_WITH_PRODUCTS = (Row, Quoted, Verdict)
# Fields that name a person, whose content no refusal repeats.
_PERSONAL = frozenset({"consumer_id", "signer_id", "signers"})

_encoder = msgspec.json.Encoder(enc_hook=_to_wire)
_decode_event = msgspec.json.Decoder(Event, dec_hook=from_wire).decode
# Unhashable values break the cache before they reach the check, so the text of a
# refusal is made without it.
_explain_event = msgspec.json.Decoder(Event, dec_hook=from_wire.__wrapped__).decode
_decode_row = msgspec.json.Decoder(MarketRow, dec_hook=from_wire).decode
_decode_line = msgspec.json.Decoder(Line, dec_hook=from_wire).decode
_decode_rejected = msgspec.json.Decoder(RejectedRecord).decode


def encode(value: msgspec.Struct) -> bytes:
    """Encode any struct of `schemas` as JSON bytes without white space."""
    raw = _encoder.encode(value)
    if b"E" in raw and isinstance(value, _WITH_PRODUCTS) and _SCIENTIFIC.search(raw):
        tree = msgspec.to_builtins(value, builtin_types=(Decimal,), enc_hook=_to_wire)
        return _encoder.encode(_plainly(tree))
    return raw


def decode_event(raw: bytes | msgspec.Raw) -> Event:
    """
    Decode and check one event.

    Raises:
        Refused: with the code and the field at fault.
    """
    value = bytes(raw)
    if len(value) > MAX_EVENT_BYTES:
        raise Refused("too_large", f"{len(value)} bytes; {MAX_EVENT_BYTES} may be")
    try:
        event: Event = _decode_event(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise _refusal(value, exc) from exc
    check_event(event)
    if not _is_plainly_printable(value):
        _check_printable(event)
    return event


def decode_events(values: Sequence[bytes | None]) -> list[Event | Refused]:
    """
    Decode and check a batch; a value that fails becomes its refusal, in place.

    The batch is looked through as a whole for what could be wrong with any event;
    only if there is something is each event looked at by itself.

    Args:
        values: the records' values; Kafka's records may have none.
    """
    try:
        joined = b"".join(cast("Sequence[bytes]", values))
    except TypeError:
        return [_attempt(value) for value in values]
    if len(joined) > MAX_EVENT_BYTES and any(
        len(value) > MAX_EVENT_BYTES for value in cast("Sequence[bytes]", values)
    ):
        return [_attempt(value) for value in values]
    if not _is_plainly_printable(joined):
        return [_attempt(value) for value in values]
    try:
        events: list[Event] = list(map(_decode_event, cast("Sequence[bytes]", values)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [_attempt(value) for value in values]
    for event in events:
        # What `check_event` checks, without a call for what is plainly right.
        if not _FIRST_YEAR < event.occurred_at.year < _LAST_YEAR or (
            (event.planned_quantity and event.planned_quantity > event.quantity)
            if isinstance(event, _WITH_PLANNED_PART)
            else isinstance(event, RELATED) and fault_in(event) is not None
        ):
            return [_attempt(value) for value in values]
    return [*events]


def check_event(event: Event) -> None:
    """
    Check what the types alone cannot.

    Raises:
        Refused: with code `invalid_field`.
    """
    # Comparing the year is five times cheaper than comparing moments, and decides
    # everywhere but at the edges.
    moment = event.occurred_at
    if not _FIRST_YEAR < moment.year < _LAST_YEAR and not EARLIEST <= moment < LATEST:
        raise _invalid(event, "occurred_at", beyond_the_years(moment))
    if isinstance(event, _WITH_PLANNED_PART):
        if event.planned_quantity > event.quantity:
            raise _invalid(
                event,
                "planned_quantity",
                f"must be at most the quantity {event.quantity}, was "
                f"{event.planned_quantity}",
            )
    elif isinstance(event, RELATED):
        fault = fault_in(event)
        if fault is not None:
            raise _invalid(event, *fault)


def encode_key(*parts: str) -> bytes:
    """Return the key of a row's or line's record: a JSON list of its parts."""
    return _encoder.encode(parts)


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


def _attempt(value: bytes | None) -> Event | Refused:
    if value is None:
        return Refused("malformed", "the record has no value")
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
        held = getattr(event, field)
        for text in held if isinstance(held, tuple) else (held,):
            if isinstance(text, str) and not is_printable(text):
                # Whose name it is stays between the sender and its record.
                was = "" if field in _PERSONAL else f", was {text!r}"
                raise Refused(
                    "invalid_field",
                    f"must be free of control characters{was} - at `$.{field}`",
                    event.event_id if is_printable(event.event_id) else None,
                )


def _invalid(event: Event, field: str, text: str) -> Refused:
    return Refused("invalid_field", f"{text} - at `$.{field}`", event.event_id)


def _refusal(raw: bytes, exc: Exception) -> Refused:
    # Called once per bad event, so it may look and decode again to say what is wrong.
    depth = _nesting(raw)
    if depth > MAX_NESTING:
        return Refused("malformed", f"nested {depth} deep; an event is flat")
    if not isinstance(exc, msgspec.ValidationError):
        return _malformed(raw, exc)
    try:
        head = _decode_head(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as worse:
        return _malformed(raw, worse)
    event_id = _text(head.event_id)
    if event_id is not None and (len(event_id) > 64 or not is_printable(event_id)):
        event_id = None
    if _text(head.type) not in TOPIC_OF_EVENT:
        was = escaped(bytes(head.type)[:80].decode(errors="replace")) or "missing"
        return Refused(
            "unknown_type",
            f"must be one of {', '.join(sorted(TOPIC_OF_EVENT))}, was {was} "
            "- at `$.type`",
            event_id,
        )
    exact: Exception = exc
    try:
        _explain_event(raw)
    except msgspec.DecodeError as explained:
        exact = explained
    text = escaped(str(exact))
    if len(text) > MAX_DETAIL:
        # It quotes what was sent; where that stood comes last.
        said, at, place = text.rpartition(" - at ")
        text = f"{said[: MAX_DETAIL // 2]}...{at}{place}"
    return Refused("invalid_field", text, event_id)


def _malformed(raw: bytes, exc: Exception) -> Refused:
    # Python writes NaN where JSON has none, and many programs write control
    # characters as they are: the name before the fault says where.
    if isinstance(exc, UnicodeDecodeError):
        # The error counts from the start of a text, this from that of the message.
        end = _utf8_end(raw)
    else:
        at = _BYTE.search(str(exc))
        end = int(at[1]) if at else len(raw)
    near = [found[1].decode() for found in _KEY.finditer(raw, 0, end)][-1:]
    place = f" - near `$.{near[0]}`" if near else ""
    return Refused("malformed", f"not one JSON object: {escaped(str(exc))}{place}")


def _text(raw: msgspec.Raw) -> str | None:
    try:
        return _decode_text(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _utf8_end(raw: bytes) -> int:
    # Up to where the bytes are UTF-8: surrogates stand for those that are not.
    valid, *_ = _SURROGATE.split(raw.decode(errors="surrogateescape"), 1)
    return len(valid.encode())


def _nesting(raw: bytes) -> int:
    # Brackets in texts do not count.
    deepest = depth = 0
    for found in _BRACKET.finditer(raw):
        token = found[0]
        if token in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token in b"]}":
            depth -= 1
    return deepest


def _plainly(value: Any) -> Any:
    # Decimals of a tree of builtins in plain notation.
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict):
        return {key: _plainly(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plainly(part) for part in value]
    return value


class _Head(msgspec.Struct):
    type: msgspec.Raw = msgspec.Raw()
    event_id: msgspec.Raw = msgspec.Raw()


_decode_head = msgspec.json.Decoder(_Head).decode
_decode_text = msgspec.json.Decoder(str).decode
