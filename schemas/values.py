"""
PURE. The value types: finite, bounded, exact; checked once, when they are made.

Numbers travel as decimal strings in plain notation (`"12.50"`), so that no reader
turns money into binary fractions. Identifiers are short printable strings.
"""

import decimal
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Final, Self

from msgspec import Meta

from schemas.errors import InvalidValue

MAX_AMOUNT: Final = Decimal(10) ** 12
"""Largest quantity or price; a thousand times the world's yearly tonnes of grain."""

MAX_DECIMALS: Final = 6
"""Decimal places of a quantity or price: micro-units; grams in a tonne's price."""

EXACT: Final = decimal.Context(
    prec=80, traps=[decimal.Inexact, decimal.InvalidOperation, decimal.Overflow]
)
"""
Arithmetic that raises rather than rounds.

A value has at most 24 digits before the point and 12 after it; 80 digits leave room
for the sum of 10**40 of them.
"""

_PLAIN_DECIMAL = re.compile(r"-?[0-9]{1,13}(?:\.[0-9]{1,6})?", re.ASCII)
_EXPECTED_DECIMAL = (
    'a decimal in quotes such as "12.50", with up to 6 decimal places and within 10^12'
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# The periods that touch the years 2000 to 2099; 1999-W52 holds the first of them.
PERIOD_FORM: Final = re.compile(
    r"1999-W52|20[0-9]{2}-(?:W(?:0[1-9]|[1-4][0-9]|5[0-3])"
    r"|(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])(?:T(?:[01][0-9]|2[0-3]))?)"
)


class Price(Decimal):
    """
    Money per unit, exact, |value| <= 10**12, at most 6 decimal places.

    May be negative: a power grid pays for being relieved of energy.

    Raises:
        InvalidValue: if `text` is not a plain decimal string within the bounds.
    """

    __slots__ = ()

    def __new__(cls, text: object = "0") -> Self:
        if not isinstance(text, str) or _PLAIN_DECIMAL.fullmatch(text) is None:
            raise InvalidValue(_EXPECTED_DECIMAL, text)
        self = super().__new__(cls, text)
        if not -MAX_AMOUNT <= self <= MAX_AMOUNT:
            raise InvalidValue(_EXPECTED_DECIMAL, text)
        return self


class Quantity(Price):
    """
    Units of a product, exact, from 0 to 10**12, at most 6 decimal places.

    Raises:
        InvalidValue: if `text` is not a plain decimal string within the bounds.
    """

    __slots__ = ()

    def __new__(cls, text: object = "0") -> Self:
        self = super().__new__(cls, text)
        if self.is_signed():  # "-0" has no meaning either
            raise InvalidValue("a quantity of 0 or more", text)
        return self


class PositiveQuantity(Quantity):
    """A quantity above 0: what a purchase or a cancellation moves."""

    __slots__ = ()

    def __new__(cls, text: object = "1") -> Self:
        self = super().__new__(cls, text)
        if not self:
            raise InvalidValue("a quantity above 0", text)
        return self


class Period(str):
    """
    A market period: an ISO week `2011-W44`, a day `2011-10-31` or an hour
    `2011-10-31T14`, in UTC, from 2000 to 2099.

    Raises:
        InvalidValue: if `text` has another form or names no such week or day.
    """

    __slots__ = ()

    def __new__(cls, text: object) -> Self:
        expected = (
            "a period such as 2011-W44, 2011-10-31 or 2011-10-31T14, from 2000 to 2099"
        )
        if not isinstance(text, str) or PERIOD_FORM.fullmatch(text) is None:
            raise InvalidValue(expected, text)
        try:
            if "W" in text:
                # Not strptime: it takes a week 53 that a year does not have.
                date.fromisocalendar(int(text[:4]), int(text[6:]), 1)
            else:
                datetime.fromisoformat(text)
        except ValueError as exc:
            raise InvalidValue(expected, text) from exc
        return super().__new__(cls, text)


EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""Bounds of every time on the wire: what lies outside is a broken clock. They are exact
whatever a time's offset, since a Period beyond them is no Period."""

Moment = Annotated[datetime, Meta(tz=True)]
"""A time with its offset from UTC. Its bounds are checked by the codec."""

Identifier = Annotated[str, Meta(min_length=1, max_length=64)]
"""1 to 64 printable characters. Control characters are refused by the codec."""

Party = Annotated[str, Meta(min_length=1, max_length=80)]
"""Whose a private row is: `consumer/`, `company/` or `council/` and an Identifier, or
`board`."""

Reason = Annotated[str, Meta(max_length=1000)]
"""Words for people, in one line. Control characters are refused by the codec."""

Revision = Annotated[int, Meta(ge=0, le=2**53 - 1)]
"""Orders what one party says about one line; JavaScript reads it exactly."""

Round = Annotated[int, Meta(ge=0, le=1_000)]
"""Counts the rounds of a period's planning from 1; 0 before the first."""


def escaped(text: str) -> str:
    """Return `text` with control characters written out, fit for one line."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def is_printable(text: str) -> bool:
    """Tell whether `text` is free of control characters and line separators."""
    return _CONTROL.search(text) is None


# Quantities and prices repeat far more than they differ: a hit costs 0.1 us, a check
# 1 us. 65,536 entries of some 150 bytes are 10 MB at most.
@lru_cache(maxsize=65_536)
def from_wire(kind: type, value: Any) -> Any:
    """
    Make a value type from what JSON held: the decoders' hook.

    Raises:
        InvalidValue: if the value breaks its type's bounds.
        NotImplementedError: if `kind` is no value type of ours.
    """
    if kind in (Price, Quantity, PositiveQuantity, Period):
        return kind(value)
    raise NotImplementedError(f"no wire form for {kind!r}")
