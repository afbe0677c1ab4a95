"""
PURE. A client's side of the protocol: what was asked for, what must be said, what came.

It lives longer than a connection: `connect`, then `receive` and `messages_to_send`
until `lose`, and again. Subscriptions resume from their cursors and events without an
answer are sent again by themselves. `events` says what happened; the caller reads rows
from the subscriptions' replicas and inboxes. Times are seconds of any monotonic clock.
"""

from collections.abc import Callable
from typing import Final

import msgspec

import schemas.feed
from parfeed.client.backoff import Backoff
from parfeed.client.errors import InvalidRequest, ServerViolation
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
from parfeed.client.inbox import Inbox
from parfeed.client.outbox import Outbox
from parfeed.client.questions import Questions
from parfeed.client.replica import Replica, Verdict
from parfeed.client.row_kinds import row_kind
from parfeed.client.states import TRANSITIONS, State
from parfeed.client.submission import Submission
from schemas.codec import encode
from schemas.feed import (
    CLOSES,
    MAX_MESSAGE_BYTES,
    Ack,
    Closing,
    Error,
    Heartbeat,
    Hello,
    Quote,
    Quoted,
    Resync,
    ServerMessage,
    Snapshot,
    Subscribe,
    Unsubscribe,
    Update,
    Watermark,
    Welcome,
)
from schemas.values import from_wire

MISMATCH: Final = Backoff(first_s=2.0, cap_s=60.0)
"""The pause before a new snapshot when one after the other did not fit: each costs the
server all rows. The first is asked for at once."""

SUBSCRIBE_AGAIN: Final = Backoff(first_s=0.2, cap_s=10.0)
"""The pause after a subscription was refused for now."""

DEFAULT_HEARTBEAT_S: Final = 1.0


class Subscribed:
    """
    A subscription, over all connections.

    Attributes:
        request: what was asked for, without `resume`.
        replica: the rows.
        inbox: what its reader has not taken yet.
    """

    __slots__ = ("_asked", "_due_at", "_failures", "inbox", "replica", "request")

    def __init__(self, request: Subscribe) -> None:
        self.request = request
        self.replica = Replica(row_kind(request.channel).key_of)
        self.inbox = Inbox(is_stream=request.mode == "stream")
        self._asked = False
        self._due_at = 0.0
        self._failures = 0


class Session:
    """
    One client.

    Args:
        token, client: for `hello`.
        random: gives numbers from 0 to 1, for the jitter.

    Attributes:
        state: where it stands; `TRANSITIONS` says where it goes.
        welcome: the last one; None before the first.
        watermark: how far the feed is, by the last heartbeat.
        reconnect_s: how long the server wants to be left alone; None if it did not say.
        mismatches, gaps: how often a checksum or a cursor did not fit.
    """

    def __init__(
        self, *, token: str | None, client: str, random: Callable[[], float]
    ) -> None:
        self.state = State.DISCONNECTED
        self.welcome: Welcome | None = None
        self.watermark = Watermark()
        self.reconnect_s: float | None = None
        self.mismatches = 0
        self.gaps = 0
        self._hello = Hello(token=token, client=client)
        self._random = random
        self._outbox = Outbox(random=random)
        self._questions = Questions()
        self._subscribed: dict[str, Subscribed] = {}
        self._numbers = 0
        self._closing: Closing | None = None
        self._control: list[bytes] = []
        self._happenings: list[Happening] = []

    @property
    def heartbeat_s(self) -> float:
        """How often the server shows that it lives."""
        return self.welcome.heartbeat_s if self.welcome else DEFAULT_HEARTBEAT_S

    # The connection.

    def connect(self) -> None:
        """Begin on a new connection."""
        if self.state is not State.DISCONNECTED:
            raise AssertionError(f"connected while {self.state.value}")
        self.state = State.GREETING
        self.reconnect_s = None
        self._closing = None
        self._control = [encode(self._hello)]

    def lose(self, code: int | None, reason: str) -> Closing | None:
        """
        End a connection.

        Args:
            code: the close code; None if the connection broke without one.
            reason: what came with it.

        Afterwards take `events`: verdicts that will not come are told.

        Returns:
            None if the client should come back, after `reconnect_s` if that is set;
            otherwise why not, and the session has ended.
        """
        self._happenings += map(Answered, self._outbox.lost())
        self._control = []
        self._questions.lost()
        for subscribed in self._subscribed.values():
            subscribed._asked = False
            subscribed.replica.pause()
        closing = self._closing or Closing(
            code=code or 1006,
            reason=reason,
            # A code that is in no table is from something between us and the server.
            reconnect_ms=0 if code not in CLOSES or CLOSES[code].retry else None,
        )
        if closing.reconnect_ms is None:
            self.state = State.ENDED
            return closing
        self.state = State.DISCONNECTED
        if self._closing is not None:
            self.reconnect_s = closing.reconnect_ms / 1000
        return None

    # What the caller wants.

    def subscribe(self, request: Subscribe) -> str:
        """
        Ask for rows, from now on and on every connection.

        Args:
            request: its `id` is replaced by the one returned.

        Raises:
            InvalidRequest: if no feed could answer it.
        """
        self._numbers += 1
        subscription_id = f"s{self._numbers}"
        request = msgspec.structs.replace(request, id=subscription_id, resume=None)
        text = encode(request)
        if len(text) > MAX_MESSAGE_BYTES:
            raise InvalidRequest(
                f"the list of {len(request.products)} products takes {len(text)} "
                f"bytes, {MAX_MESSAGE_BYTES} may be; ask for fewer, or all: ['*']"
            )
        try:
            _decode_subscribe(text)
        except msgspec.ValidationError as exc:
            raise InvalidRequest(f"cannot subscribe: {exc}") from exc
        self._subscribed[subscription_id] = Subscribed(request)
        return subscription_id

    def subscribed(self, subscription_id: str) -> Subscribed:
        """Return a subscription that has not ended."""
        return self._subscribed[subscription_id]

    def unsubscribe(self, subscription_id: str) -> None:
        """End a subscription; one that has ended already stays so."""
        subscribed = self._subscribed.pop(subscription_id, None)
        if subscribed is not None and subscribed._asked and self.state is State.OPEN:
            self._control.append(encode(Unsubscribe(id=subscription_id)))

    def publish(
        self, events: list[bytes], *, wants_verdict: bool = False
    ) -> Submission:
        """Hand in events; `Answered` follows, unless all were refused at once."""
        return self._outbox.submit(events, wants_verdict=wants_verdict)

    def ask(self, quote: Quote) -> str:
        """
        Ask for a quote; `QuoteAnswered` or `QuoteDeclined` follows.

        Args:
            quote: its `id` is replaced by the one returned.

        Raises:
            InvalidRequest: if no feed could answer it.
        """
        try:
            _decode_quote(encode(quote))
        except msgspec.ValidationError as exc:
            raise InvalidRequest(f"cannot ask for a quote: {exc}") from exc
        return self._questions.ask(quote)

    def drop(self, question_id: str) -> None:
        """Forget a question; one that is answered stays so."""
        self._questions.close(question_id)

    def withdraw(self, submission: Submission) -> None:
        """Send no more of a submission."""
        self._outbox.withdraw(submission)

    # Receiving.

    def receive(self, message: ServerMessage, now: float) -> None:
        """
        Take a message from the server.

        Raises:
            ServerViolation: if it may not come now. Nothing has changed; the caller
                ends the connection.
        """
        following = TRANSITIONS[self.state].get(type(message))
        if following is None:
            raise ServerViolation(
                f"{type(message).__name__.lower()!r} while {self.state.value}"
            )
        match message:
            case Welcome():
                self._receive_welcome(message, now)
            case Snapshot():
                self._receive_snapshot(message)
            case Update():
                self._receive_update(message)
            case Heartbeat():
                self._receive_heartbeat(message, now)
            case Resync():
                self._receive_resync(message)
            case Ack():
                done = self._outbox.acknowledge(message, now)
                self._happenings += map(Answered, done)
            case schemas.feed.Verdict():
                self._happenings += map(Answered, self._outbox.judge(message))
            case Quoted():
                if self._questions.close(message.id):
                    self._happenings.append(QuoteAnswered(message))
            case Error():
                self._receive_error(message, now)
            case Closing():
                self._closing = message
        self.state = following

    def events(self) -> list[Happening]:
        """Take what has happened since the last call."""
        happenings, self._happenings = self._happenings, []
        return happenings

    # Sending.

    def messages_to_send(self, now: float) -> list[bytes]:
        """Take what must be said now; ask again at `wake_at` or after any change."""
        if self.state not in (State.GREETING, State.OPEN):
            return []
        messages, self._control = self._control, []
        if self.state is State.OPEN:
            for subscribed in self._subscribed.values():
                if not subscribed._asked and subscribed._due_at <= now:
                    subscribed._asked = True
                    messages.append(_subscribe(subscribed))
            messages += self._questions.messages()
            while (message := self._outbox.message(now)) is not None:
                messages.append(message)
        return messages

    def wake_at(self, now: float) -> float | None:
        """Return when there will be something to send though nothing comes."""
        if self.state is not State.OPEN:
            return None
        times = [s._due_at for s in self._subscribed.values() if not s._asked]
        if (at := self._outbox.wake_at(now)) is not None:
            times.append(at)
        return min(times, default=None)

    # Private.

    def _receive_welcome(self, welcome: Welcome, now: float) -> None:
        if self.welcome is not None and self.welcome.epoch != welcome.epoch:
            # A new epoch voids all: no cursor of the old log means anything in it.
            for subscription_id, subscribed in self._subscribed.items():
                subscribed.replica.void()
                self._happenings.append(Voided(subscription_id, "a new epoch"))
        self.welcome = welcome
        self._outbox.connected(welcome.limits, now)

    def _receive_snapshot(self, snapshot: Snapshot) -> None:
        subscribed = self._subscribed.get(snapshot.id)
        if subscribed is None or not subscribed._asked:
            return
        subscribed.inbox.replace(subscribed.replica.apply_snapshot(snapshot))
        self._happenings.append(Arrived(snapshot.id))

    def _receive_update(self, update: Update) -> None:
        subscribed = self._subscribed.get(update.id)
        if subscribed is None:
            return
        cursor = subscribed.replica.cursor
        verdict, change = subscribed.replica.apply_update(update)
        if verdict is Verdict.GAP:
            self.gaps += 1
            subscribed._asked = False
            self._happenings.append(Missed(update.id, cursor, update.from_))
        elif verdict is Verdict.APPLIED:
            subscribed.inbox.add(change, update.merged)
            if change:
                self._happenings.append(Arrived(update.id))

    def _receive_heartbeat(self, heartbeat: Heartbeat, now: float) -> None:
        self.watermark = heartbeat.watermark
        for subscription_id, expected in heartbeat.checksum.items():
            subscribed = self._subscribed.get(subscription_id)
            if subscribed is None:
                continue
            checksum = subscribed.replica.checksum
            verdict = subscribed.replica.prove(heartbeat.cursor, expected)
            if verdict is Verdict.APPLIED:
                subscribed._failures = 0
            elif verdict is Verdict.MISMATCH:
                self.mismatches += 1
                subscribed._asked = False
                subscribed._due_at = now + MISMATCH.delay_s(
                    subscribed._failures, self._random
                )
                subscribed._failures += 1
                self._happenings.append(
                    Mismatched(subscription_id, checksum, expected, heartbeat.cursor)
                )
        self._happenings.append(Proved())

    def _receive_resync(self, resync: Resync) -> None:
        if (subscribed := self._subscribed.get(resync.id)) is not None:
            subscribed.replica.void()
            self._happenings.append(Voided(resync.id, resync.reason))

    def _receive_error(self, error: Error, now: float) -> None:
        if (done := self._outbox.refuse(error, now)) is not None:
            self._happenings += map(Answered, done)
            return
        if self._questions.close(error.id):
            self._happenings.append(
                QuoteDeclined(error.id or "", error.code, error.message)
            )
            return
        subscribed = self._subscribed.get(error.id or "")
        if subscribed is None:
            # An `unsubscribe` can cross the server's own end of the subscription.
            if error.code != "unknown_subscription":
                self._happenings.append(Complained(error.code, error.message))
        elif error.code == "invalid_cursor" and subscribed.replica.cursor is not None:
            subscribed.replica.void()
            subscribed._asked = False
        elif error.retry:
            subscribed._asked = False
            subscribed._failures += 1
            subscribed._due_at = now + SUBSCRIBE_AGAIN.delay_s(
                subscribed._failures, self._random
            )
        else:
            del self._subscribed[error.id or ""]
            self._happenings.append(Declined(error.id or "", error.code, error.message))


_decode_subscribe = msgspec.json.Decoder(Subscribe, dec_hook=from_wire).decode
_decode_quote = msgspec.json.Decoder(Quote, dec_hook=from_wire).decode


def _subscribe(subscribed: Subscribed) -> bytes:
    request = subscribed.request
    text = encode(msgspec.structs.replace(request, resume=subscribed.replica.cursor))
    # A list of products can leave no room for the cursor of a log of many partitions;
    # a snapshot is dearer, and right.
    return text if len(text) <= MAX_MESSAGE_BYTES else encode(request)
