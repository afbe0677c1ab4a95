"""
A feed as a program holds it: subscribe to rows, ask for quotes, publish events.

What lives here outlasts connections; connection.py keeps one open and reports to the
section "For the connection".
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal, TypeVar, overload

from parfeed.client.errors import (
    FeedClosed,
    FeedError,
    InvalidRequest,
    PublishInterrupted,
    QuoteRefused,
    SubscriptionRefused,
)
from parfeed.client.happenings import (
    Answered,
    Arrived,
    Complained,
    Declined,
    Happening,
    Mismatched,
    Missed,
    Proved,
    QuoteAnswered,
    QuoteDeclined,
    Voided,
)
from parfeed.client.publishable import Publishable, to_bytes
from parfeed.client.reading import FeedReading
from parfeed.client.session import Session
from parfeed.client.states import State
from schemas.event_base import EventBase
from schemas.feed import Outcome, Quote, Quoted, Result, Watermark
from schemas.values import Period, PositiveQuantity

_logger = logging.getLogger(__name__)

T = TypeVar("T")


class Feed(FeedReading):
    """
    A feed that keeps itself connected; made by `parfeed.connect`.

    Attributes:
        url: its whole address.
        losses: how often a connection was lost.
        last_loss: why the last connection or attempt ended; empty before any did.
        session, wake, opened: for the connection: the protocol's state, set when it
            has something to say, done once it was open.
    """

    def __init__(self, url: str, session: Session) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(session)
        self.url = url
        self.losses = 0
        self.last_loss = ""
        self.opened: asyncio.Future[None] = loop.create_future()
        self._senders: dict[int, asyncio.Future[None]] = {}
        self._askers: dict[str, asyncio.Future[Quoted]] = {}
        self._heard_at = loop.time()

    # State.

    @property
    def state(self) -> State:
        """Where the session stands; `State.OPEN` is connected."""
        return self.session.state

    @property
    def is_open(self) -> bool:
        """Whether the feed is connected just now."""
        return self.session.state is State.OPEN

    @property
    def silence_s(self) -> float:
        """Seconds since the feed's last message."""
        return asyncio.get_running_loop().time() - self._heard_at

    @property
    def watermark(self) -> Watermark:
        """How far the feed is, by its last heartbeat."""
        return self.session.watermark

    @property
    def server(self) -> str:
        """Name and version that the server gave; empty before the first welcome."""
        return self.session.welcome.server if self.session.welcome else ""

    @property
    def period_length(self) -> Literal["week", "day", "hour"] | None:
        """How long the market's periods are; None if the server does not say."""
        return self.session.welcome.period if self.session.welcome else None

    @property
    def mismatches(self) -> int:
        """How often a subscription's rows failed their checksum and were replaced."""
        return self.session.mismatches

    @property
    def gaps(self) -> int:
        """How often an update did not follow on the cursor and was asked for again."""
        return self.session.gaps

    # Asking.

    async def quote(
        self,
        product_id: str,
        *,
        quantity: Decimal | int | str = 1,
        period: str | None = None,
        party: str | None = None,
    ) -> Quoted:
        """
        Ask what a quantity costs, planned and at each company.

        Args:
            product_id: of what.
            quantity: units wanted, above 0.
            period: None for the newest in which the product is offered or planned.
            party: whose cards to look at, `consumer/17850`; None for nobody's.

        Raises:
            InvalidRequest: if no feed could answer it.
            QuoteRefused: if the feed has nothing to say, or not to this client.
            FeedError: if the feed ended first.
        """
        self._check_not_ended()
        try:
            request = Quote(
                id="-",
                product_id=product_id,
                quantity=PositiveQuantity(f"{Decimal(quantity):f}"),
                period=None if period is None else Period(period),
                party=party,
            )
        except (ValueError, ArithmeticError) as exc:
            raise InvalidRequest(f"cannot ask for a quote: {exc}") from exc
        question_id = self.session.ask(request)
        answered: asyncio.Future[Quoted] = asyncio.get_running_loop().create_future()
        self._askers[question_id] = answered
        self.wake.set()
        try:
            return await answered
        finally:
            del self._askers[question_id]
            self.session.drop(question_id)

    # Publishing.

    @overload
    async def publish(
        self, events: Iterable[Publishable], *, verdict: Literal[False] = False
    ) -> list[Result]: ...

    @overload
    async def publish(
        self, events: Iterable[Publishable], *, verdict: Literal[True]
    ) -> list[Outcome]: ...

    async def publish(
        self, events: Iterable[Publishable], *, verdict: bool = False
    ) -> list[Result] | list[Outcome]:
        """
        Hand in events and wait until each is taken or refused.

        What is unanswered when a connection goes is sent again with its event_id, so
        it counts once. `unavailable`, `rate_exceeded` and `overloaded` are tried again
        for as long as you wait. If you stop waiting, events under way may still count.

        Args:
            events: structs, mappings or JSON.
            verdict: whether to wait until it is final what became of each: many
                refusals are known only to those who fold. Takes a few seconds.

        Returns:
            One result per event, in order: its place in Kafka, or `error` with a code
            of docs/protocol.md and `detail`. With `verdict` one outcome per event
            instead: `accepted`, `refused` with `error` and `detail`, or `unknown`.

        Raises:
            InvalidRequest: if an item is no event at all. Nothing is sent then.
            PublishInterrupted: if the feed ended first; its `results` say what was
                taken.
        """
        self._check_not_ended()
        if isinstance(events, bytes | str | Mapping | EventBase):
            raise InvalidRequest("publish takes a list of events; put it into one")
        submission = self.session.publish(
            [to_bytes(index, event) for index, event in enumerate(events)],
            wants_verdict=verdict,
        )
        if not submission.is_done:
            answered = asyncio.get_running_loop().create_future()
            self._senders[id(submission)] = answered
            self.wake.set()
            try:
                await answered
            except FeedError as exc:
                raise PublishInterrupted(submission.results, str(exc)) from exc
            finally:
                self._senders.pop(id(submission), None)
                if submission.unanswered:
                    self.session.withdraw(submission)
        return _all(submission.outcomes) if verdict else _all(submission.results)

    # For the connection.

    def happened(self) -> None:
        """Hand on what the session's last message brought."""
        self._heard_at = asyncio.get_running_loop().time()
        if not self.opened.done() and self.is_open:
            self.opened.set_result(None)
        self.hand_on()

    def hand_on(self) -> None:
        """Tell readers and senders what has happened to what they wait for."""
        for happening in self.session.events():
            self._hand_on(happening)

    def end(self, error: FeedError) -> None:
        """Tell every reader and sender that nothing more comes, and why."""
        if self._end_error is not None:
            return
        self._end_error = error
        if not self.opened.done():
            self.opened.set_exception(error)
        for subscription in self._subscriptions.values():
            subscription.over(None if isinstance(error, FeedClosed) else error)
        waiting: list[asyncio.Future[Any]] = [
            *self._senders.values(),
            *self._askers.values(),
        ]
        for each in waiting:
            if not each.done():
                each.set_exception(error)

    # Private.

    def _hand_on(self, happening: Happening) -> None:
        match happening:
            case Arrived(id=subscription_id):
                if (held := self._subscriptions.get(subscription_id)) is not None:
                    held.arrived()
            case Answered(submission=submission):
                sender = self._senders.get(id(submission))
                if sender is not None and not sender.done():
                    sender.set_result(None)
            case Declined(id=subscription_id, code=code, detail=detail):
                held = self._subscriptions.pop(subscription_id, None)
                if held is not None:
                    held.over(SubscriptionRefused(code, detail))
            case QuoteAnswered(quoted=quoted):
                asker = self._askers.get(quoted.id)
                if asker is not None and not asker.done():
                    asker.set_result(quoted)
            case QuoteDeclined(id=question_id, code=code, detail=detail):
                asker = self._askers.get(question_id)
                if asker is not None and not asker.done():
                    asker.set_exception(QuoteRefused(code, detail))
            case Mismatched():
                _logger.warning(
                    "%s %s: the rows' checksum was %d, the feed's is %d at %s; "
                    "asking for all rows",
                    self.url,
                    happening.id,
                    happening.checksum,
                    happening.expected,
                    happening.cursor,
                )
            case Missed():
                _logger.warning(
                    "%s %s: an update follows on %s, the rows are at %s; "
                    "asking for what is missing",
                    self.url,
                    happening.id,
                    happening.from_,
                    happening.cursor,
                )
            case Voided(id=subscription_id, reason=reason):
                _logger.info(
                    "%s %s: rows are void: %s", self.url, subscription_id, reason
                )
            case Complained(code=code, detail=detail):
                _logger.warning("%s refused a message: %s: %s", self.url, code, detail)
            case Proved():
                pass  # The session holds the watermark and the cursors.


def _all(found: list[T | None]) -> list[T]:
    there = [each for each in found if each is not None]
    if len(there) != len(found):
        raise AssertionError("a submission is answered though something is missing")
    return there
