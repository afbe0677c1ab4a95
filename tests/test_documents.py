"""
docs/ says what the code does: its tables and examples are compared with it.

A table that differs is shown as it has to be, ready to be pasted.
"""

import json
import re
import zlib
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from schemas.channels import CHANNELS
from schemas.errors import REFUSALS
from schemas.events import Event
from schemas.feed import CLOSES, ERRORS, HTTP_REFUSALS, ClientMessage, ServerMessage
from schemas.json_schema import VALUE_TYPES, definitions
from schemas.topics import ALL, TOPIC_OF_EVENT
from streams.market.imbalance import imbalance_of

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
GOLDEN = ROOT / "tests" / "wire" / "golden"
PROTOCOL = (DOCS / "protocol.md").read_text(encoding="utf-8")
EVENTS = (DOCS / "events.md").read_text(encoding="utf-8")
ECONOMICS = (DOCS / "economics.md").read_text(encoding="utf-8")

EXAMPLE = re.compile(r"<!-- golden: (\S+) -->\n```json\n(.*?)\n```", re.DOTALL)


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def code(text: object) -> str:
    return f"`{text}`"


def refusals() -> str:
    rows = [[code(name), meaning] for name, meaning in REFUSALS.items()]
    return table(["code", "meaning"], rows)


def errors() -> str:
    return table(
        ["code", "again?", "meaning"],
        [[code(c), "yes" if e.retry else "no", e.meaning] for c, e in ERRORS.items()],
    )


def channels() -> str:
    rows = [
        [code(channel.name), channel.about, ", ".join(map(code, channel.named_by))]
        for channel in CHANNELS.values()
    ]
    return table(["channel", "its rows", "a row is known by"], rows)


def closes() -> str:
    return table(
        ["code", "come back?", "meaning"],
        [[code(c), "yes" if e.retry else "no", e.meaning] for c, e in CLOSES.items()],
    )


def handshakes() -> str:
    rows = [[code(status), meaning] for status, meaning in HTTP_REFUSALS.items()]
    return table(["status", "meaning"], rows)


def topics() -> str:
    return table(
        ["topic", "key", "kept", "what its records say"],
        [
            [
                code(topic.name),
                code(topic.key) if topic.key == "product_id" else topic.key,
                "every record" if topic.cleanup == "delete" else "newest per key",
                topic.about,
            ]
            for topic in ALL
        ],
    )


def kinds() -> str:
    return table(
        ["type", "topic", "what it says"],
        [
            [
                code(tag := kind.__struct_config__.tag),
                code(TOPIC_OF_EVENT[str(tag)].name),
                (kind.__doc__ or "").strip().partition("\n")[0],
            ]
            for kind in get_args(Event)
        ],
    )


def value_of(schema: dict[str, Any]) -> str:
    parts = schema.get("anyOf", [schema])
    for kind in VALUE_TYPES:
        if VALUE_TYPES[kind]["pattern"] in {part.get("pattern") for part in parts}:
            return {
                "Price": "price",
                "Quantity": "quantity",
                "PositiveQuantity": "quantity above 0",
                "Period": "period",
            }[kind.__name__]
    part = parts[0]
    if "enum" in part:
        return " or ".join(code(choice) for choice in part["enum"])
    if part.get("format") == "date-time":
        return "time"
    match part["type"]:
        case "boolean":
            return "true or false"
        case "integer" if part.get("maximum", 2**53) > 1_000:
            return f"whole number from {part['minimum']}"
        case "integer":
            return f"whole number, {part['minimum']} to {part['maximum']}"
        case "number":
            return f"number above 0, to {part['maximum']}"
        case "array":
            held = part["items"]
            things = "point" if "$ref" in held else value_of(held)
            plural = things if "enum" in held else f"{things}s"
            return f"list of {plural}, at most {part['maxItems']}"
    if part.get("minLength") == 1:
        return "identifier"
    return f"text, at most {part['maxLength']} characters"


def fields(kind: type[msgspec.Struct]) -> str:
    schema = definitions([kind], {})[kind.__name__]
    return table(
        ["field", "value", "", "meaning"],
        [
            [
                code(name),
                value_of(part),
                "" if name in schema["required"] else "optional",
                part.get("description", "") if "$" not in name else "",
            ]
            for name, part in schema["properties"].items()
            if name not in {"type", "event_id", "product_id", "occurred_at"}
        ],
    )


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (PROTOCOL, errors()),
        (PROTOCOL, closes()),
        (PROTOCOL, handshakes()),
        (PROTOCOL, channels()),
        (EVENTS, refusals()),
        (EVENTS, topics()),
        (EVENTS, kinds()),
        *((EVENTS, fields(kind)) for kind in get_args(Event)),
    ],
    ids=lambda text: text.partition("\n")[0][:40],
)
def test_a_table_of_the_documents_is_that_of_the_code(document, expected):
    assert expected in document, f"put this in its place:\n\n{expected}\n"


EXAMPLES = [
    (file.name, name, text)
    for file in sorted(DOCS.glob("*.md"))
    for name, text in EXAMPLE.findall(file.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("file", "name", "text"), EXAMPLES)
def test_an_example_is_a_golden_payload(file, name, text):
    golden = json.loads((GOLDEN / f"{name}.json").read_bytes())
    shown = json.loads(text)
    for long in ("rows", "events"):
        # "…" stands for what is shown elsewhere.
        if shown.get(long) == ["…"]:
            golden[long] = ["…"]
    assert shown == golden, f"{file} shows another {name}"


def test_every_message_and_event_has_an_example():
    shown = {json.loads(text)["type"] for _, _, text in EXAMPLES}
    for union in (Event, ClientMessage, ServerMessage):
        assert {kind.__struct_config__.tag for kind in get_args(union)} <= shown


def test_the_checksum_of_the_worked_example_is_right():
    rows = {
        name: (GOLDEN / "rows" / f"{name}.json").read_bytes().removesuffix(b"\n")
        for name in ("market", "market_with_purchases_only")
    }
    update = json.loads((GOLDEN / "server" / "update.json").read_bytes())
    [newer] = update["rows"]
    newest = json.dumps(newer, separators=(",", ":")).encode()
    first, second = (zlib.crc32(row) for row in rows.values())
    third = zlib.crc32(newest)
    both, after = (first + second) & 0xFFFFFFFF, (first + third) & 0xFFFFFFFF
    for number in (first, second, both, third, after):
        assert f"`{number}`" in PROTOCOL
    heartbeat = json.loads((GOLDEN / "server" / "heartbeat.json").read_bytes())
    assert heartbeat["checksum"]["mine"] == after


@pytest.mark.parametrize(
    "file",
    [
        file
        for channel in CHANNELS.values()
        for file in sorted((GOLDEN / "rows").glob(f"{channel.row_type}*.json"))
    ],
    ids=lambda file: file.stem,
)
def test_a_row_is_the_same_text_after_a_json_parser_and_writer(file):
    # What docs/protocol.md promises of JSON.stringify(JSON.parse(text)): texts without
    # control characters, whole numbers, and no keys that JavaScript would reorder.
    raw = file.read_bytes().removesuffix(b"\n")
    row = json.loads(raw)
    written = json.dumps(row, separators=(",", ":"), ensure_ascii=False)
    assert written.encode() == raw

    def check(value: Any) -> None:
        assert not isinstance(value, float)
        if isinstance(value, dict):
            assert not any(key.isdigit() for key in value)
        for part in value.values() if isinstance(value, dict) else value:
            if isinstance(part, dict | list):
                check(part)

    check(row)


def test_links_between_the_documents_lead_somewhere():
    for file in sorted(DOCS.glob("*.md")):
        text = file.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (file.parent / target).exists(), f"{file.name}: {target}"


# The worked example of docs/economics.md.


def test_the_worked_example_of_the_economics_adds_up():
    p, tax, b = Decimal(10), Decimal("0.04"), Decimal("0.20")
    planned, sold = Decimal(100), {"X": (20, Decimal(8)), "Y": (10, Decimal(11))}
    cent = Decimal("0.01")

    bought = planned + sum(quantity for quantity, _ in sold.values())
    error = min(Decimal(1), abs(bought - planned) / planned)
    taxes = [tax * p * planned, *(b * u * q for q, u in sold.values())]
    clearing = sum((u - p) * q for q, u in sold.values())
    eaten = -clearing / 2
    left = sum(taxes) - eaten
    back = (error * left).quantize(cent)
    paid = [part / 2 for part in taxes]
    exact = [back * part / sum(paid) for part in paid]
    shares = [share.quantize(cent, rounding=ROUND_DOWN) for share in exact]
    while sum(shares) < back:
        worst = max(range(3), key=lambda i: exact[i] - shares[i])
        shares[worst] += cent
    kept = left - back
    losses = [u * (1 + b / 2) - p * (1 + tax / 2) for _, u in sold.values()]

    figures = [clearing, eaten, left, back, *shares, kept, *losses]
    for figure in figures:
        assert f"{abs(figure):,.2f}" in ECONOMICS, figure
    buyers = (
        -(p * planned * (1 + tax / 2))
        - sum(u * q * (1 + b / 2) for q, u in sold.values())
        + back
    )
    companies = (
        p * planned * (1 - tax / 2)
        + sum(p * q - b * u * q / 2 for q, u in sold.values())
        - eaten
    )
    assert buyers + companies + kept == 0
    assert f"{-buyers:,.2f}" in ECONOMICS
    assert f"{companies:,.2f}" in ECONOMICS


def test_the_imbalance_of_the_economics_is_the_one_that_is_shown():
    shown = imbalance_of(Decimal(110), Decimal(120))
    assert shown is not None
    assert f"{shown.percent} %" in ECONOMICS
    assert shown.colour == "yellow"
