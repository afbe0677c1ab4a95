"""
PURE. What clients send: text to struct, or a refusal that says what is wrong.

A refusal carries the message's `id` where it had one, so that the client knows which
of its messages it was.
"""

import msgspec

from feed_server.errors import MessageRefused
from schemas.feed import ClientMessage, Quote, Subscribe
from schemas.values import escaped, from_wire, is_printable

# Without from_wire's cache, which would trip over unhashable values before it could
# say what they were to be; a message holds one value of ours at most.
_decode = msgspec.json.Decoder(ClientMessage, dec_hook=from_wire.__wrapped__).decode

_TYPES = ("hello", "ping", "publish", "quote", "subscribe", "unsubscribe")


class _Head(msgspec.Struct):
    type: msgspec.Raw = msgspec.Raw()
    id: msgspec.Raw = msgspec.Raw()


_decode_head = msgspec.json.Decoder(_Head).decode
_decode_text = msgspec.json.Decoder(str).decode


def decode_message(text: str) -> ClientMessage:
    """
    Decode and check one message of a client.

    Raises:
        MessageRefused: with the code and the field at fault.
    """
    try:
        message: ClientMessage = _decode(text)
    except RecursionError as exc:
        raise MessageRefused("malformed", "nested too deep; messages are flat") from exc
    except msgspec.DecodeError as exc:
        raise _refusal(text, exc) from exc
    # JSON allows a control character only behind a backslash, DEL apart; everything
    # from U+0080 on is beyond ASCII.
    if not text.isascii() or "\\" in text or "\x7f" in text:
        _check_printable(message)
    return message


def _check_printable(message: ClientMessage) -> None:
    own = getattr(message, "id", None)
    if own is not None and not is_printable(own):
        raise MessageRefused(
            "invalid_field",
            f"must be free of control characters, was {own!r} - at `$.id`",
        )
    names: dict[str, tuple[str | None, ...]] = {}
    if isinstance(message, Subscribe):
        names = {"products": message.products, "party": (message.party,)}
    elif isinstance(message, Quote):
        names = {"product_id": (message.product_id,), "party": (message.party,)}
    for field, held in names.items():
        if not all(is_printable(name) for name in held if name is not None):
            raise MessageRefused(
                "invalid_field",
                f"must be free of control characters - at `$.{field}`",
                own,
            )


def _refusal(text: str, exc: msgspec.DecodeError) -> MessageRefused:
    # Called once per bad message, so it may look again to say what is wrong.
    malformed = MessageRefused("malformed", f"not one JSON object: {escaped(str(exc))}")
    if not isinstance(exc, msgspec.ValidationError):
        return malformed
    try:
        head = _decode_head(text)
    except (msgspec.DecodeError, RecursionError):
        return malformed
    own = _text(head.id)
    if own is not None and not (0 < len(own) <= 64 and is_printable(own)):
        own = None
    if _text(head.type) not in _TYPES:
        was = escaped(bytes(head.type)[:80].decode(errors="replace")) or "missing"
        return MessageRefused(
            "unknown_type",
            f"must be one of {', '.join(_TYPES)}, was {was} - at `$.type`",
            own,
        )
    return MessageRefused("invalid_field", escaped(str(exc)), own)


def _text(raw: msgspec.Raw) -> str | None:
    try:
        return _decode_text(raw)
    except msgspec.DecodeError:
        return None
