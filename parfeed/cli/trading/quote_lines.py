"""PURE. A quote, and what became of a purchase, in words."""

from decimal import Decimal
from typing import Final

from parfeed.cli.layout import plain
from parfeed.cli.numbers import ABSENT, money, number
from schemas.feed import Outcome, Quoted
from schemas.trading_rows import CardRow

_WIDTH: Final = 14
_NAME: Final = 24

NO_PLAN: Final = "no planned price"


def quote_lines(quoted: Quoted) -> list[str]:
    """Return a quote as lines, the cheapest company first."""
    units = number(quoted.quantity, _WIDTH)
    lines = [
        f"{units} of {plain(quoted.product_id)} in {plain(quoted.period)}, tax included"
    ]
    if quoted.planned_price is None:
        lines.append(_line("", "planned", None, NO_PLAN))
    else:
        at = f"at {money(quoted.planned_price, _WIDTH)} a unit"
        lines.append(_line("", "planned", quoted.planned_cost, at))
    for offer in quoted.offers:
        words = f"at {money(offer.unplanned_price, _WIDTH)} a unit"
        if offer.loss is not None:
            words += f", {against_the_plan(offer.loss)}"
        lines.append(_line(str(offer.rank), offer.company_id, offer.cost, words))
    if quoted.sellers > len(quoted.offers):
        lines.append(f"and {quoted.sellers - len(quoted.offers):,} dearer ones")
    if not quoted.offers:
        lines.append("No company offers it outside of the plan.")
    if quoted.planned_left is not None and quoted.unplanned_left is not None:
        lines.append(left_line(quoted.planned_left, quoted.unplanned_left))
    return lines


def approval_lines(outcome: Outcome, loss: Decimal | None) -> list[str]:
    """
    Return what an approved purchase comes to, as lines.

    Args:
        outcome: of its request.
        loss: of its unplanned units against the plan; None if it is not known.
    """
    parts = [
        f"{number(quantity, _WIDTH)} {kind} at {money(price, _WIDTH)}"
        for kind, quantity, price in (
            ("planned", outcome.planned_quantity, outcome.planned_price),
            ("unplanned", outcome.unplanned_quantity, outcome.unit_price),
        )
        if quantity
    ]
    lines = [
        f"Approved: {' and '.join(parts)}; it costs {money(outcome.cost, _WIDTH)} "
        "with tax"
    ]
    if loss is not None and outcome.unplanned_quantity:
        lines.append(f"Bought outside of the plan it {against_the_plan(loss)}")
    return lines


def card_line(card: CardRow) -> str:
    """Return what is left on a consumer's cards."""
    return left_line(card.planned_left, card.unplanned_left)


def against_the_plan(loss: Decimal) -> str:
    """Return a loss in words; below zero it is a saving."""
    if loss < 0:
        return f"saves {money(-loss, _WIDTH)}"
    return f"loses {money(loss, _WIDTH)}" if loss else "loses nothing"


def left_line(planned: Decimal, unplanned: Decimal) -> str:
    """Return what is left on the two cards."""
    return (
        f"Left: {money(planned, _WIDTH)} on the planned card, "
        f"{money(unplanned, _WIDTH)} on the unplanned card"
    )


def _line(rank: str, name: str, cost: Decimal | None, words: str) -> str:
    figure = ABSENT if cost is None else money(cost, _WIDTH)
    return f"{rank:>4}  {plain(name):<{_NAME}} {figure:>{_WIDTH}}  {words}"
