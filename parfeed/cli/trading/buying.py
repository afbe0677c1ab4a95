"""
Buy at a till: ask, wait for the decision, look at the card that it came off.

The decision alone says whether a purchase is approved. What it lost and what is left
stand on the consumer's card, which comes a moment later, to those who may see it.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import msgspec

from parfeed.cli.planning.asking import hand_in, shown
from schemas.feed import Outcome
from schemas.trading import PurchaseRequested
from schemas.trading_rows import CardPurchase, CardRow

if TYPE_CHECKING:
    from parfeed.client.feed import Feed
    from parfeed.client.subscription import Subscription

CARD_S: Final = 3.0
"""How long to wait for the card: it is final with the decision, and comes within some
10 ms. Nobody at a till waits longer for what is only told besides."""


class Bought(msgspec.Struct, frozen=True, kw_only=True):
    """
    What became of a purchase.

    Attributes:
        outcome: of the request.
        loss: of its unplanned units against the plan; None if it is not known.
        card: of the consumer afterwards; None where it may not be seen, or if there is
            none.
    """

    outcome: Outcome
    loss: Decimal | None = None
    card: CardRow | None = None

    @property
    def is_approved(self) -> bool:
        """Whether the purchase stands."""
        return self.outcome.verdict == "accepted"


async def buy_at(
    feed: "Feed", request: PurchaseRequested, *, timeout_s: float
) -> Bought:
    """
    Ask for a purchase, and wait until it is decided.

    Args:
        feed: an open feed.
        request: the purchase.
        timeout_s: how long to wait for the decision.

    Raises:
        NotShown: if it does not come in time.
    """
    party = f"consumer/{request.consumer_id}"
    async with feed.subscribe("consumer", party=party) as cards:
        (outcome,) = await hand_in(feed, [request], timeout_s=timeout_s)
        if outcome.verdict != "accepted":
            # Nothing has moved: what is known of the card by now is what is left.
            return Bought(outcome=outcome, card=_newest(cards))
        event_id = request.event_id
        card = await _seen(cards, lambda rows: _card_with(rows, event_id))
    bought = None if card is None else _purchase(card, event_id)
    return Bought(
        outcome=outcome, loss=None if bought is None else bought.loss, card=card
    )


def as_json(request: PurchaseRequested, bought: Bought) -> bytes:
    """Return what became of a purchase as one JSON object."""
    outcome, card = bought.outcome, bought.card
    approved = {"accepted": True, "refused": False}.get(outcome.verdict)
    found: dict[str, object] = {"approved": approved, "event_id": request.event_id}
    found |= {
        "planned_quantity": outcome.planned_quantity,
        "unplanned_quantity": outcome.unplanned_quantity,
        "planned_price": outcome.planned_price,
        "unit_price": outcome.unit_price,
        "cost": outcome.cost,
        "loss": bought.loss,
        "error": outcome.error,
        "detail": outcome.detail,
        "planned_left": None if card is None else card.planned_left,
        "unplanned_left": None if card is None else card.unplanned_left,
    }
    plainly = {
        name: f"{value:f}" if isinstance(value, Decimal) else value
        for name, value in found.items()
        if name in ("approved", "event_id") or value is not None
    }
    return msgspec.json.encode(plainly)


async def _seen(
    cards: "Subscription[CardRow]",
    look: "Callable[[Subscription[CardRow]], CardRow | None]",
) -> CardRow | None:
    from parfeed.client.errors import SubscriptionRefused
    from parfeed.planning.errors import NotShown

    try:
        return await shown(cards, look, timeout_s=CARD_S, what="no card showed it")
    except (NotShown, SubscriptionRefused):
        # It was decided all the same.
        return None


def _card_with(rows: "Subscription[CardRow]", event_id: str) -> CardRow | None:
    for card in rows.rows.values():
        if _purchase(card, event_id) is not None:
            return card
    return None


def _newest(rows: "Subscription[CardRow]") -> CardRow | None:
    cards = list(rows.rows.values())
    return max(cards, key=lambda card: str(card.period), default=None)


def _purchase(card: CardRow, event_id: str) -> CardPurchase | None:
    return next((each for each in card.newest if each.event_id == event_id), None)
