"""
PURE. The names of the ledger's accounts, and whose they are.

::

    consumer/<id>/planned       what a consumer pays for its planned purchases
    consumer/<id>/unplanned     and for unplanned ones
    council/<id>/pool           collects and pays for its consumers' unplanned purchases
    company/<id>                what a company gets
    board/tax                   the sales tax
    board/clearing/<product>    what unplanned sales differ from the plan

Somebody whose name is not known is `-`.
"""

from typing import Final

from schemas.trading_rows import BOARD_PARTY

UNKNOWN: Final = "-"
"""Stands for a consumer that the shop does not know, or a council that nobody named."""

TAX: Final = "board/tax"


def consumer_account(consumer_id: str | None, *, is_planned: bool) -> str:
    """Return the account that pays for a consumer's purchases."""
    card = "planned" if is_planned else "unplanned"
    return f"consumer/{consumer_id or UNKNOWN}/{card}"


def pool_account(council_id: str | None) -> str:
    """Return the account of a council's pool."""
    return f"council/{council_id or UNKNOWN}/pool"


def company_account(company_id: str) -> str:
    """Return a company's account."""
    return f"company/{company_id}"


def clearing_account(product_id: str) -> str:
    """Return the board's clearing account of a product."""
    return f"board/clearing/{product_id}"


def party_of(account: str) -> str:
    """Return whose account it is: `consumer/17850`, `board`."""
    # A name may hold slashes itself; what stands before and after it does not.
    if account.startswith(("consumer/", "council/")):
        return account.rpartition("/")[0]
    if account.startswith("company/"):
        return account
    return BOARD_PARTY
