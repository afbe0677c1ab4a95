"""
PURE. What a subscriber asked for: a channel, products, a period.

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
        period: the one period; None for all.
    """

    channel: str = MARKET_CHANNEL.name
    products: frozenset[str] | None = None
    period: str | None = None

    @classmethod
    def of(cls, message: Subscribe) -> Self:
        """
        Read the selection of a `subscribe`.

        Raises:
            MessageRefused: if the channel is unknown, `*` is not alone, or products
                are listed where rows are about all of them.
        """
        channel = CHANNELS.get(message.channel)
        if channel is None:
            raise MessageRefused(
                "unknown_channel",
                f"must be one of {', '.join(CHANNELS)}, was {message.channel[:64]!r}",
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
        return cls(channel=message.channel, products=products, period=message.period)
