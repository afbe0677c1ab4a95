"""
PURE. What the dirt of a shop's file becomes: an event, or a refusal with its reason.

Every row becomes exactly one of both, decided by `kind_of` in one fixed order, so that
events and refusals add up to the rows read. docs/retail.md says it in prose.
"""

from typing import Final, Literal

import msgspec

Reason = Literal["bad_debt", "service_code", "write_off", "unpriced", "unreadable"]

REASONS: Final[dict[Reason, str]] = {
    "bad_debt": "The invoice begins with A: an accountant's adjustment, no sale.",
    "service_code": "The stock code names postage, a fee, a voucher or a manual "
    "posting, no product.",
    "write_off": "A negative quantity that cancels no sale: lost, broken or recounted.",
    "unpriced": "The price is 0 or below: a sample, a gift or a correction.",
    "unreadable": "The row is no sale that can be read; the detail says why.",
}
"""Why a row becomes no event. Shown with the counts, so a reason never changes."""

SERVICE_CODES: Final = frozenset(
    {
        "POST",  # postage
        "DOT",  # postage of the web shop
        "M",  # manual posting
        "m",
        "C2",  # carriage
        "D",  # discount
        "S",  # samples
        "B",  # bad debt
        "BANK CHARGES",
        "AMAZONFEE",
        "CRUK",  # commission to a charity
    }
)

VOUCHER_PREFIX: Final = "gift_"
"""Stock codes of gift vouchers: money in advance, no product."""


class RefusedRow(msgspec.Struct, frozen=True, kw_only=True):
    """
    A row, or a line of a file of events, that becomes no event.

    Attributes:
        reason: a key of `REASONS`; for a line of events, of schemas.errors.REFUSALS.
        row: its number in the file, the first being 1.
        detail: what is at fault, where the reason alone does not say it.
    """

    reason: str
    row: int
    detail: str = ""


def kind_of(
    invoice: str, code: str, quantity: int, price_is_positive: bool
) -> Literal["purchase", "cancellation"] | Reason:
    """
    Decide what a readable row becomes.

    Args:
        invoice: its number; a leading letter says what it is.
        code: the stock code, in the file's own case.
        quantity: whole units, below zero where goods left without a sale.
        price_is_positive: whether the unit price lies above 0.
    """
    if invoice.startswith("A"):
        return "bad_debt"
    if code in SERVICE_CODES or code.startswith(VOUCHER_PREFIX):
        return "service_code"
    if invoice.startswith("C") and quantity < 0 and price_is_positive:
        return "cancellation"
    if quantity < 0:
        return "write_off"
    if not price_is_positive:
        return "unpriced"
    return "purchase"
