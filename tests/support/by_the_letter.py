"""
The feed from outside: rows as workers write them, and a client by the letter.

`Reader` follows the strict rule of the protocol and shares no code with the server or
with our own client: an independent reading of docs/protocol.md.
"""

import json
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from schemas.board_rows import CouncilRow, RoundRow
from schemas.codec import encode
from schemas.rows import MarketRow, Row
from schemas.trading_rows import (
    AlertRow,
    CardRow,
    CostRow,
    FameRow,
    OfferRow,
    StatementRow,
)
from schemas.values import Period

WEEK = "2011-W44"


def row_key(product_id: str, period: str = WEEK) -> bytes:
    """The key of a row's record."""
    return json.dumps([product_id, period], separators=(",", ":")).encode()


def row_value(
    product_id: str,
    sequence: int = 1,
    period: str = WEEK,
    occurred_at: datetime | None = None,
) -> bytes:
    """A row's record as a worker writes it; `sequence` tells versions apart."""
    return encode(
        MarketRow(
            product_id=product_id,
            period=Period(period),
            sequence=sequence,
            positions={"purchases": sequence},
            occurred_at=occurred_at or datetime(2011, 11, 1, tzinfo=UTC),
        )
    )


def round_record(
    number: int = 1, sequence: int = 1, period: str = WEEK
) -> tuple[bytes, bytes]:
    """Key and value of a round's record as the board writes it."""
    row = RoundRow(period=Period(period), round=number, sequence=sequence)
    return _json(["*", period, "round", number]), encode(row)


def council_record(
    council_id: str, product_id: str, sequence: int = 1, period: str = WEEK
) -> tuple[bytes, bytes]:
    """Key and value of the record of a council's line, as the board writes it."""
    row = CouncilRow(
        product_id=product_id,
        period=Period(period),
        council_id=council_id,
        sequence=sequence,
        level="city",
    )
    return _json([product_id, period, "council", council_id]), encode(row)


def ledger_record(row: Row) -> tuple[bytes, bytes]:
    """Key and value of a row's record as the ledger writes it."""
    named: list[object] = []
    match row:
        case OfferRow() | FameRow():
            named = [row.company_id]
        case AlertRow():
            named = [row.kind]
        case CardRow():
            named = [row.party]
        case StatementRow():
            named = [row.account, row.revision, row.part]
        case CostRow():
            named = [row.party, row.company_id, row.of_product_id]
    value = encode(row)
    whose = json.loads(value)
    return _json([whose["product_id"], whose["period"], whose["type"], *named]), value


def _json(key: list[object]) -> bytes:
    return json.dumps(key, separators=(",", ":")).encode()


Name = tuple[object, ...]
"""What tells a row from others of its subscription."""


class Reader:
    """
    What a client has of its subscriptions, if it believes nothing that it cannot check.

    Attributes:
        rows: by subscription, the newest row of each name.
        cursors: by subscription.
        versions: by subscription, how many versions of rows were sent or merged away.
        updates: by subscription, the updates as they came.
        heartbeats, others: the messages that belong to no subscription, as they came.
    """

    def __init__(self) -> None:
        self.rows: dict[str, dict[Name, str]] = {}
        self.cursors: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.updates: dict[str, list[dict[str, Any]]] = {}
        self.heartbeats: list[dict[str, Any]] = []
        self.others: list[dict[str, Any]] = []
        self._void: set[str] = set()

    def take(self, payload: bytes | str) -> dict[str, Any]:
        """Apply one message of the server."""
        text = payload if isinstance(payload, str) else payload.decode()
        message: dict[str, Any] = json.loads(text)
        match message["type"]:
            case "snapshot":
                self._replace(message, text)
            case "update":
                self._change(message, text)
            case "heartbeat":
                self._prove(message)
            case "resync":
                self._void.add(message["id"])
                self.others.append(message)
            case _:
                self.others.append(message)
        return message

    def sequences(self, subscription_id: str) -> dict[str, int]:
        """By product, the sequence of its row in the subscription."""
        return {
            str(name[0]): json.loads(row)["sequence"]
            for name, row in self.rows[subscription_id].items()
        }

    def _replace(self, message: dict[str, Any], text: str) -> None:
        own = message["id"]
        self._void.discard(own)
        self.rows[own] = dict(_rows_in(message, text))
        self.cursors[own] = message["cursor"]
        self.versions[own] = 0
        self.updates.setdefault(own, [])

    def _change(self, message: dict[str, Any], text: str) -> None:
        own = message["id"]
        assert own not in self._void, f"an update follows a resync: {message}"
        assert message["from"] == self.cursors[own], f"a gap: {message}"
        rows = _rows_in(message, text)
        self.rows[own].update(rows)
        self.cursors[own] = message["to"]
        self.versions[own] += len(rows) + message["merged"]
        self.updates[own].append(message)

    def _prove(self, message: dict[str, Any]) -> None:
        self.heartbeats.append(message)
        for own, checksum in message["checksum"].items():
            assert checksum == checksum_of(self.rows[own].values()), own
            self.cursors[own] = message["cursor"]


def checksum_of(rows: Iterable[str]) -> int:
    """The sum modulo 2^32 of the CRC-32 of rows' texts."""
    return sum(zlib.crc32(row.encode()) for row in rows) & 0xFFFFFFFF


def _rows_in(message: dict[str, Any], text: str) -> list[tuple[Name, str]]:
    # The rows' texts as they stand in the message, cut out by their own lengths: what
    # json.dumps would make of them need not be the same bytes.
    decoder = json.JSONDecoder()
    at = text.index('"rows":[') + len('"rows":[')
    rows = []
    for row in message["rows"]:
        _, end = decoder.raw_decode(text, at)
        rows.append((_name(row), text[at:end]))
        at = end + 1
    return rows


def _name(row: dict[str, Any]) -> Name:
    named = (row["product_id"], row["period"])
    match row["type"]:
        case "round":
            return (*named, row["round"])
        case "council":
            return (*named, row["council_id"])
        case "offer" | "fame":
            return (*named, row["company_id"])
        case "alert":
            return (*named, row["kind"])
        case "card":
            return (row["party"], row["period"])
        case "statement":
            return (row["account"], row["period"], row["revision"], row["part"])
        case "cost":
            return (row["of_product_id"], row["period"], row["company_id"])
        case _:
            return named
