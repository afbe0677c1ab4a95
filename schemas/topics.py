"""
PURE. Every topic as data. Nothing else spells a topic's name.

All partitioned topics share one number of partitions and Kafka's default partitioner
(murmur2 of the key), so that partition n of every topic holds the same products and
one worker owns them all together. librdkafka producers set
`partitioner=murmur2_random`.
"""

from typing import Final, Literal

import msgspec

KEEP_FOR_EVER: Final = "-1"


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        name: without the deployment's prefix.
        about: what its records say, in one sentence.
        key: what a record's key is.
        cleanup: `delete` topics keep every record, `compact` ones the newest per key.
        event_types: the tags of the events that it carries; empty for our own rows.
        single_partition: whether it has one partition whatever the others have.
    """

    name: str
    about: str
    key: str
    cleanup: Literal["delete", "compact"]
    event_types: frozenset[str] = frozenset()
    single_partition: bool = False

    def config(self) -> dict[str, str]:
        """Topic-level settings for Kafka."""
        # Sources are the record of truth: they are kept for ever unless the operator
        # decides otherwise. The broker stamps them, so that no sender's clock decides
        # whether an event is early.
        settings: dict[str, str] = {"cleanup.policy": self.cleanup}
        if self.cleanup == "delete":
            settings["retention.ms"] = settings["retention.bytes"] = KEEP_FOR_EVER
        if self.event_types:
            settings["message.timestamp.type"] = "LogAppendTime"
        return settings


PURCHASES: Final = Topic(
    name="purchases",
    about="Sales that happened, and units given back.",
    key="product_id",
    cleanup="delete",
    event_types=frozenset({"purchase", "cancellation"}),
)
BIDS: Final = Topic(
    name="bids",
    about="What companies will make and consumers want in a period.",
    key="product_id",
    cleanup="delete",
    event_types=frozenset({"bid", "plan", "confirmation"}),
)
PRODUCTION: Final = Topic(
    name="production",
    about="What companies really made, and their unplanned prices.",
    key="product_id",
    cleanup="delete",
    event_types=frozenset({"production", "price"}),
)
BOARD: Final = Topic(
    name="board",
    about="What the board says: prices, decisions on lines, the times of a period.",
    key="product_id; none for `period` and `trading_end`, which lie in every partition",
    cleanup="delete",
    event_types=frozenset(
        {
            "announced_price",
            "indicative_price",
            "planned_price",
            "decision",
            "period",
            "trading_end",
        }
    ),
)
AGENDA: Final = Topic(
    name="agenda",
    about="What people ask of the board and sign in councils.",
    key="the period, or the council_id of a `council`",
    cleanup="delete",
    event_types=frozenset(
        {
            "listing",
            "opening",
            "announcement",
            "set_price",
            "gate",
            "council",
            "signature",
        }
    ),
    single_partition=True,
)
REQUESTS: Final = Topic(
    name="requests",
    about="What people ask of the ledger: budgets, purchases, rebids, closes.",
    key="the consumer_id of a `budget` and a `request`, else the period",
    cleanup="delete",
    event_types=frozenset(
        {
            "budget",
            "request",
            "terms",
            "rebid_request",
            "rebid_answer",
            "close",
            "correction",
        }
    ),
)
MARKET: Final = Topic(
    name="market",
    about="The newest version of every row of the feed: the feed's log.",
    key="JSON [product_id, period], and more for rows of other channels than market",
    cleanup="compact",
)
LINES: Final = Topic(
    name="lines",
    about="What stands for one party. Private to the workers: it names parties.",
    key="JSON [kind, product_id, period, party_id, for_product_id or empty]",
    cleanup="compact",
)
ACCOUNTS: Final = Topic(
    name="accounts",
    about="The newest version of every private row: cards, statements, costs.",
    key="JSON [*, period, the row's type, party, and what else names it]",
    cleanup="compact",
)
DECISIONS: Final = Topic(
    name="decisions",
    about="What the ledger decided on each request. Private: it names consumers.",
    key="the party that asked",
    cleanup="delete",
)
POSTINGS: Final = Topic(
    name="postings",
    about="The ledger's postings, each summing to zero. Private: it names parties.",
    key="JSON [period, revision]",
    cleanup="delete",
)
REJECTED: Final = Topic(
    name="rejected",
    about="Records that were refused: code, detail, position and bytes.",
    key="code",
    cleanup="delete",
)
EPOCH: Final = Topic(
    name="epoch",
    about="One record that names the market's log, in hexadecimal digits.",
    key="the word market",
    cleanup="compact",
    single_partition=True,
)

SOURCES: Final = (PURCHASES, BIDS, PRODUCTION, BOARD)
"""What workers fold: partitioned by product."""

ALL: Final = (
    *SOURCES,
    AGENDA,
    REQUESTS,
    MARKET,
    LINES,
    ACCOUNTS,
    DECISIONS,
    POSTINGS,
    REJECTED,
    EPOCH,
)

TOPIC_OF_EVENT: Final[dict[str, Topic]] = {
    event_type: topic
    for topic in (*SOURCES, AGENDA, REQUESTS)
    for event_type in topic.event_types
}
"""Where an event belongs, by its tag."""

BOARD_ONLY: Final = BOARD.event_types - {"planned_price"}
"""Tags that the board process alone writes; the feed takes none of them. A planned
price may be handed in, where no board plans: a replay's are derived."""


def full_name(prefix: str, topic: Topic) -> str:
    """Return the topic's name in a deployment: `parfeed.purchases`."""
    return f"{prefix}.{topic.name}"


def group_name(prefix: str, topic: Topic) -> str:
    """Return the group whose committed offset says how far a topic is taken."""
    owner = {AGENDA.name: "board", REQUESTS.name: "ledger"}.get(topic.name, "workers")
    return f"{prefix}.{owner}"
