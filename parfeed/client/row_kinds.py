"""
PURE. What the client knows of each channel: how its rows are named, and decoded.

A row is named by its fields, as the protocol says: product_id and period first (of a
private channel the period), then what else tells the channel's rows apart.
"""

from collections.abc import Callable
from typing import Final, Generic

import msgspec
from typing_extensions import TypeVar

from parfeed.client.errors import InvalidRequest
from schemas.board_rows import CouncilRow, RoundRow
from schemas.channels import (
    ALERTS,
    CHANNELS,
    CONSUMER,
    COSTS,
    COUNCILS,
    FAME,
    MARKET_CHANNEL,
    OFFERS,
    ROUNDS,
    SETTLEMENTS,
    STATEMENTS,
    Channel,
    FeedRow,
)
from schemas.codec import decode_market_row
from schemas.rows import Row
from schemas.trading_rows import (
    AlertRow,
    CardRow,
    CostRow,
    FameRow,
    OfferRow,
    SettlementRow,
    StatementRow,
)
from schemas.values import from_wire

# Defaults of type variables are Python's own from 3.13 on.
R = TypeVar("R", bound=Row, covariant=True, default=FeedRow)

Key = tuple[str | int, ...]
"""What tells a row apart: the values of its channel's `named_by`, (product_id, period)
in `market` for example, (product_id, period, company_id) in `offers`."""


class RowKind(Generic[R]):
    """
    The rows of a channel.

    Attributes:
        channel: whose rows they are.
        decode: makes one of its JSON text. Raises msgspec.DecodeError if it is none.
        key_of: names one without decoding it.
    """

    __slots__ = ("channel", "decode", "key_of")

    def __init__(self, channel: Channel, decode: Callable[[bytes], R]) -> None:
        self.channel = channel
        self.decode = decode
        self.key_of = _namer(channel)


def _namer(channel: Channel) -> Callable[[bytes | msgspec.Raw], Key]:
    # The rest of the row is skipped, not built: 1 us instead of 25.
    numbers = {
        field.name for field in msgspec.structs.fields(channel.row) if field.type is int
    }
    named = msgspec.defstruct(
        "Named",
        [(field, int if field in numbers else str) for field in channel.named_by],
    )
    decode = msgspec.json.Decoder(named).decode
    astuple = msgspec.structs.astuple

    def key_of(raw: bytes | msgspec.Raw) -> Key:
        return astuple(decode(raw))

    return key_of


S = TypeVar("S", bound=Row)


def _kind(channel: Channel, row: type[S]) -> RowKind[S]:
    return RowKind(channel, msgspec.json.Decoder(row, dec_hook=from_wire).decode)


MARKET_ROWS: Final = RowKind(MARKET_CHANNEL, decode_market_row)
ROUND_ROWS: Final = _kind(ROUNDS, RoundRow)
COUNCIL_ROWS: Final = _kind(COUNCILS, CouncilRow)
OFFER_ROWS: Final = _kind(OFFERS, OfferRow)
ALERT_ROWS: Final = _kind(ALERTS, AlertRow)
FAME_ROWS: Final = _kind(FAME, FameRow)
SETTLEMENT_ROWS: Final = _kind(SETTLEMENTS, SettlementRow)
CARD_ROWS: Final = _kind(CONSUMER, CardRow)
STATEMENT_ROWS: Final = _kind(STATEMENTS, StatementRow)
COST_ROWS: Final = _kind(COSTS, CostRow)

ROW_KINDS: Final[dict[str, RowKind[FeedRow]]] = {
    kind.channel.name: kind
    for kind in (
        MARKET_ROWS,
        ROUND_ROWS,
        COUNCIL_ROWS,
        OFFER_ROWS,
        ALERT_ROWS,
        FAME_ROWS,
        SETTLEMENT_ROWS,
        CARD_ROWS,
        STATEMENT_ROWS,
        COST_ROWS,
    )
}
"""By the channel's name."""


def row_kind(channel: str) -> RowKind[FeedRow]:
    """
    Return what is known of a channel.

    Raises:
        InvalidRequest: if nothing is: its rows could not be told apart.
    """
    kind = ROW_KINDS.get(channel)
    if kind is None:
        raise InvalidRequest(
            f"channel must be one of {', '.join(CHANNELS)}, was {channel!r}"
        )
    return kind
