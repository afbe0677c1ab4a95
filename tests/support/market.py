"""
Events, records and tables for tests of the market: builders with defaults.

Events are made as a sender makes them, as dicts and then JSON of the standard
library, so that what is tested is not also what wrote the question.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from operator import add
from typing import Any, NamedTuple

from schemas.codec import decode_event
from schemas.events import Event
from schemas.rows import ZERO, Line, MarketRow
from schemas.topics import TOPIC_OF_EVENT, Topic
from streams.market.batch import Changes, fold_batch
from streams.market.periods import Calendar, PeriodLength
from streams.market.standing import Change, LineKey, change_between
from streams.market.tables import RowKey, Rules, Tables

MONDAY = datetime(2011, 10, 31, tzinfo=UTC)
"""The first moment of 2011-W44."""

MONDAY_S = int(MONDAY.timestamp())

Said = dict[str, Any]
"""An event as its sender says it."""


class SentRecord(NamedTuple):
    """What of a Kafka record the fold looks at."""

    offset: int
    timestamp: int
    value: bytes | None


class Sent(NamedTuple):
    """A record and the topic that it lies in."""

    topic: Topic
    record: SentRecord


def said(kind: str, **changed: Any) -> Said:
    """An event of a kind, with every field that must be; None leaves one out."""
    always = {
        "type": kind,
        "event_id": "e-1",
        "product_id": "bread",
        "occurred_at": "2011-10-31T14:00:00Z",
    }
    fields = {**always, **_FIELDS[kind], **changed}
    return {key: value for key, value in fields.items() if value is not None}


_FIELDS: dict[str, Said] = {
    "purchase": {"company_id": "bakery", "quantity": "2", "unit_price": "1.50"},
    "cancellation": {"company_id": "bakery", "quantity": "1", "unit_price": "1.50"},
    "bid": {"company_id": "bakery", "period": "2011-W44", "quantity": "10"},
    "plan": {"consumer_id": "ada", "period": "2011-W44", "quantity": "10"},
    "production": {"company_id": "bakery", "quantity": "5"},
    "price": {"company_id": "bakery", "unplanned_price": "1.75"},
    "confirmation": {
        "company_id": "bakery",
        "member_id": "mill",
        "period": "2011-W44",
        "revision": 0,
    },
    "announced_price": {"period": "2011-W44", "announced_price": "1.25", "round": 1},
    "indicative_price": {
        "period": "2011-W44",
        "indicative_price": "1.30",
        "round": 1,
        "revision": 0,
    },
    "planned_price": {"period": "2011-W44", "planned_price": "1.25"},
    "decision": {
        "council_id": "street",
        "period": "2011-W44",
        "counts": False,
        "revision": 0,
    },
    "period": {"product_id": None, "period": "2011-W44"},
    "trading_end": {"product_id": None, "period": "2011-W44"},
    "budget": {
        "product_id": None,
        "consumer_id": "ada",
        "period": "2011-W44",
        "income": "100",
    },
    "request": {"consumer_id": "ada", "company_id": "bakery", "quantity": "2"},
    "terms": {"product_id": None, "period": "2011-W44"},
    "rebid_request": {"company_id": "bakery", "period": "2011-W44"},
    "rebid_answer": {"period": "2011-W44"},
    "close": {"product_id": None, "period": "2011-W44"},
    "correction": {"product_id": None, "period": "2011-W44"},
    "listing": {"period": "2011-W44", "start_price": "1.25"},
    "opening": {"product_id": None, "period": "2011-W44"},
    "announcement": {
        "product_id": None,
        "period": "2011-W44",
        "round": 1,
        "rebid": True,
    },
    "set_price": {"period": "2011-W44", "round": 1, "price": "1.25"},
    "gate": {"product_id": None, "period": "2011-W44"},
    "council": {"product_id": None, "council_id": "street", "level": "city"},
    "signature": {
        "council_id": "street",
        "period": "2011-W44",
        "vote": "veto",
        "signer_id": "ada",
    },
}


def moment(seconds: float) -> str:
    """A time so many seconds after Monday, as a sender writes it."""
    return datetime.fromtimestamp(MONDAY_S + seconds, UTC).isoformat()


def raw(event: Said) -> bytes:
    """The bytes that a sender sends."""
    return json.dumps(event).encode()


def event_of(kind: str, **changed: Any) -> Event:
    """The checked event."""
    return decode_event(raw(said(kind, **changed)))


def rules(
    *,
    length: PeriodLength = "week",
    early_limit_s: float = 3_600.0,
    window: int = 1_000,
    foreign: Sequence[str] = (),
) -> Rules:
    """Rules of a market in which all products but the foreign ones belong here."""
    return Rules(
        calendar=Calendar(length),
        early_limit_s=early_limit_s,
        duplicates_window=window,
        belongs=lambda product_id: product_id not in foreign,
    )


def tables(partition: int = 0, **changed: Any) -> Tables:
    """Empty tables."""
    return Tables(partition, rules(**changed))


def record(
    value: Said | bytes | None, offset: int = 0, received_s: float = 86_400.0
) -> SentRecord:
    """A record that arrived so many seconds after Monday, on Tuesday by default."""
    return SentRecord(
        offset,
        round((MONDAY_S + received_s) * 1000),
        raw(value) if isinstance(value, dict) else value,
    )


def records(
    values: Iterable[Said | bytes | None], first: int = 0, received_s: float = 86_400.0
) -> list[SentRecord]:
    """Records that follow on one another."""
    return [
        record(value, offset, received_s) for offset, value in enumerate(values, first)
    ]


def fold_said(into: Tables, *events: Said, first: int = 0) -> list[Changes]:
    """Fold events one at a time, each from the topic it belongs on."""
    return [
        fold_batch(into, TOPIC_OF_EVENT[event["type"]], [record(event, offset)])
        for offset, event in enumerate(events, first)
    ]


def fold_sent(into: Tables, sent: Sequence[Sent], cuts: Iterable[int]) -> list[Changes]:
    """
    Fold records in batches: cut before each index of `cuts`, and where the topic
    changes.
    """
    changes: list[Changes] = []
    batch: list[SentRecord] = []
    cut_before = set(cuts)
    for index, (topic, one) in enumerate(sent):
        if batch and (index in cut_before or topic is not sent[index - 1].topic):
            changes.append(fold_batch(into, sent[index - 1].topic, batch))
            batch = []
        batch.append(one)
    if batch:
        changes.append(fold_batch(into, sent[-1].topic, batch))
    return changes


class Outcome(NamedTuple):
    """What a run ended as, all of it, in an order that does not depend on the run."""

    rows: dict[RowKey, MarketRow]
    lines: dict[LineKey, Line]
    rejected: list[tuple[str, int, str, str | None]]


def outcome(of: Tables, changes: Iterable[Changes]) -> Outcome:
    """What a run ended as."""
    return Outcome(
        dict(of.rows),
        dict(of.lines),
        sorted(
            (one.topic, one.offset, one.code, one.event_id)
            for change in changes
            for one in change.rejected
        ),
    )


def sums_of(into: Tables, key: tuple[str, str]) -> Change:
    """All lines of a product and period added up, as they stand."""
    sums, standing = Change(), into.standing(*key)
    for line in standing.lines.values():
        denied = standing.denied_of(line)
        change = change_between(line.kind, ZERO, line.amount, denied_after=denied)
        sums = Change(*map(add, sums, change))
    return sums
