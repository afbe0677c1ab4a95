"""
Place bids, and look at what they add to as soon as the rows hold them.

Which round a bid answers is read off the product's row first; what it has changed is
the difference between that row and the first one whose position reaches the bid.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from parfeed.cli.planning.asking import hand_in, shown
from parfeed.planning.bids import Bid, bid_events
from parfeed.planning.said import Said
from schemas.feed import MAX_PRODUCTS, Outcome
from schemas.planning import BidPlaced
from schemas.rows import MarketRow
from schemas.topics import BIDS

if TYPE_CHECKING:
    from parfeed.client.feed import Feed
    from parfeed.client.subscription import Subscription

Key = tuple[str, str]


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """
    A bid, and what became of it.

    Attributes:
        bid: as it was said.
        event: that says it.
        outcomes: of the bid, then of its inputs in their order.
        before: the product's row that it came upon; None if there was none.
        after: the row that holds it; None if it was refused, or counts later.
    """

    bid: Bid
    event: BidPlaced
    outcomes: Sequence[Outcome]
    before: MarketRow | None = None
    after: MarketRow | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the bid and all its inputs were taken."""
        return all(outcome.verdict == "accepted" for outcome in self.outcomes)


async def place(
    feed: "Feed", bids: Sequence[Bid], said: Said, *, timeout_s: float
) -> list[Placed]:
    """
    Hand bids in, and wait until the rows hold those that are taken.

    Args:
        feed: an open feed.
        bids: at least one.
        said: when they are said, and under which ids.
        timeout_s: how long to wait for answers, and then for the rows.

    Raises:
        NotShown: if answers or rows do not come in time.
    """
    products = sorted(
        {bid.product_id for bid in bids} | {p for bid in bids for p, _ in bid.inputs}
    )
    periods = {str(bid.period) for bid in bids}
    async with feed.subscribe(
        products=products if len(products) <= MAX_PRODUCTS else ["*"],
        period=periods.pop() if len(periods) == 1 else None,
    ) as market:
        # An empty market has a snapshot too.
        await shown(
            market,
            lambda rows: True if rows.is_current else None,
            timeout_s=timeout_s,
            what="the feed sent no rows",
        )
        before = {_key(row): row for row in market.rows.values()}
        rounds = {key: row.planning.round for key, row in before.items()}
        events = bid_events(bids, said, rounds)
        outcomes = await hand_in(feed, events, timeout_s=timeout_s)
        placed = _grouped(bids, events, outcomes, before)
        return [await _held(each, market, timeout_s) for each in placed]


def _key(row: MarketRow) -> Key:
    return row.product_id, str(row.period)


def _grouped(
    bids: Sequence[Bid],
    events: Sequence[msgspec.Struct],
    outcomes: Sequence[Outcome],
    before: dict[Key, MarketRow],
) -> list[Placed]:
    placed: list[Placed] = []
    at = 0
    for bid in bids:
        event = events[at]
        if not isinstance(event, BidPlaced):
            raise AssertionError(f"expected the bid itself, was {type(event).__name__}")
        end = at + 1 + len(bid.inputs)
        placed.append(
            Placed(
                bid=bid,
                event=event,
                outcomes=outcomes[at:end],
                before=before.get((bid.product_id, str(bid.period))),
            )
        )
        at = end
    return placed


async def _held(
    placed: Placed, market: "Subscription[MarketRow]", timeout_s: float
) -> Placed:
    # A joint bid moves nothing until its members have confirmed it.
    if placed.outcomes[0].verdict != "accepted" or placed.bid.members:
        return placed
    offset = placed.outcomes[0].offset
    key = placed.bid.product_id, str(placed.bid.period)

    def look(market: "Subscription[MarketRow]") -> MarketRow | None:
        row = market.rows.get(key)
        if row is None or offset is None:
            return None
        return row if row.positions.get(BIDS.name, -1) >= offset else None

    row = await shown(
        market,
        look,
        timeout_s=timeout_s,
        what=f"no row of {placed.bid.product_id} in {placed.bid.period} held it",
    )
    return msgspec.structs.replace(placed, after=row)
