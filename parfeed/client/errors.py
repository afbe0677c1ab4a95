"""
The errors of the client, one small tree.

::

    ParfeedError (schemas)
    └── FeedError
        ├── InvalidRequest      the caller asked for what no feed has: mend the call
        ├── FeedUnreachable     no feed answered in the time that it was given
        ├── FeedClosed          the caller has closed the feed: open another
        ├── FeedEnded           the feed said not to come back: its code says why
        ├── SubscriptionRefused the feed refused a subscription: its code says why
        ├── QuoteRefused        the feed did not answer a quote: its code says why
        ├── PublishInterrupted  the feed ended first: `results` says what was taken
        └── ServerViolation     the server broke the protocol; the client reconnects

`ServerViolation` stays inside the client: it ends one connection, and the next one
starts from the cursor.
"""

from collections.abc import Sequence

from schemas.errors import ParfeedError
from schemas.feed import Result, describe


class FeedError(ParfeedError):
    """Base of what can go wrong between a client and a feed."""


class InvalidRequest(FeedError, ValueError):
    """A call that no feed could answer; says what to change."""


class FeedUnreachable(FeedError):
    """
    No feed answered in the time that the caller gave it.

    Attributes:
        url: the feed's address.
        waited_s: how long was waited.
        reason: how the last attempt failed.
        is_loading: whether a server did answer, that it is not ready yet.
    """

    def __init__(
        self, url: str, waited_s: float, reason: str, *, is_loading: bool = False
    ) -> None:
        self.url = url
        self.waited_s = waited_s
        self.reason = reason
        self.is_loading = is_loading
        super().__init__(url, waited_s, reason)

    def __str__(self) -> str:
        if self.is_loading:
            return (
                f"the feed at {self.url} is still loading after {self.waited_s:g} s "
                f"({self.reason}); wait longer"
            )
        return (
            f"no feed at {self.url} within {self.waited_s:g} s ({self.reason}); "
            "start one with: parfeed up"
        )


class FeedClosed(FeedError):
    """The caller left `connect`'s block; `url` is the feed's address."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__(url)

    def __str__(self) -> str:
        return f"the feed at {self.url} was closed here; connect anew"


class FeedEnded(FeedError):
    """
    The feed ended the session and said not to come back.

    Attributes:
        url: the feed's address.
        code: the close code, or the HTTP status of a refused handshake.
        reason: what the server said.
    """

    def __init__(self, url: str, code: int, reason: str) -> None:
        self.url = url
        self.code = code
        self.reason = reason
        super().__init__(url, code, reason)

    def __str__(self) -> str:
        return f"the feed at {self.url} ended the session for good: {self.code} " + (
            self.reason or "(no reason given)"
        )


class SubscriptionRefused(FeedError):
    """
    The feed refused a subscription.

    Attributes:
        code: a key of schemas.feed.ERRORS.
        detail: what the server said is at fault.
    """

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(code, detail)

    def __str__(self) -> str:
        return (
            f"subscription refused, {self.code}: {self.detail or describe(self.code)}"
        )


class QuoteRefused(FeedError):
    """
    The feed did not answer a quote.

    Attributes:
        code: a key of schemas.feed.ERRORS.
        detail: what the server said is at fault.
    """

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(code, detail)

    def __str__(self) -> str:
        return f"no quote, {self.code}: {self.detail or describe(self.code)}"


class PublishInterrupted(FeedError):
    """
    The feed ended before every event was answered; `__cause__` says why.

    Send what has no result again, with the same event_ids: it counts once.

    Attributes:
        results: one per event, in order; None where no answer came.
        reason: how the feed ended.
    """

    def __init__(self, results: Sequence[Result | None], reason: str) -> None:
        self.results = list(results)
        self.reason = reason
        super().__init__(self.results, reason)

    def __str__(self) -> str:
        open_ = sum(result is None for result in self.results)
        return (
            f"{open_} of {len(self.results)} events have no answer ({self.reason}); "
            "send them again with the same event_ids"
        )


class ServerViolation(FeedError):
    """A message that the protocol does not allow there; says which."""
