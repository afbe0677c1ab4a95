"""
PURE. The signatures under one council's line of a product: k of n, the first wins.

- A signer has one vote on a line. k approvals approve it, k vetoes veto it, whichever
  is complete first; what is decided stands, also when the council's signers change.
- An approval goes up to the quantity that it names, or without one as far as anybody
  asks. The line is approved up to what k signers approve, and no further: what grows
  beyond waits again, and the same signers may approve more.
- Nothing here depends on what is asked for: the same signatures in their order decide
  the same, whenever the lines come. So one may sign ahead of the lines.
"""

from decimal import Decimal
from typing import Final, Literal

from schemas.agenda import CouncilFormed, CouncilSigned
from schemas.errors import Refused
from schemas.rows import ZERO
from schemas.values import EXACT

Status = Literal["passes", "waits", "approved", "vetoed"]

UNLIMITED: Final = Decimal("Infinity")
"""An approval that names no quantity goes as far as anybody asks."""


class Ballot:
    """
    The votes on a council's line of a product in a period, and what they decided.

    Attributes:
        is_vetoed: for good.
        approved: up to which quantity; never less than it was.
    """

    __slots__ = ("_approvals", "_vetoes", "approved", "is_vetoed")

    def __init__(self) -> None:
        self.is_vetoed = False
        self.approved = ZERO
        self._approvals: dict[str, Decimal] = {}
        self._vetoes: set[str] = set()

    def sign(self, council: CouncilFormed, event: CouncilSigned) -> None:
        """
        Count a vote.

        Raises:
            Refused: if it cannot count; nothing has changed then.
        """
        # No detail names who signed: whoever is not a signer may be anybody.
        signer_id = event.signer_id
        if signer_id not in council.signers:
            raise Refused("not_a_signer")
        if self.is_vetoed:
            raise Refused("already_decided", "the council has vetoed this line")
        if event.vote == "veto":
            if self.approved:
                raise Refused("already_decided", "the council has approved this line")
            if signer_id in self._approvals or signer_id in self._vetoes:
                raise Refused("already_signed")
            self._vetoes.add(signer_id)
        else:
            limit = UNLIMITED if event.quantity is None else EXACT.plus(event.quantity)
            self._check_approval(council, signer_id, limit)
            self._approvals[signer_id] = limit
        self.count(council)

    def count(self, council: CouncilFormed) -> None:
        """Decide what enough of the council's present signers have voted for."""
        needed = council.signatures
        if self.is_vetoed or not needed:
            return
        # Only a council that was changed can have k of both at once: then the line
        # stays out, since what is planned by mistake is made.
        vetoes = sum(signer in council.signers for signer in self._vetoes)
        if not self.approved and vetoes >= needed:
            self.is_vetoed = True
            return
        limits = sorted(
            limit
            for signer, limit in self._approvals.items()
            if signer in council.signers
        )
        if len(limits) >= needed:
            self.approved = max(self.approved, limits[-needed])

    def approving(self, council: CouncilFormed, quantity: Decimal) -> tuple[str, ...]:
        """Return the council's signers whose approval goes up to the quantity."""
        return tuple(
            sorted(
                signer
                for signer, limit in self._approvals.items()
                if limit >= quantity and signer in council.signers
            )
        )

    def vetoing(self, council: CouncilFormed) -> tuple[str, ...]:
        """Return the council's signers who vetoed."""
        return tuple(sorted(self._vetoes.intersection(council.signers)))

    # Private

    def _check_approval(
        self, council: CouncilFormed, signer_id: str, limit: Decimal
    ) -> None:
        threshold = council.threshold
        if threshold is None or limit <= threshold:
            raise Refused(
                "already_decided",
                "this passes by itself: the council has no threshold"
                if threshold is None
                else f"what is up to the threshold {threshold} passes by itself",
            )
        if signer_id in self._vetoes or self._approvals.get(signer_id, ZERO) >= limit:
            raise Refused(
                "already_signed",
                "this signer has voted on this line; only an approval of more than "
                "an earlier one counts again",
            )
        if limit <= self.approved:
            raise Refused(
                "already_decided",
                "the council has approved this line up to this quantity or more",
            )


def status_of(
    council: CouncilFormed, ballot: Ballot | None, quantity: Decimal
) -> Status:
    """Return how a council's line stands when so much is asked for."""
    if ballot is not None and ballot.is_vetoed:
        return "vetoed"
    if council.threshold is None or quantity <= council.threshold:
        return "passes"
    if ballot is not None and quantity <= ballot.approved:
        return "approved"
    return "waits"
