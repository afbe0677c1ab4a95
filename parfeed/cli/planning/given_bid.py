"""The options of `parfeed bid` as they were given, and the bid that they make."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, TypeVar

import typer

from parfeed.cli.planning.options import typed, typed_if

if TYPE_CHECKING:
    from parfeed.planning.bids import Bid
    from schemas.values import Period

T = TypeVar("T")

Given = dict[str, str | bool | list[str] | None]
"""What was given on the command line, by the option's name."""


def check_alone(name: str, given: Given, *, besides: Collection[str]) -> None:
    """
    Check that an option came without others that mean nothing beside it.

    Args:
        name: the option.
        given: all of them.
        besides: those that go with it.

    Raises:
        typer.BadParameter: naming the others.
    """
    others = [
        other
        for other, value in given.items()
        if value and other not in besides and other != name
    ]
    if others:
        raise typer.BadParameter(
            f"{', '.join(others)} do not go with it"
            if len(others) > 1
            else f"{others[0]} does not go with it",
            param_hint=name,
        )


def one_bid(given: Given, period: "Period") -> "Bid":
    """
    Return the bid that the options make.

    Raises:
        typer.BadParameter: if one of them does not fit, or they do not go together.
    """
    from parfeed.planning import cells
    from parfeed.planning.bids import Bid, check_bid
    from parfeed.planning.errors import UnfitCell

    def read(name: str, kind: Callable[[str], T]) -> T | None:
        value = given[name]
        return typed_if(name, None if value is None else str(value), kind)

    def joined(name: str) -> str:
        value = given[name]
        return cells.LIST_SEPARATOR.join(value) if isinstance(value, list) else ""

    product = read("--product", cells.identifier)
    quantity = read("--quantity", cells.quantity)
    company = read("--company", cells.identifier)
    if product is None or quantity is None or company is None:
        raise AssertionError("a bid is made before all of it is known")
    bid = Bid(
        product_id=product,
        quantity=quantity,
        company_id=company,
        period=period,
        least_price=read("--least-price", cells.price),
        schedule=read("--schedule", cells.schedule) or (),
        is_fixed=bool(given["--fixed"]),
        team_id=read("--team", cells.identifier),
        delegate_id=read("--delegate", cells.identifier),
        members=typed("--with", joined("--with"), cells.names),
        inputs=typed("--input", joined("--input"), cells.needs),
        revision=read("--revision", cells.revision),
    )
    try:
        return check_bid(bid)
    except UnfitCell as exc:
        raise typer.BadParameter(str(exc)) from exc
