"""
PURE. One subscriber's session: everything that moves it between states lives here.

::

    AWAITING_HELLO --hello--> OPEN --closing--> CLOSING --gone--> CLOSED

`TRANSITIONS` is the whole machine. A message that it does not name for a state is
answered with `error` and changes nothing; once the session is closing, nothing that
comes is answered. The server pumps: it hands in what came (`receive`), what happened
to the socket (`fill`, `drain`, `lose`) and the time (`check`), takes out what is to be
sent (`messages_to_send`) and the events that were handed in (`events`), and ends the
connection once the state is CLOSING.
"""

import enum
from typing import Final

from feed_server import frames
from feed_server.access import may_see
from feed_server.channels import Channels
from feed_server.errors import MessageRefused
from feed_server.limits import TokenBucket
from feed_server.quoting import answer
from feed_server.subscriptions import Subscription
from feed_server.verdicts import VERDICT_S
from schemas.channels import CHANNELS, CONSUMER
from schemas.feed import (
    CLOSES,
    ERRORS,
    MAX_MESSAGE_BYTES,
    MAX_PRODUCTS,
    Ack,
    ClientMessage,
    Closing,
    Error,
    Hello,
    Limits,
    Outcome,
    Ping,
    Publish,
    Quote,
    Quoted,
    Result,
    Subscribe,
    Unsubscribe,
    Verdict,
    Welcome,
)
from schemas.settings import Settings

REFUSALS_AT_ONCE: Final = 100
"""Refused messages that a session may have in a burst: a program with one wrong option
makes one per subscription."""

REFUSALS_PER_S: Final = 1.0
"""How fast that allowance comes back."""

LISTED_PRODUCTS: Final = 4 * MAX_PRODUCTS
"""Products that a session's subscriptions may list in all: each costs some 300 bytes of
index, so that a session holds 5 MB at most. Who wants more wants `*`."""


class State(enum.Enum):
    """What a session is about."""

    AWAITING_HELLO = "awaiting hello"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class Gone:
    """The connection is gone."""


TRANSITIONS: Final[dict[State, dict[type, State]]] = {
    State.AWAITING_HELLO: {
        Hello: State.OPEN,
        Closing: State.CLOSING,
        Gone: State.CLOSED,
    },
    State.OPEN: {
        Subscribe: State.OPEN,
        Unsubscribe: State.OPEN,
        Publish: State.OPEN,
        Quote: State.OPEN,
        Ping: State.OPEN,
        Closing: State.CLOSING,
        Gone: State.CLOSED,
    },
    State.CLOSING: {Gone: State.CLOSED},
    State.CLOSED: {},
}
"""What moves a session where. `Closing` is what the server says, the others but `Gone`
are what the client says."""


class Session:
    """
    One subscriber.

    Args:
        settings: limits are read from it.
        channels: what can be subscribed to.
        server: this server's name, for the `welcome`.
        now: the clock's seconds.
        address: the client's network address; empty if it is not known.

    Attributes:
        state: where it is; see TRANSITIONS.
        is_full: whether it takes no rows for now.
        wants_heartbeat: whether it asked for one since the last.
        subscriptions: by id.
        close_code: why it closes, once it does; a key of CLOSES.
        client: what the client calls itself.
    """

    def __init__(
        self,
        settings: Settings,
        channels: Channels,
        server: str,
        now: float,
        address: str = "",
    ) -> None:
        self.state = State.AWAITING_HELLO
        self.is_full = False
        self.wants_heartbeat = False
        self.subscriptions: dict[str, Subscription] = {}
        self.close_code: int | None = None
        self.client = ""
        self._settings = settings
        self._channels = channels
        self._server = server
        self._address = address
        self._token: str | None = None
        self._opened_at = now
        self._full_since = now
        self._allowance_s = 0.0
        self._outgoing: list[bytes] = []
        self._published: list[Publish] = []
        self._publishing = TokenBucket(
            settings.publish_per_s, settings.publish_per_s, now
        )
        self._refusing = TokenBucket(REFUSALS_AT_ONCE, REFUSALS_PER_S, now)

    # What comes from the client.

    def receive(self, message: ClientMessage, now: float) -> None:
        """
        Take a message.

        After calling this method: send `messages_to_send()`, publish `events()`.
        """
        target = TRANSITIONS[self.state].get(type(message))
        if target is None:
            code = "hello_again" if self.state is State.OPEN else "hello_first"
            self.refuse(MessageRefused(code, "", getattr(message, "id", None)), now)
            return
        try:
            self._take(message, now)
        except MessageRefused as refused:
            self.refuse(refused, now)
            return
        self.state = target

    def refuse(self, refused: MessageRefused, now: float) -> None:
        """
        Answer a message with an error.

        Refusals that say to try again do not count: who follows the advice is not
        broken. Too many others close the session.
        """
        if self.state in (State.CLOSING, State.CLOSED):
            return
        retry = ERRORS[refused.code].retry
        self._send(
            Error(
                id=refused.id, code=refused.code, message=refused.message, retry=retry
            )
        )
        if not retry and not self._refusing.take(1, now):
            self.close(4003)

    def events(self) -> list[Publish]:
        """Return what was handed in since the last call; each is owed an `ack`."""
        published, self._published = self._published, []
        return published

    # What goes to the client.

    def offer(self, frame: bytes) -> None:
        """Take a frame to send, whatever it is."""
        if self.state is State.OPEN:
            self._outgoing.append(frame)

    def acknowledge(self, publish_id: str, results: tuple[Result, ...]) -> None:
        """Answer a `publish`."""
        if self.state is State.OPEN:
            self._send(Ack(id=publish_id, results=results))

    def tell(self, publish_id: str, outcomes: tuple[Outcome, ...]) -> None:
        """Tell what became of the events of a `publish` that asked."""
        if self.state is State.OPEN:
            self._send(Verdict(id=publish_id, results=outcomes))

    def beat(self) -> None:
        """Offer a heartbeat, unless it would only lengthen what is not being read."""
        self.wants_heartbeat = False
        if self.state is State.OPEN and not self.is_full:
            self._channels.heartbeat(self, self.subscriptions.values())

    def messages_to_send(self) -> list[bytes]:
        """Return the frames to write, in order; they are the caller's then."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def close(self, code: int, reconnect_ms: int | None = None) -> None:
        """
        Say that the session ends; does nothing if that was said already.

        Args:
            code: a key of CLOSES.
            reconnect_ms: how long to wait before coming back; left out where the code
                says not to.
        """
        target = TRANSITIONS[self.state].get(Closing)
        if target is None:
            return
        meaning = CLOSES[code]
        self.state = target
        self.close_code = code
        self._send(
            Closing(
                code=code,
                reason=meaning.meaning,
                reconnect_ms=reconnect_ms if meaning.retry else None,
            )
        )
        self._end_subscriptions()

    # What happens to the connection.

    def fill(self, now: float) -> None:
        """Note that more waits in the socket than may: rows are merged from now on."""
        self.is_full = True
        self._full_since = now

    def drain(self) -> None:
        """Note that the socket has room again; the next flush gives what is lacking."""
        self.is_full = False
        self._allowance_s = 0.0
        self._channels.drained(self.subscriptions.values())

    def check(self, now: float) -> int | None:
        """Return the code to close with, if the session's time for something is up."""
        if (
            self.state is State.AWAITING_HELLO
            and now - self._opened_at >= self._settings.hello_timeout_s
        ):
            return 4002
        if (
            self.state is State.OPEN
            and self.is_full
            and now - self._full_since
            >= self._settings.slow_limit_s + self._allowance_s
        ):
            return 4001
        return None

    def lose(self) -> None:
        """Note that the connection is gone."""
        self.state = TRANSITIONS[self.state].get(Gone, self.state)
        self._outgoing.clear()
        self._published.clear()
        self._end_subscriptions()

    # Private.

    def _take(self, message: ClientMessage, now: float) -> None:
        match message:
            case Hello():
                self.client = message.client
                self._token = message.token
                self._welcome()
            case Subscribe():
                self._subscribe(message)
            case Unsubscribe():
                subscription = self.subscriptions.pop(message.id, None)
                if subscription is None:
                    raise MessageRefused("unknown_subscription", "", message.id)
                self._channels.leave(subscription)
            case Publish():
                self._publish(message, now)
            case Quote():
                self._quote(message)
            case _:  # Ping: the table lets nothing else through.
                self.wants_heartbeat = True

    def _welcome(self) -> None:
        self._send(
            Welcome(
                epoch=self._channels.view.epoch,
                server=self._server,
                limits=Limits(
                    message_bytes=MAX_MESSAGE_BYTES,
                    subscriptions=self._settings.max_subscriptions,
                    publish_per_s=self._settings.publish_per_s,
                    verdict_s=VERDICT_S,
                ),
                heartbeat_s=self._settings.heartbeat_s,
                channels=tuple(CHANNELS),
                period=self._settings.period,
            )
        )

    def _check_access(self, channel: str, party: str | None, own: str) -> None:
        # Before anything is looked up: who may not see a party's rows does not learn
        # whether there are any.
        if (
            party is not None
            and channel in CHANNELS
            and not may_see(
                channel,
                party,
                token=self._token,
                address=self._address,
                open_to=self._settings.private_channels,
            )
        ):
            raise MessageRefused("not_yours", "", own)

    def _quote(self, message: Quote) -> None:
        self._check_access(CONSUMER.name, message.party, message.id)
        quoted = answer(message, self._channels.view)
        if quoted is None:
            raise MessageRefused("nothing_to_quote", "", message.id)
        self._send(quoted)

    def _subscribe(self, message: Subscribe) -> None:
        self._check_access(message.channel, message.party, message.id)
        replaced = self.subscriptions.get(message.id)
        limit = self._settings.max_subscriptions
        if replaced is None and len(self.subscriptions) >= limit:
            raise MessageRefused(
                "too_many_subscriptions",
                f"{limit} are open, no more may be; end one first",
                message.id,
            )
        listed = len(message.products) + sum(
            len(each.group.selection.products or ())
            for each in self.subscriptions.values()
            if each is not replaced
        )
        if listed > LISTED_PRODUCTS:
            raise MessageRefused(
                "too_many_subscriptions",
                f"they would list {listed} products, {LISTED_PRODUCTS} may be; "
                'end one first or ask for ["*"]',
                message.id,
            )
        before = len(self._outgoing)
        subscription = self._channels.join(self, message)
        if replaced is not None:
            self._channels.leave(replaced)
        self.subscriptions[message.id] = subscription
        # A large first answer takes its time on a thin line: so much longer the client
        # may be full. It is expected to read a buffer's worth per slow_limit_s.
        size = sum(map(len, self._outgoing[before:]))
        allowance_s = (
            size / self._settings.subscriber_buffer_bytes * self._settings.slow_limit_s
        )
        self._allowance_s = allowance_s + (self._allowance_s if self.is_full else 0.0)

    def _publish(self, message: Publish, now: float) -> None:
        if not self._publishing.take(len(message.events), now):
            raise MessageRefused(
                "rate_exceeded",
                f"{len(message.events)} events exceed the limit of "
                f"{self._settings.publish_per_s} per second; send these again later",
                message.id,
            )
        self._published.append(message)

    def _send(
        self, message: Welcome | Ack | Verdict | Quoted | Error | Closing
    ) -> None:
        self._outgoing.append(frames.frame(message))

    def _end_subscriptions(self) -> None:
        for subscription in self.subscriptions.values():
            self._channels.leave(subscription)
        self.subscriptions.clear()
