"""
PURE. The feed's channels as data: what rows each shows, and what names one of them.

All rows lie in one log: the topic `market`, and behind its partitions those of
`accounts`, which hold the rows of private channels. A record's key is a JSON list:
product_id and period, then, of channels other than `market`, the row's type tag and
what else tells its rows apart. So one cursor, one epoch and one heartbeat serve all
channels.
"""

from typing import Final

import msgspec

from schemas.board_rows import CouncilRow, RoundRow
from schemas.rows import MarketRow, Row
from schemas.trading_rows import (
    AlertRow,
    CardRow,
    CostRow,
    FameRow,
    OfferRow,
    SettlementRow,
    StatementRow,
)


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        name: what `subscribe` says.
        about: what its rows are, in one sentence.
        row: the struct of its rows.
        named_by: the fields that tell its rows apart.
        is_by_product: whether `products` may choose among its rows; otherwise each is
            about all products.
        is_private: whether each row is one party's, its field `party`, and shown to
            nobody else.
    """

    name: str
    about: str
    row: type[Row]
    named_by: tuple[str, ...]
    is_by_product: bool = True
    is_private: bool = False

    @property
    def row_type(self) -> str:
        """Return the `type` of its rows."""
        return str(self.row.__struct_config__.tag)


MARKET_CHANNEL: Final = Channel(
    name="market",
    about="A product in a period: supply, demand, price, imbalance.",
    row=MarketRow,
    named_by=("product_id", "period"),
)
ROUNDS: Final = Channel(
    name="rounds",
    about="A round of a period's planning, over all products.",
    row=RoundRow,
    named_by=("product_id", "period", "round"),
    is_by_product=False,
)
COUNCILS: Final = Channel(
    name="councils",
    about="A council's line of a product, without persons.",
    row=CouncilRow,
    named_by=("product_id", "period", "council_id"),
)

OFFERS: Final = Channel(
    name="offers",
    about="A company's unplanned price against the planned one, and the loss per unit.",
    row=OfferRow,
    named_by=("product_id", "period", "company_id"),
)
ALERTS: Final = Channel(
    name="alerts",
    about="What somebody should look at: pace, requested rebids and their answers.",
    row=AlertRow,
    named_by=("product_id", "period", "kind"),
)
FAME: Final = Channel(
    name="fame",
    about="What companies made beyond their bids, and gave away or kept.",
    row=FameRow,
    named_by=("product_id", "period", "company_id"),
)
SETTLEMENTS: Final = Channel(
    name="settlements",
    about="How a product's period was settled: accuracy, tax, adjustment.",
    row=SettlementRow,
    named_by=("product_id", "period"),
)
CONSUMER: Final = Channel(
    name="consumer",
    about="A consumer's cards: what is left, what unplanned buying lost.",
    row=CardRow,
    named_by=("period", "party"),
    is_by_product=False,
    is_private=True,
)
STATEMENTS: Final = Channel(
    name="statements",
    about="An account's statement of a settled period, with its formulas.",
    row=StatementRow,
    named_by=("period", "account", "revision", "part"),
    is_by_product=False,
    is_private=True,
)
COSTS: Final = Channel(
    name="costs",
    about="Companies that cannot afford the planned price, for the board.",
    row=CostRow,
    named_by=("period", "company_id", "of_product_id"),
    is_by_product=False,
    is_private=True,
)

CHANNELS: Final[dict[str, Channel]] = {
    channel.name: channel
    for channel in (
        MARKET_CHANNEL,
        ROUNDS,
        COUNCILS,
        OFFERS,
        ALERTS,
        FAME,
        SETTLEMENTS,
        CONSUMER,
        STATEMENTS,
        COSTS,
    )
}
"""By name."""

CHANNEL_OF_ROW: Final[dict[str, Channel]] = {
    channel.row_type: channel for channel in CHANNELS.values()
}
"""By the type tag of their rows."""

FeedRow = (
    MarketRow
    | RoundRow
    | CouncilRow
    | OfferRow
    | AlertRow
    | FameRow
    | SettlementRow
    | CardRow
    | StatementRow
    | CostRow
)
"""What a record of the log is."""
