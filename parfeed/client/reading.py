"""The reading side of a feed: subscriptions, typed by their channels' rows."""

import asyncio
from collections.abc import Sequence
from typing import Any, Literal, overload

from parfeed.client.errors import FeedError, InvalidRequest
from parfeed.client.row_kinds import row_kind
from parfeed.client.session import Session
from parfeed.client.subscription import Subscription
from schemas.board_rows import CouncilRow, RoundRow
from schemas.channels import FeedRow
from schemas.feed import Subscribe
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
from schemas.values import Period


class FeedReading:
    """
    Subscribes, and ends with its feed.

    Args:
        session: the protocol's state.

    Attributes:
        session, wake: for the connection: the protocol's state, set when it has
            something to say.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.wake = asyncio.Event()
        self._subscriptions: dict[str, Subscription[FeedRow]] = {}
        self._end_error: FeedError | None = None

    @overload
    def subscribe(
        self,
        channel: Literal["market"] = "market",
        *,
        products: Sequence[str] = ...,
        period: str | None = ...,
        mode: Literal["conflated", "stream"] = ...,
        max_rate: float | None = ...,
    ) -> Subscription[MarketRow]: ...

    @overload
    def subscribe(
        self,
        channel: Literal["rounds"],
        *,
        period: str | None = ...,
        mode: Literal["conflated", "stream"] = ...,
        max_rate: float | None = ...,
    ) -> Subscription[RoundRow]: ...

    @overload
    def subscribe(
        self,
        channel: Literal["councils"],
        *,
        products: Sequence[str] = ...,
        period: str | None = ...,
        mode: Literal["conflated", "stream"] = ...,
        max_rate: float | None = ...,
    ) -> Subscription[CouncilRow]: ...

    @overload
    def subscribe(
        self,
        channel: Literal["offers"],
        *,
        products: Sequence[str] = ...,
        period: str | None = ...,
        mode: Literal["conflated", "stream"] = ...,
        max_rate: float | None = ...,
    ) -> Subscription[OfferRow]: ...

    @overload
    def subscribe(
        self,
        channel: Literal["alerts"],
        *,
        products: Sequence[str] = ...,
        period: str | None = ...,
        mode: Literal["conflated", "stream"] = ...,
        max_rate: float | None = ...,
    ) -> Subscription[AlertRow]: ...

    @overload
    def subscribe(
        self,
        channel: Literal["fame"],
        *,
        products: Sequence[str] = ...,
        period: str | None = ...,
        mode: Literal["conflated", "stream"] = ...,
        max_rate: float | None = ...,
    ) -> Subscription[FameRow]: ...

    @overload
    def subscribe(
        self,
        channel: Literal["settlements"],
        *,
        products: Sequence[str] = ...,
        period: str | None = ...,
        mode: Literal["conflated", "stream"] = ...,
        max_rate: float | None = ...,
    ) -> Subscription[SettlementRow]: ...

    @overload
    def subscribe(
        self,
        channel: Literal["consumer"],
        *,
        party: str,
        period: str | None = ...,
        mode: Literal["conflated", "stream"] = ...,
        max_rate: float | None = ...,
    ) -> Subscription[CardRow]: ...

    @overload
    def subscribe(
        self,
        channel: Literal["statements"],
        *,
        party: str,
        period: str | None = ...,
        mode: Literal["conflated", "stream"] = ...,
        max_rate: float | None = ...,
    ) -> Subscription[StatementRow]: ...

    @overload
    def subscribe(
        self,
        channel: Literal["costs"],
        *,
        party: str,
        period: str | None = ...,
        mode: Literal["conflated", "stream"] = ...,
        max_rate: float | None = ...,
    ) -> Subscription[CostRow]: ...

    @overload
    def subscribe(
        self,
        channel: str,
        *,
        products: Sequence[str] = ...,
        party: str | None = ...,
        period: str | None = ...,
        mode: Literal["conflated", "stream"] = ...,
        max_rate: float | None = ...,
    ) -> Subscription[FeedRow]: ...

    def subscribe(
        self,
        channel: str = "market",
        *,
        products: Sequence[str] = ("*",),
        party: str | None = None,
        period: str | None = None,
        mode: Literal["conflated", "stream"] = "conflated",
        max_rate: float | None = None,
    ) -> Any:
        """
        Subscribe to a channel's rows: those there are, then every change.

        Args:
            channel: a name of schemas.channels.CHANNELS: `market` for products,
                `offers` for companies' unplanned prices, and so on.
            products: product_ids, or `["*"]` for all; rounds and private rows are about
                all of them.
            party: of a private channel (`consumer`, `statements`, `costs`), whose rows:
                `consumer/17850`, `company/mill`, `board`.
            period: one period only, such as `2011-W44`.
            mode: `conflated` gives the newest row, `stream` every version of it as
                long as you keep up.
            max_rate: at most so many updates per second (conflated only).

        Raises:
            InvalidRequest: if no feed could answer it.
            FeedError: if the feed has ended.
        """
        self._check_not_ended()
        if isinstance(products, str):
            raise InvalidRequest(f"products must be a list, was the text {products!r}")
        session = self.session
        kind = row_kind(channel)
        try:
            request = Subscribe(
                id="-",
                channel=channel,
                products=tuple(products),
                party=party,
                period=None if period is None else Period(period),
                mode=mode,
                max_rate=max_rate,
            )
        except ValueError as exc:
            raise InvalidRequest(f"period {exc}") from exc
        subscription_id = session.subscribe(request)

        def end() -> None:
            self._subscriptions.pop(subscription_id, None)
            session.unsubscribe(subscription_id)
            self.wake.set()

        subscription = Subscription(
            session.subscribed(subscription_id),
            kind,
            watermark=lambda: session.watermark,
            end=end,
        )
        self._subscriptions[subscription_id] = subscription
        self.wake.set()
        return subscription

    def _check_not_ended(self) -> None:
        if self._end_error is not None:
            raise self._end_error
