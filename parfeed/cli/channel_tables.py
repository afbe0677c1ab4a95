"""
PURE. How each channel looks on a screen: its table, and which rows come first.

Of channels with more rows than a screen holds those are shown that change most just
now. Rounds, cards and statements are few and are read from the newest back.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from rich.table import Table

from parfeed.cli.board_tables import councils_table, rounds_table
from parfeed.cli.layout import Column, fitting, table_of
from parfeed.cli.private_tables import CARD_COLUMNS, COST_COLUMNS, STATEMENT_COLUMNS
from parfeed.cli.table import rows_table
from parfeed.cli.trading_tables import (
    ALERT_COLUMNS,
    FAME_COLUMNS,
    OFFER_COLUMNS,
    SETTLEMENT_COLUMNS,
)
from parfeed.client.row_kinds import Key
from schemas.channels import (
    ALERTS,
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
)


class ChannelTable(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        make: makes the table of the channel's rows; see `parfeed.cli.table.rows_table`.
        newest_first: whether rows stand in the order of their names, the last first;
            otherwise those that change most are shown.
    """

    # A channel's subscription gives the very rows that its table takes.
    make: Callable[..., Table]
    newest_first: bool = False


def _maker(channel: Channel, columns: Sequence[Column[Any]]) -> Callable[..., Table]:
    # A table whose rows are new if the names that the channel gives them are.
    def make(
        rows: Sequence[Any],
        *,
        width: int,
        changed: frozenset[Key] = frozenset(),
        with_words: bool = False,
    ) -> Table:
        return table_of(
            rows,
            fitting(columns, rows, width, with_words=with_words),
            width=width,
            new=lambda row: (
                tuple(getattr(row, name) for name in channel.named_by) in changed
            ),
            with_words=with_words,
        )

    return make


CHANNEL_TABLES: Final[dict[str, ChannelTable]] = {
    MARKET_CHANNEL.name: ChannelTable(make=rows_table),
    ROUNDS.name: ChannelTable(make=rounds_table, newest_first=True),
    COUNCILS.name: ChannelTable(make=councils_table),
    OFFERS.name: ChannelTable(make=_maker(OFFERS, OFFER_COLUMNS)),
    ALERTS.name: ChannelTable(make=_maker(ALERTS, ALERT_COLUMNS)),
    FAME.name: ChannelTable(make=_maker(FAME, FAME_COLUMNS)),
    SETTLEMENTS.name: ChannelTable(make=_maker(SETTLEMENTS, SETTLEMENT_COLUMNS)),
    CONSUMER.name: ChannelTable(make=_maker(CONSUMER, CARD_COLUMNS), newest_first=True),
    STATEMENTS.name: ChannelTable(
        make=_maker(STATEMENTS, STATEMENT_COLUMNS), newest_first=True
    ),
    COSTS.name: ChannelTable(make=_maker(COSTS, COST_COLUMNS)),
}
"""By the channel's name."""
