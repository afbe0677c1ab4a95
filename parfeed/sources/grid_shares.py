"""
PURE. What a grid's file leaves open, and settlement asks: who bid, and who sold.

The file forecasts nine sources as one sum, and says of the load only how large it is.
Both are shared out by amounts that it does have, so that each source is a company with
a bid, production and sales:

- The sum's bid, in proportion to what each of the nine made in that hour: so all of
  them miss their bid by the same part, which is the sum's.
- The load within the plan, in proportion to the bids, to each at most its bid. What
  is left has come from outside of the bids: `grid` sells it.

Shares are whole units of the file's last decimal place, and add up to what is shared.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from parfeed.sources.grid_reading import OTHER, PLANNED, GridHour
from schemas.values import Quantity

SELLER: Final = "grid"
"""Who sells what no bid stands behind, and asks the balancing price: those who run the
grid, and buy what is missing elsewhere."""


def bids_of(hour: GridHour) -> dict[str, Quantity]:
    """
    Return the bids of an hour by company; who bids is not said is left out.

    The bid of the nine is OTHER's own where none of them made anything.
    """
    bids = {
        company_id: quantity
        for company_id, quantity in hour.planned.items()
        if quantity is not None
    }
    together = bids.get(OTHER)
    made = {
        company_id: quantity
        for company_id, quantity in hour.produced.items()
        if quantity and company_id not in PLANNED
    }
    if together is None or not made:
        return bids
    del bids[OTHER]
    shared = _shares(together, made)
    return bids | {name: Quantity(f"{share:f}") for name, share in shared.items()}


def sales_of(within: Decimal, bids: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """
    Return who sold what was bought within the plan, by company.

    Args:
        within: bought within the plan.
        bids: by company.
    """
    supply = sum(bids.values(), Decimal(0))
    sold = _shares(min(within, supply), bids) if supply else {}
    sold[SELLER] = within - sum(sold.values(), Decimal(0))
    return {company_id: quantity for company_id, quantity in sold.items() if quantity}


def _shares(total: Decimal, parts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    # In whole units of the finest decimal place of all: then no share exceeds its part
    # if the total does not exceed their sum. What is left over goes to the largest
    # remainders, of equal ones to the first.
    decimals = max(
        -int(amount.as_tuple().exponent) for amount in (total, *parts.values())
    )
    units = {name: int(part.scaleb(decimals)) for name, part in parts.items()}
    whole, count = sum(units.values()), int(total.scaleb(decimals))
    shares: dict[str, int] = {}
    rests: dict[str, int] = {}
    for name, part in units.items():
        shares[name], rests[name] = divmod(count * part, whole)
    left = count - sum(shares.values())
    for name in sorted(rests, key=rests.__getitem__, reverse=True)[:left]:
        shares[name] += 1
    return {name: Decimal(share).scaleb(-decimals) for name, share in shares.items()}
