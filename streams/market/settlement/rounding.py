"""
PURE. The one place where money is rounded: to the currency's smallest unit.

Amounts that belong together are rounded together, so that they add up to their exact
sum: each is cut down to a whole unit, and the units that are left over go to the
largest remainders, of equal ones to the first by name. So no rounded amount lies a
whole unit or more from its exact one.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import TypeVar

Exact = TypeVar("Exact", Decimal, Fraction)


def rounded(
    amounts: Mapping[str, Exact], decimals: int, total: Decimal | None = None
) -> dict[str, Decimal]:
    """
    Round amounts to the smallest unit, so that they add up.

    Args:
        amounts: exact, by name.
        decimals: of the smallest unit.
        total: what they shall add up to, rounded, where their exact sum is no whole
            number of units: less than one unit from it.

    Raises:
        AssertionError: if the exact sum is no whole number of units and no total is
            given, or one that lies further away.
    """
    scale = 10**decimals
    units: dict[str, int] = {}
    remainders: list[tuple[Exact, str]] = []
    for name, amount in amounts.items():
        scaled = amount * scale
        whole = floor(scaled)
        units[name] = whole
        if scaled != whole:
            remainders.append((whole - scaled, name))  # negative: the largest first
    if total is None:
        left, part = divmod(-sum(remainder for remainder, _ in remainders), 1)
        if part:
            raise AssertionError(f"amounts do not add up to whole units: {amounts}")
        left = int(left)
    else:
        left = int(total * scale) - sum(units.values())
    if left:
        if not 0 <= left <= len(remainders):
            raise AssertionError(
                f"{left} units are left over of {len(remainders)} remainders"
            )
        remainders.sort()
        for _, name in remainders[:left]:
            units[name] += 1
    return {name: Decimal(whole).scaleb(-decimals) for name, whole in units.items()}
