"""
PURE. What a subscriber asked for: a channel, products, a period.

A value: two subscribers that want the same have equal selections, and share the work.
"""

from typing import Final, Self

import msgspec

from feed_server.errors import MessageRefused
from schemas.feed import CHANNELS, Subscribe

EVERYTHING: Final = "*"
"""Stands for all products; only alone, so that no list means more than it names."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        channel: one of CHANNELS.
        products: the product_ids; None for all.
        period: the one period; None for all.
    """

    channel: str = "market"
    products: frozenset[str] | None = None
    period: str | None = None

    @classmethod
    def of(cls, message: Subscribe) -> Self:
        """
        Read the selection of a `subscribe`.

        Raises:
            MessageRefused: if the channel is unknown, or `*` is not alone.
        """
        if message.channel not in CHANNELS:
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
        else:
            products = frozenset(message.products)
        return cls(channel=message.channel, products=products, period=message.period)

    def matches(self, product_id: str, period: str) -> bool:
        """Tell whether a row of this product and period is wanted."""
        return (self.period is None or self.period == period) and (
            self.products is None or product_id in self.products
        )
