"""
The wire, as files: one per event, row and message, named for its case.

Whoever reads or writes this wire in another language can test against the files. A
test here fails when a change of `schemas/` changes a byte of them. If that is meant:
only fields with defaults are added, no tag or meaning changes; write the new file by
hand, and the change into the changelog.
"""

import json
import zlib
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from schemas.channels import FeedRow
from schemas.codec import (
    decode_event,
    decode_line,
    decode_market_row,
    decode_rejected,
    encode,
)
from schemas.events import Event
from schemas.feed import ClientMessage, ServerMessage
from schemas.rows import Line, RejectedRecord
from schemas.trading_rows import DecisionRow, Posting, SettledRow
from schemas.values import from_wire

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(GOLDEN.glob("*/*.json"))
KINDS = {
    "events": get_args(Event),
    "rows": (
        *get_args(FeedRow),
        Line,
        RejectedRecord,
        DecisionRow,
        SettledRow,
        Posting,
    ),
    "client": get_args(ClientMessage),
    "server": get_args(ServerMessage),
}
_DECODE_ROW = {
    **{
        row.__struct_config__.tag: msgspec.json.Decoder(row, dec_hook=from_wire).decode
        for row in KINDS["rows"]
    },
    "market": decode_market_row,
    "line": decode_line,
    "rejected": decode_rejected,
}


def payload(name: str) -> bytes:
    return (GOLDEN / f"{name}.json").read_bytes().removesuffix(b"\n")


def decoded(folder: str, raw: bytes) -> Any:
    if folder == "events":
        return decode_event(raw)
    if folder == "rows":
        return _DECODE_ROW[json.loads(raw)["type"]](raw)
    union = ClientMessage if folder == "client" else ServerMessage
    return msgspec.json.Decoder(union, dec_hook=from_wire).decode(raw)


def name_of(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_the_wire_stays_as_it_is_to_the_byte(file):
    raw = payload(name_of(file))
    value = decoded(file.parent.name, raw)
    assert encode(value) == raw
    assert decoded(file.parent.name, encode(value)) == value


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_file_is_named_for_the_type_that_it_holds(file):
    kind = json.loads(payload(name_of(file)))["type"]
    assert file.stem == kind or file.stem.startswith(f"{kind}_")


@pytest.mark.parametrize("folder", KINDS)
def test_every_kind_has_a_file(folder):
    tags = {kind.__struct_config__.tag for kind in KINDS[folder]}
    held = {json.loads(f.read_bytes())["type"] for f in (GOLDEN / folder).iterdir()}
    assert held == tags


def test_the_heartbeats_checksum_is_that_of_the_rows_before_it():
    rows: dict[tuple[str, str], bytes] = {}
    for message in ("server/snapshot", "server/update"):
        for row in decoded("server", payload(message)).rows:
            key = decode_market_row(row)
            rows[key.product_id, key.period] = bytes(row)
    checksum = sum(map(zlib.crc32, rows.values())) & 0xFFFFFFFF
    assert decoded("server", payload("server/heartbeat")).checksum == {"mine": checksum}


def test_the_messages_of_the_files_follow_on_one_another():
    snapshot, update, heartbeat = (
        json.loads(payload(f"server/{name}"))
        for name in ("snapshot", "update", "heartbeat")
    )
    assert snapshot["cursor"] == update["from"]
    assert update["to"] == heartbeat["cursor"]
