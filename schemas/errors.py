"""
The errors of the shared language, one small tree.

::

    ParfeedError
    ├── InvalidValue        a value breaks its bounds: the sender mends the value
    ├── Refused             an event or message is refused: carries a code of REFUSALS
    ├── InvalidSettings     a setting is unknown or unusable: the operator mends it
    └── IntegrityError      an invariant of ours is broken: the process stops

Every refusal that a sender can meet has a code in `REFUSALS`; the table is part of
the published protocol (docs/protocol.md), so codes are added and never change meaning.
"""

import reprlib
from typing import Final

MAX_DETAIL: Final = 600
"""Characters of a refusal's detail: it may quote what was sent, which may be long."""

REFUSALS: Final[dict[str, str]] = {
    "malformed": "The bytes are not one JSON object in UTF-8.",
    "unknown_type": "The `type` names no event of the protocol.",
    "invalid_field": "A field is missing, unknown, of another type or out of bounds.",
    "wrong_topic": "The event's type does not belong on the topic it was sent to.",
    "wrong_partition": "The record's key is not its product_id, so it is in a "
    "partition of another product.",
    "too_large": "The event is larger than 16 KiB.",
    "duplicate": "An event with this event_id has been seen before; it counts once.",
    "stale_revision": "A later or equal revision of the same line stands already.",
    "occurred_in_future": "The event's time lies further ahead of its arrival than "
    "clocks may differ.",
    "gate_closed": "The period's gate is closed; its plan is not changed any more.",
    "unknown_product": "The product is not planned in this period; the board has "
    "announced no price for it.",
    "unknown_period": "The board has not opened planning for this period.",
    "already_open": "Planning of this period has begun; that can be asked for before "
    "only.",
    "unknown_bid": "There is no such joint bid of this revision to confirm.",
    "not_a_member": "The bid does not name this company as a member.",
    "unknown_council": "No council of this name has been formed.",
    "not_a_signer": "The council does not name this person as a signer.",
    "already_signed": "This signer has signed on this line before.",
    "already_decided": "The council has decided on this line; what is decided stands.",
    "stale_round": "Another round runs than the one that this was said of.",
    "board_only": "Only the board says this; ask it by an event of the agenda.",
    "period_settled": "Trading of this period has ended; a correction brings in what "
    "came too late.",
    "unknown_card": "No budget of this consumer is known for the period.",
    "card_exceeded": "The purchase costs more than is left on the card.",
    "line_exceeded": "More units than are left of the consumer's plan line.",
    "unknown_offer": "The company asks no unplanned price for this product.",
    "price_exceeded": "A unit costs more than the request allows.",
    "share_out_of_window": "The unplanned share lies outside of the board's window.",
    "terms_in_use": "Trading of this period has begun; its terms stand.",
    "pace_too_low": "Purchases do not outrun the plan; no rebid can be requested.",
    "unknown_rebid": "No rebid of this product is requested in the period.",
    "not_settled": "The period is not settled; nothing of it can be corrected.",
    "nothing_to_correct": "Nothing came too late for the period since it was settled.",
    "unavailable": "Kafka did not confirm the event; send it again with its event_id.",
}


class ParfeedError(Exception):
    """Base of all errors that parfeed raises on purpose."""


class InvalidValue(ParfeedError, ValueError):
    """
    A value that breaks its type's bounds.

    A ValueError, so that msgspec names the field that held it.
    """

    def __init__(self, expected: str, value: object) -> None:
        self.expected = expected
        self.value = value
        super().__init__(expected, value)

    def __str__(self) -> str:
        return f"must be {self.expected}, was {shortened(self.value)}"


class Refused(ParfeedError):
    """An event or message that is not taken; `code` is a key of REFUSALS."""

    def __init__(
        self, code: str, detail: str = "", event_id: str | None = None
    ) -> None:
        if code not in REFUSALS:
            raise AssertionError(f"refusal code {code!r} is not in the table")
        self.code = code
        detail = detail or REFUSALS[code]
        if len(detail) > MAX_DETAIL:
            detail = f"{detail[: MAX_DETAIL - 3]}..."
        self.detail = detail
        self.event_id = event_id
        super().__init__(code, self.detail, event_id)

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


class InvalidSettings(ParfeedError):
    """A setting that is unknown or unusable, with what to do about it."""


class IntegrityError(ParfeedError):
    """A broken invariant of ours. Nothing is guessed: the process stops."""


# A refused value may be megabytes long or nested a thousand deep, where repr() itself
# fails; errors are read by people.
_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = _repr.maxlong = 80


def shortened(value: object) -> str:
    """Return the value's repr, cut to what a person reads."""
    text = _repr.repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
