"""
PURE. The messages of the feed, and its codes as one table each.

JSON text frames, subprotocol `parfeed.v1`. One frozen struct per message, told apart
by `type`; a union per direction. docs/protocol.md is the prose to it.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from schemas.errors import REFUSALS
from schemas.values import Identifier, Party, Period, PositiveQuantity

SUBPROTOCOL: Final = "parfeed.v1"

MAX_MESSAGE_BYTES: Final = 64 * 1024
"""Of one message from a client: some 200 events. What is larger closes with 1009."""

CHECKSUM_MODULUS: Final = 2**32
"""A checksum is the sum of its rows' CRC-32 modulo this. Not their XOR: CRCs are
linear, so a XOR misses two rows that are wrong in the same bits."""

MAX_PRODUCTS: Final = 4096
"""Products that one subscription may list; more is `*`."""

MAX_QUOTED: Final = 100
"""Offers that a quote holds, the cheapest; the channel `offers` has all."""


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """Base of all messages."""


# From the client. Unknown fields are refused: a misspelt option would be ignored.


class Hello(
    Message, frozen=True, kw_only=True, tag="hello", forbid_unknown_fields=True
):
    """
    The first message of a client.

    Attributes:
        token: who asks; its place is reserved, every token is taken alike today:
            private channels are opened by the server's setting `private_channels`.
        client: name and version of the program, for the operator's logs.
    """

    token: Annotated[str, Meta(max_length=4096)] | None = None
    client: Annotated[str, Meta(max_length=128)] = ""


class Subscribe(
    Message,
    frozen=True,
    kw_only=True,
    tag="subscribe",
    forbid_unknown_fields=True,
    # A server from before `party` refuses it, even as null.
    omit_defaults=True,
):
    """
    Ask for a channel's rows: those there are, then every change.

    Attributes:
        id: the client's name for this subscription; given again, it replaces it.
        channel: a name of CHANNELS.
        products: `["*"]` or a list of product_ids.
        party: whose rows, of a private channel: `consumer/17850`; None for others.
        period: one period only; None for all.
        mode: `stream` sends every version of a row, `conflated` the newest.
        max_rate: at most so many updates per second (conflated only).
        resume: the cursor up to which the client has all; the answer is what has
            changed since.
    """

    id: Identifier
    channel: Annotated[str, Meta(max_length=64)]
    products: Annotated[
        tuple[Identifier, ...], Meta(min_length=1, max_length=MAX_PRODUCTS)
    ] = ("*",)
    party: Party | None = None
    period: Period | None = None
    mode: Literal["stream", "conflated"] = "conflated"
    max_rate: Annotated[float, Meta(gt=0, le=100)] | None = None
    resume: Annotated[str, Meta(max_length=49_152)] | None = None


class Unsubscribe(
    Message, frozen=True, kw_only=True, tag="unsubscribe", forbid_unknown_fields=True
):
    """End a subscription. What is under way for it may still arrive."""

    id: Identifier


class Publish(
    Message,
    frozen=True,
    kw_only=True,
    tag="publish",
    forbid_unknown_fields=True,
    # A server from before `verdict` refuses it, even as false.
    omit_defaults=True,
):
    """
    Hand in events.

    Attributes:
        id: comes back in the `ack`.
        events: one JSON object each; each is taken or refused by itself.
        verdict: whether to tell, after the `ack`, what became of each in the end.
    """

    id: Identifier
    events: Annotated[tuple[msgspec.Raw, ...], Meta(min_length=1)]
    verdict: bool = False


class Quote(
    Message,
    frozen=True,
    kw_only=True,
    tag="quote",
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """
    Ask what a quantity of a product costs, planned and at each company.

    Attributes:
        id: comes back in the `quoted`.
        quantity: units wanted.
        period: None for the newest in which the product is offered or planned.
        party: whose cards to look at, `consumer/17850`; None for nobody's.
    """

    id: Identifier
    product_id: Identifier
    quantity: PositiveQuantity = PositiveQuantity("1")
    period: Period | None = None
    party: Party | None = None


class Ping(Message, frozen=True, kw_only=True, tag="ping", forbid_unknown_fields=True):
    """Ask for a heartbeat now."""


ClientMessage = Hello | Subscribe | Unsubscribe | Publish | Quote | Ping


# From the server. Clients ignore fields that they do not know: messages only grow.


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a client may do; more is answered with an error.

    Attributes:
        verdict_s: how long after its `ack` a `verdict` comes at the latest; None if
            this server gives none.
    """

    message_bytes: int
    subscriptions: int
    publish_per_s: int
    verdict_s: float | None = None


class Welcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """
    The answer to `hello`.

    Attributes:
        epoch: the log's identity; a cursor of another means nothing here.
        server: what the server calls itself.
        heartbeat_s: seconds between heartbeats.
        channels: that this server knows; empty if it knows `market` alone.
        period: length of the market's periods; None if this server does not say.
    """

    epoch: str
    server: str
    limits: Limits
    heartbeat_s: float
    channels: tuple[str, ...] = ()
    period: Literal["week", "day", "hour"] | None = None


class Snapshot(Message, frozen=True, kw_only=True, tag="snapshot"):
    """All rows of a subscription as of `cursor`; replaces what the client has."""

    id: str
    cursor: str
    rows: tuple[msgspec.Raw, ...]


class Update(
    Message, frozen=True, kw_only=True, tag="update", rename={"from_": "from"}
):
    """
    Rows that changed. Applies only to a client whose cursor is `from`.

    Attributes:
        to: the client's cursor afterwards.
        rows: whole rows, in the order of their change.
        merged: how many versions of rows were skipped because newer ones followed.
    """

    id: str
    from_: str
    to: str
    rows: tuple[msgspec.Raw, ...]
    merged: int = 0


class Watermark(msgspec.Struct, frozen=True, kw_only=True):
    """
    How far the feed is.

    Attributes:
        occurred_at: newest event time in any row; None while there is none.
        lag_ms: from an event's arrival in Kafka to its row's arrival at this server,
            for the newest row.
    """

    occurred_at: datetime | None = None
    lag_ms: float | None = None


class Heartbeat(Message, frozen=True, kw_only=True, tag="heartbeat"):
    """
    Proof of life and completeness: the client has everything before `cursor`.

    Attributes:
        cursor: the new cursor of the subscriptions in `checksum`.
        checksum: by subscription id, the sum modulo 2**32 of the CRC-32 of each
            row's JSON text.
            A subscription that is being conflated is left out until it has caught up.
    """

    cursor: str
    checksum: dict[str, int]
    watermark: Watermark


class Resync(Message, frozen=True, kw_only=True, tag="resync"):
    """The client's state is void; a snapshot follows."""

    id: str
    reason: str


class Result(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    What became of one event: its place in Kafka, or the refusal.

    Attributes:
        error: a code of REFUSALS; `detail` says what is at fault.
    """

    event_id: str | None
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    error: str | None = None
    detail: str | None = None


class Ack(Message, frozen=True, kw_only=True, tag="ack"):
    """The answer to `publish`, one result per event, in its order."""

    id: str
    results: tuple[Result, ...]


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    What became of one event in the end.

    Attributes:
        verdict: `accepted` events count, `refused` ones never will; of `unknown` ones
            nobody could tell in time.
        topic, partition, offset: as in the `ack`.
        error: of a refused event, a code of REFUSALS; `detail` says what is at fault,
            or why nothing is known.
        planned_quantity, unplanned_quantity: of an approved `request`, what its units
            were split into.
        planned_price, unit_price: at which a planned and an unplanned unit is bought,
            before tax.
        cost: of all of it, tax included, before rounding.
    """

    event_id: str | None
    verdict: Literal["accepted", "refused", "unknown"]
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    error: str | None = None
    detail: str | None = None
    planned_quantity: Decimal | None = None
    unplanned_quantity: Decimal | None = None
    planned_price: Decimal | None = None
    unit_price: Decimal | None = None
    cost: Decimal | None = None


class Verdict(Message, frozen=True, kw_only=True, tag="verdict"):
    """
    What became of the events of a `publish` that asked: final, one outcome per event.

    Comes after the `ack`, once it is final what the workers, the board or the ledger
    made of the events.
    """

    id: str
    results: tuple[Outcome, ...]


class QuotedOffer(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the quantity costs at a company, outside of the plan.

    Attributes:
        unplanned_price: of a unit, before tax.
        cost: of all units, tax included.
        loss: of all units against the plan, tax included; below zero it is a saving;
            None without a planned price.
        rank: 1 for the least price.
    """

    company_id: str
    unplanned_price: Decimal
    cost: Decimal | None = None
    loss: Decimal | None = None
    rank: int = 1


class Quoted(Message, frozen=True, kw_only=True, tag="quoted"):
    """
    The answer to `quote`, as of the rows that this server has.

    Attributes:
        quantity: units that it is about.
        planned_price: of a unit, before tax; None where the product has none.
        planned_cost: of all units at it, tax included.
        offers: the cheapest first, MAX_QUOTED at most.
        sellers: how many companies offer the product.
        planned_left, unplanned_left: on the party's two cards; None if no party was
            named, or no card of it is known.
    """

    id: str
    product_id: str
    period: Period
    quantity: Decimal
    planned_price: Decimal | None = None
    planned_cost: Decimal | None = None
    offers: tuple[QuotedOffer, ...] = ()
    sellers: int = 0
    planned_left: Decimal | None = None
    unplanned_left: Decimal | None = None


class Error(Message, frozen=True, kw_only=True, tag="error"):
    """
    A message that was refused. It changed nothing.

    Attributes:
        id: of the message, where it had one.
        code: a key of ERRORS.
        retry: whether the same message may succeed later.
    """

    code: str
    message: str
    retry: bool
    id: str | None = None


class Closing(Message, frozen=True, kw_only=True, tag="closing"):
    """
    The last message before the server closes.

    Attributes:
        code: the close code; a key of CLOSES.
        reconnect_ms: how long to wait before coming back, different for each client;
            None if it should not.
    """

    code: int
    reason: str
    reconnect_ms: int | None = None


ServerMessage = (
    Welcome
    | Snapshot
    | Update
    | Heartbeat
    | Resync
    | Ack
    | Verdict
    | Quoted
    | Error
    | Closing
)


class Code(msgspec.Struct, frozen=True):
    """A code's meaning, and whether trying again can help."""

    retry: bool
    meaning: str


ERRORS: Final[dict[str, Code]] = {
    "malformed": Code(False, "The message is not one JSON object in UTF-8."),
    "unknown_type": Code(False, "The `type` names no message of the protocol."),
    "invalid_field": Code(
        False, "A field is missing, unknown, of another type or out of bounds."
    ),
    "hello_first": Code(False, "The first message must be `hello`."),
    "hello_again": Code(False, "`hello` was said already."),
    "unknown_channel": Code(False, "There is no such channel."),
    "party_needed": Code(
        False, "A private channel shows one party's rows; name it in `party`."
    ),
    "not_yours": Code(
        False,
        "This server does not show you that party's rows; the operator decides by "
        "PARFEED_PRIVATE_CHANNELS.",
    ),
    "nothing_to_quote": Code(
        True, "Nobody offers this product, and it has no planned price."
    ),
    "unknown_subscription": Code(False, "No subscription has this id."),
    "invalid_cursor": Code(False, "No server made this cursor; subscribe without it."),
    "too_many_subscriptions": Code(
        False, "The limit of subscriptions is reached; end one first."
    ),
    "rate_exceeded": Code(
        True, "More events than the limit per second; send these again later."
    ),
    "overloaded": Code(
        True,
        "Too many events wait for Kafka's confirmation or a verdict; send these again "
        "later.",
    ),
}

CLOSES: Final[dict[int, Code]] = {
    1000: Code(False, "The client ended the session."),
    1001: Code(True, "The server stops; come back after `reconnect_ms`."),
    1002: Code(False, "The frames break the websocket protocol."),
    1003: Code(False, "A binary frame came; messages are text."),
    1007: Code(False, "A text frame is not UTF-8."),
    1009: Code(False, "A message is larger than the limit."),
    1011: Code(True, "The server failed."),
    4001: Code(True, "The subscriber stayed too slow; come back with its cursor."),
    4002: Code(False, "No `hello` came in time."),
    4003: Code(False, "Too many messages were refused; mend the program."),
    4004: Code(True, "The feed lost its source; come back with the cursor."),
    4005: Code(True, "The server has as many sessions as it may; try another."),
}

HTTP_REFUSALS: Final[dict[int, str]] = {
    403: "The page's Origin is not allowed; the operator lists it in PARFEED_ORIGINS.",
    426: "Speak websocket with the subprotocol parfeed.v1.",
    503: "The server is loading the market or stopping; try again shortly.",
}
"""Answers to a handshake that fails."""


def describe(code: str) -> str:
    """Return the meaning of an error or refusal code, for people."""
    if code in ERRORS:
        return ERRORS[code].meaning
    return REFUSALS.get(code, code)
