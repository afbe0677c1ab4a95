"""
PURE. The feed's channels as data: what rows each shows, and what names one of them.

All rows lie in one log, the topic `market`. A record's key is a JSON list: product_id
and period, then, of channels other than `market`, the row's type tag and what else
tells its rows apart. So one cursor, one epoch and one heartbeat serve all channels.
"""

from typing import Final

import msgspec

from schemas.board_rows import CouncilRow, RoundRow
from schemas.rows import MarketRow, Row


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        name: what `subscribe` says.
        about: what its rows are, in one sentence.
        row: the struct of its rows.
        named_by: the fields that tell its rows apart.
        is_by_product: whether `products` may choose among its rows; otherwise each is
            about all products.
    """

    name: str
    about: str
    row: type[Row]
    named_by: tuple[str, ...]
    is_by_product: bool = True

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

CHANNELS: Final[dict[str, Channel]] = {
    channel.name: channel for channel in (MARKET_CHANNEL, ROUNDS, COUNCILS)
}
"""By name."""

CHANNEL_OF_ROW: Final[dict[str, Channel]] = {
    channel.row_type: channel for channel in CHANNELS.values()
}
"""By the type tag of their rows."""

FeedRow = MarketRow | RoundRow | CouncilRow
"""What a record of the log is."""
