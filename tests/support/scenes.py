"""Scenes of planning, set through the feed by a program rather than by commands."""

import uuid
from datetime import UTC, datetime
from typing import Any

from support.feed import address

import parfeed
from schemas.settings import Settings


async def say(settings: Settings, *events: dict[str, Any]) -> None:
    """Set a test's scene without a process for each sentence."""
    common = {"occurred_at": datetime.now(UTC).isoformat()}
    async with parfeed.connect(address(settings), timeout=20) as feed:
        outcomes = await feed.publish(
            [{"event_id": uuid.uuid4().hex, **common, **event} for event in events],
            verdict=True,
        )
    assert {outcome.verdict for outcome in outcomes} == {"accepted"}, outcomes


async def opened(
    settings: Settings, period: str, *, products: str = "bread", **opening: Any
) -> None:
    """Begin a period's planning, by hand, each product at 3.00."""
    listings = [
        {"type": "listing", "product_id": name, "period": period, "start_price": "3"}
        for name in products.split(",")
    ]
    fields = {"is_automatic": False, **opening}
    await say(settings, *listings, {"type": "opening", "period": period, **fields})


async def closed(settings: Settings, period: str) -> None:
    """End it, so that no period is planned when the next test begins."""
    await say(settings, {"type": "gate", "period": period})


def plan(period: str, consumer: str, **said: Any) -> dict[str, Any]:
    """A consumer's line for 50 loaves, unless `said` says otherwise."""
    line = {"type": "plan", "product_id": "bread", "quantity": "50", "revision": 1}
    return {**line, "consumer_id": consumer, "period": period, **said}
