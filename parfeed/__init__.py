"""
The live feed of a participatory economy.

::

    async with parfeed.connect("localhost:8765") as feed:
        async for update in feed.subscribe("market"):
            print(update.changed)

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parfeed.client.connection import connect
    from parfeed.client.feed import Feed
    from parfeed.client.rows import Update
    from parfeed.client.subscription import Subscription
    from schemas.board_rows import CouncilRow, RoundRow
    from schemas.feed import Quoted
    from schemas.rows import MarketRow
    from schemas.trading_rows import (
        AlertRow,
        CardRow,
        CostRow,
        FameRow,
        OfferRow,
        SettlementRow,
        StatementRow,
    )

__all__ = [
    "AlertRow",
    "CardRow",
    "CostRow",
    "CouncilRow",
    "FameRow",
    "Feed",
    "MarketRow",
    "OfferRow",
    "Quoted",
    "RoundRow",
    "SettlementRow",
    "StatementRow",
    "Subscription",
    "Update",
    "connect",
]

_HOMES = {
    "AlertRow": "schemas.trading_rows",
    "CardRow": "schemas.trading_rows",
    "CostRow": "schemas.trading_rows",
    "CouncilRow": "schemas.board_rows",
    "FameRow": "schemas.trading_rows",
    "Feed": "parfeed.client.feed",
    "MarketRow": "schemas.rows",
    "OfferRow": "schemas.trading_rows",
    "Quoted": "schemas.feed",
    "RoundRow": "schemas.board_rows",
    "SettlementRow": "schemas.trading_rows",
    "StatementRow": "schemas.trading_rows",
    "Subscription": "parfeed.client.subscription",
    "Update": "parfeed.client.rows",
    "connect": "parfeed.client.connection",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
