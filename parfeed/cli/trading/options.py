"""Options of the commands of trading, and how what is typed becomes a value."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Final

import typer

from parfeed.planning.errors import UnfitCell
from schemas.errors import InvalidValue, shortened
from schemas.values import PositiveQuantity, Quantity

ConsumerOption = Annotated[
    str, typer.Option("--consumer", help="Who buys: a consumer_id.")
]
CompanyArgument = Annotated[
    str, typer.Argument(metavar="COMPANY", help="A company_id.")
]

_PERCENT: Final = Decimal(100)


def rate(text: str) -> Quantity:
    """Read a part of 1: `5%`, or `0.05`. A number above 1 without the sign is none."""
    number = text.removesuffix("%").strip()
    try:
        found = Decimal(number)
        if text.endswith("%"):
            found /= _PERCENT
        value = Quantity(f"{found.normalize():f}")
    except (InvalidOperation, InvalidValue) as exc:
        raise UnfitCell(
            f"must be a part such as 5% or 0.05, was {shortened(text)}"
        ) from exc
    if value > 1:
        raise UnfitCell(
            f"must be at most 100%, was {shortened(text)}; write the sign: 5%"
        )
    return value


def positive_rate(text: str) -> PositiveQuantity:
    """Read a part of 1 above 0."""
    value = rate(text)
    if not value:
        raise UnfitCell(f"must be above 0%, was {shortened(text)}")
    return PositiveQuantity(str(value))


def percent(text: str) -> Quantity:
    """Read a number of percent, 0 or more: `120%`, or `120`."""
    try:
        return Quantity(text.removesuffix("%").strip())
    except InvalidValue as exc:
        raise UnfitCell(
            f"must be a percentage such as 120%, was {shortened(text)}"
        ) from exc


def positive_percent(text: str) -> PositiveQuantity:
    """Read a number of percent above 0."""
    value = percent(text)
    if not value:
        raise UnfitCell(f"must be above 0%, was {shortened(text)}")
    return PositiveQuantity(str(value))
