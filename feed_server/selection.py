"""
PURE. What a subscriber asked for: a channel, products or a party, a period.

A value: two subscribers that want the same have equal selections, and share the work.
"""

from typing import Final, Self

import msgspec

from feed_server.errors import MessageRefused
from schemas.channels import CHANNELS, MARKET_CHANNEL
from schemas.feed import Subscribe

EVERYTHING: Final = "*"
"""Stands for all products; only alone, so that no list means more than it names."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        channel: a name of CHANNELS.
        products: the product_ids; None for all.
        party: whose rows, of a private channel; None for others.
        period: the one period; None for all.
    """

    channel: str = MARKET_CHANNEL.name
    products: frozenset[str] | None = None
    party: str | None = None
    period: str | None = None

    @classmethod
    def of(cls, message: Subscribe) -> Self:
        """
        Read the selection of a `subscribe`.

        Raises:
            MessageRefused: if the channel is unknown, `*` is not alone, products are
                listed where rows are about all of them, or a party is missing where
                rows are one's alone, or named where they are not.
        """
        channel = CHANNELS.get(message.channel)
        if channel is None:
            raise MessageRefused(
                "unknown_channel",
                f"must be one of {', '.join(CHANNELS)}, was {message.channel[:64]!r}",
                message.id,
            )
        if channel.is_private and message.party is None:
            raise MessageRefused("party_needed", "", message.id)
        if not channel.is_private and message.party is not None:
            raise MessageRefused(
                "invalid_field",
                f"goes with private channels only; rows of {channel.name} are for "
                "everybody - at `$.party`",
                message.id,
            )
        if message.products == (EVERYTHING,):
            products = None
        elif EVERYTHING in message.products:
            raise MessageRefused(
                "invalid_field",
                'must be ["*"] or a list of product_ids without "*" - at `$.products`',
                message.id,
            )
        elif not channel.is_by_product:
            raise MessageRefused(
                "invalid_field",
                f'must be ["*"]: rows of {channel.name} are about all products '
                "- at `$.products`",
                message.id,
            )
        else:
            products = frozenset(message.products)
        return cls(
            channel=message.channel,
            products=products,
            party=message.party,
            period=message.period,
        )
