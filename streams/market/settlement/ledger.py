"""PURE. The ledger: postings to balances. What does not sum to zero is not posted."""

from collections.abc import Iterable
from decimal import Decimal

from schemas.errors import IntegrityError
from schemas.rows import ZERO
from schemas.trading_rows import Posting


class Ledger:
    """
    The balances of all accounts.

    Attributes:
        balances: by account; above zero the account has got it.
    """

    def __init__(self, balances: dict[str, Decimal] | None = None) -> None:
        self.balances: dict[str, Decimal] = dict(balances or {})

    def post(self, posting: Posting) -> None:
        """
        Add a posting.

        Raises:
            IntegrityError: if its entries do not sum to zero; nothing is posted then.
        """
        total = sum((entry.amount for entry in posting.entries), ZERO)
        if total:
            raise IntegrityError(
                f"posting {posting.number} of {posting.period}, revision "
                f"{posting.revision} ({posting.step} of {posting.product_id}) must "
                f"sum to zero, was {total}"
            )
        balances = self.balances
        for account, amount in ((e.account, e.amount) for e in posting.entries):
            balances[account] = balances.get(account, ZERO) + amount

    def in_order(self) -> dict[str, Decimal]:
        """Return the balances by account, in the order of the names."""
        return dict(sorted(self.balances.items()))


def balances_of(postings: Iterable[Posting]) -> dict[str, Decimal]:
    """
    Return what postings come to, by account, in the order of the names.

    Raises:
        IntegrityError: if one does not sum to zero.
    """
    ledger = Ledger()
    for posting in postings:
        ledger.post(posting)
    return ledger.in_order()
