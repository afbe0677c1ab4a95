"""
PURE. What is asked of the board or the ledger, before anybody decides on it.

Both take what lies in a topic of their own, each event once, in its order. What is
refused here has changed nothing but that its event_id is used up.
"""

from typing import Protocol

from schemas.codec import event_type
from schemas.errors import InvalidValue, Refused
from schemas.events import Event
from schemas.topics import Topic
from streams.market.duplicates import SeenIds
from streams.market.periods import Calendar


class Asked(Protocol):
    """What of a Kafka record is looked at; `timestamp` in milliseconds since 1970."""

    @property
    def offset(self) -> int: ...  # noqa: D102 - Kafka's word
    @property
    def timestamp(self) -> int: ...  # noqa: D102 - Kafka's word


def check_asked(
    record: Asked,
    event: Event | Refused,
    *,
    topic: Topic,
    seen: SeenIds,
    early_limit_s: float,
) -> Event:
    """
    Return the event of a record, if it may be decided on.

    Args:
        record: of the topic.
        event: what it holds, or why it holds none.
        topic: that takes it.
        seen: the ids of the record's partition; the event's is used up.
        early_limit_s: how far ahead of its arrival an event's time may lie.

    Raises:
        Refused: with `duplicate`, `wrong_topic`, `occurred_in_future`, or why the
            record holds no event.
    """
    if isinstance(event, Refused):
        raise event
    if not seen.add(event.event_id, record.offset):
        # The id says who: it stays out of the text.
        raise Refused("duplicate", "", event.event_id)
    tag = event_type(event)
    if tag not in topic.event_types:
        raise Refused(
            "wrong_topic",
            f"a {tag} was sent to {topic.name}, which takes "
            f"{', '.join(sorted(topic.event_types))}",
            event.event_id,
        )
    ahead_s = event.occurred_at.timestamp() - record.timestamp / 1000
    if ahead_s > early_limit_s:
        raise Refused(
            "occurred_in_future",
            f"lies {ahead_s:.0f} s ahead of its arrival, at most {early_limit_s:.0f} s "
            "may be - at `$.occurred_at`",
            event.event_id,
        )
    return event


def check_period(calendar: Calendar, period: str, event_id: str) -> None:
    """
    Check that a period is of the market's length.

    Raises:
        Refused: with `invalid_field`.
    """
    try:
        calendar.check(period)
    except InvalidValue as exc:
        raise Refused("invalid_field", f"{exc} - at `$.period`", event_id) from exc
