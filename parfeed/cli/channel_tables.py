"""
PURE. How each channel looks on a screen: its table, and which rows come first.

Of the market and the councils, more than a screen holds, those are shown that change
most just now. Rounds are few and are read from the newest back.
"""

from collections.abc import Callable
from typing import Final

import msgspec
from rich.table import Table

from parfeed.cli.board_tables import councils_table, rounds_table
from parfeed.cli.table import rows_table
from schemas.channels import COUNCILS, MARKET_CHANNEL, ROUNDS


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


CHANNEL_TABLES: Final[dict[str, ChannelTable]] = {
    MARKET_CHANNEL.name: ChannelTable(make=rows_table),
    ROUNDS.name: ChannelTable(make=rounds_table, newest_first=True),
    COUNCILS.name: ChannelTable(make=councils_table),
}
"""By the channel's name."""
