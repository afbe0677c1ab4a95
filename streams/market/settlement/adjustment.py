"""
PURE. Step 3: the post-sale adjustment, which empties clearing.

Below zero, more was sold under plan than over it (p was too high). Companies give back
the part c, in proportion to their own (p - u) q where positive; the board eats the rest
from its tax on the product, and what exceeds that tax falls to the companies too.
Where no company sold under plan the board eats all, and the excess falls to companies
in proportion to what they sold unplanned.

Above zero, companies get the part c in proportion to their own (u - p) q where
positive, and councils the rest in proportion to what they overpaid. A part that nobody
has a share in stays with the board.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from schemas.trading import TermsSet
from streams.market.settlement.accounts import TAX, clearing_account
from streams.market.settlement.booking import ADJUSTMENT, Booking, booking
from streams.market.settlement.formula import money, plain
from streams.market.settlement.shares import Shares, positive

_Sides = dict[str, tuple[Fraction, str]]


def adjustment(
    product_id: str,
    clearing: Decimal,
    tax: Decimal,
    shares: Shares,
    terms: TermsSet,
) -> Booking | None:
    """
    Book step 3.

    Args:
        product_id: whose clearing is emptied.
        clearing: its balance.
        tax: what the board took on the product.
        shares: of the parties.
        terms: of trade.

    Returns:
        None if clearing is empty.
    """
    if not clearing:
        return None
    text = money(clearing, terms.decimals)
    sides = (
        _shortfall(-clearing, max(tax, Decimal(0)), shares, terms)
        if clearing < 0
        else _surplus(clearing, shares, terms)
    )
    sides[clearing_account(product_id)] = (Fraction(-clearing), f"-{text}")
    return booking(
        ADJUSTMENT,
        f"clearing {text}, c = {plain(terms.pass_through)}, tax "
        f"{money(tax, terms.decimals)}",
        sides,
        terms.decimals,
    )


def _shortfall(short: Decimal, tax: Decimal, shares: Shares, terms: TermsSet) -> _Sides:
    decimals, c = terms.decimals, plain(terms.pass_through)
    missing = money(short, decimals)
    under_plan = positive({name: -over for name, over in shares.over_plan.items()})
    if under_plan:
        borne, said = (1 - terms.pass_through) * short, f"(1 - {c}) * {missing}"
        given_back = f"{c} * {missing}"
    else:
        borne, said = short, missing
        given_back = "0"
    weights = under_plan or positive(shares.sold_unplanned)
    if borne > tax and weights:
        borne, said = tax, money(tax, decimals)
        given_back = f"({missing} - {said})"
    sides: _Sides = {TAX: (Fraction(-borne), f"-{said}")}
    if short > borne:
        sides |= _divided(borne - short, f"-{given_back}", weights, decimals)
    return sides


def _surplus(over: Decimal, shares: Shares, terms: TermsSet) -> _Sides:
    decimals, c = terms.decimals, plain(terms.pass_through)
    total = money(over, decimals)
    to_companies = terms.pass_through * over
    sides: _Sides = {}
    kept, said = Fraction(0), []
    for part, text, weights in (
        (to_companies, f"{c} * {total}", positive(shares.over_plan)),
        (over - to_companies, f"(1 - {c}) * {total}", positive(shares.overpaid)),
    ):
        if weights:
            sides |= _divided(part, text, weights, decimals)
        else:
            kept += Fraction(part)
            said.append(text)
    if kept:
        sides[TAX] = (kept, " + ".join(said))
    return sides


def _divided(
    amount: Decimal, text: str, weights: Mapping[str, Decimal], decimals: int
) -> _Sides:
    # In proportion; how it is rounded is decided for the booking as a whole.
    whole = sum(weights.values(), Decimal(0))
    per_weight = Fraction(amount) / Fraction(whole)
    of = money(whole, decimals)
    return {
        name: (
            per_weight * Fraction(weight),
            f"{text} * {money(weight, decimals)} / {of}",
        )
        for name, weight in weights.items()
    }
