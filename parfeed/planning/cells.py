"""
PURE. What people type, made values: quantities, prices, schedules, lists, times.

Numbers are plain: a point for the decimals, nothing between thousands. What could mean
two things is refused rather than guessed, since a guess may be wrong a thousandfold.
"""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeVar

from parfeed.planning.errors import UnfitCell
from schemas.errors import InvalidValue, shortened
from schemas.planning import MAX_POINTS, Point
from schemas.values import (
    EARLIEST,
    LATEST,
    MAX_AMOUNT,
    Period,
    PositiveQuantity,
    Price,
    Quantity,
    is_printable,
)

LIST_SEPARATOR: Final = "|"
"""Between the entries of a list. Names may hold spaces and commas."""

MAX_REVISION: Final = 2**53 - 1

Amount = TypeVar("Amount", bound=Price)

_YES: Final = frozenset({"yes", "true", "1", "x"})
_NO: Final = frozenset({"no", "false", "0", ""})
_COMMA_DECIMAL: Final = re.compile(r"-?[0-9]+,[0-9]+", re.ASCII)
_POINT_SEPARATORS: Final = re.compile(r"[,|\s]+")


def quantity(text: str) -> Quantity:
    """Read units: 0 or more."""
    return _amount(text, Quantity, "a number of units of 0 or more, such as 12.5")


def positive(text: str) -> PositiveQuantity:
    """Read a number above 0."""
    return _amount(text, PositiveQuantity, "a number above 0, such as 12.50")


def price(text: str) -> Price:
    """Read money per unit; it may be negative."""
    return _amount(text, Price, "a price such as 12.50")


def identifier(text: str) -> str:
    """Read a name: 1 to 64 printable characters."""
    if not 1 <= len(text) <= 64 or not is_printable(text):
        raise UnfitCell(
            f"must be a name of 1 to 64 printable characters, was {shortened(text)}"
        )
    return text


def period(text: str) -> Period:
    """Read a period such as 2011-W44."""
    try:
        return Period(text)
    except InvalidValue as exc:
        raise UnfitCell(str(exc)) from exc


def names(text: str) -> tuple[str, ...]:
    """Read names with `|` between them, each once."""
    found = tuple(identifier(part) for part in _parts(text))
    if len(set(found)) < len(found):
        raise UnfitCell(f"must name each one once, was {shortened(text)}")
    return found


def yes_or_no(text: str) -> bool:
    """Read `yes` or `no`."""
    word = text.lower()
    if word not in _YES | _NO:
        raise UnfitCell(f"must be yes or no, was {shortened(text)}")
    return word in _YES


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return what reads a whole number within bounds, both included."""

    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,16}", text, re.ASCII) or not (
            least <= int(text) <= most
        ):
            raise UnfitCell(
                f"must be a whole number from {least} to {most}, was {shortened(text)}"
            )
        return int(text)

    return read


revision = whole(0, MAX_REVISION)


def schedule(text: str) -> tuple[Point, ...]:
    """
    Read a bid's schedule: `10:100,12:150` is 100 units at 10.00 and 150 at 12.00.

    Prices rise from point to point, and quantities do not fall.
    """
    points: list[Point] = []
    for part in filter(None, _POINT_SEPARATORS.split(text.strip())):
        at, colon, units = part.partition(":")
        if not colon:
            raise UnfitCell(
                "must be points PRICE:QUANTITY such as 10:100,12:150, was "
                f"{shortened(part)}"
            )
        point = Point(price(at), quantity(units))
        if points and point.price <= points[-1].price:
            raise UnfitCell(
                f"must have prices that rise, but {point.price} follows "
                f"{points[-1].price}"
            )
        if points and point.quantity < points[-1].quantity:
            raise UnfitCell(
                f"must have quantities that do not fall, but {point.quantity} at "
                f"{point.price} follows {points[-1].quantity}"
            )
        points.append(point)
    if len(points) > MAX_POINTS:
        raise UnfitCell(f"must have at most {MAX_POINTS} points, was {len(points)}")
    return tuple(points)


def needs(text: str) -> tuple[tuple[str, Quantity], ...]:
    """Read inputs: `flour=20|salt=1`. A quantity of 0 withdraws one."""
    found: dict[str, Quantity] = {}
    for part in _parts(text):
        product, equals, units = part.rpartition("=")
        if not equals:
            raise UnfitCell(
                f"must be PRODUCT=QUANTITY such as flour=20, was {shortened(part)}"
            )
        name = identifier(product.strip())
        if name in found:
            raise UnfitCell(f"must name each product once, was twice {shortened(name)}")
        found[name] = quantity(units.strip())
    return tuple(found.items())


def percentage(text: str) -> float:
    """Read `3%` or `3`. Below 0.1 the sign is needed: 0.03 may be meant as 3 %."""
    number = text.removesuffix("%").strip()
    found = _amount(number, Price, "a percentage such as 3%")
    if not 0 < found <= 100:
        raise UnfitCell(f"must be above 0% and at most 100%, was {shortened(text)}")
    if not text.endswith("%") and found < Decimal("0.1"):
        raise UnfitCell(
            f"could be {found * 100:f}% or {found:f}%; write the sign, was "
            f"{shortened(text)}"
        )
    return float(found)


def moment(text: str) -> datetime:
    """Read a time; without an offset it is the local time of this machine."""
    try:
        found = datetime.fromisoformat(text.strip())
        found = found.astimezone() if found.tzinfo is None else found
        fits = EARLIEST <= found < LATEST
    except (ValueError, OverflowError):
        fits = False
    if not fits:
        raise UnfitCell(
            "must be a time from 2000 to 2099 such as 2026-11-22T18:00 or "
            f"2026-11-22T18:00:00Z, was {shortened(text)}"
        )
    return found


def with_point(text: str) -> str:
    """
    Write a number with a decimal comma with a point.

    For files that separate their cells by semicolons, as spreadsheets do where the
    comma is a decimal sign. Three figures after a comma could be thousands.
    """
    if _COMMA_DECIMAL.fullmatch(text) is None:
        return text
    if len(text.partition(",")[2]) == 3:
        raise UnfitCell(
            f"could be {text.replace(',', '.')} or {text.replace(',', '')}; write "
            f"the decimals with a point, was {shortened(text)}"
        )
    return text.replace(",", ".")


def _parts(text: str) -> list[str]:
    return [part for each in text.split(LIST_SEPARATOR) if (part := each.strip())]


def _amount(text: str, kind: type[Amount], expected: str) -> Amount:
    try:
        return kind(text)
    except InvalidValue as exc:
        raise UnfitCell(
            f"must be {expected}, with a point for the decimals (6 at most), nothing "
            f"between thousands, and within {MAX_AMOUNT:,}, was {shortened(text)}"
        ) from exc
