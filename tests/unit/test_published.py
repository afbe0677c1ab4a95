"""The published documents: valid, true to the golden payloads, and not stale."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import jsonschema
import msgspec
import pytest

from schemas import published
from schemas.channels import CHANNELS, FeedRow
from schemas.errors import REFUSALS
from schemas.events import Event
from schemas.feed import CLOSES, ERRORS, ClientMessage, ServerMessage
from schemas.rows import Line, RejectedRecord
from schemas.topics import ALL, full_name
from schemas.trading_rows import DecisionRow, Posting, SettledRow

SCHEMAS = Path(published.__file__).parent / "json"
WIRE = Path(__file__).parent.parent / "wire"
GOLDEN = sorted((WIRE / "golden").glob("*/*.json"))
MALFORMED = sorted((WIRE / "malformed_events").glob("*/*.json"))
DOCUMENT = published.json_schema()
ASYNCAPI = published.asyncapi()
DEFINITION = {"events": "Event", "client": "ClientMessage", "server": "ServerMessage"}

# What no schema can know: relations between fields, calendars, the bytes themselves.
BEYOND_A_SCHEMA = {
    "planned_quantity--more_than_the_quantity",
    "occurred_at--before_2000_in_utc",
    "occurred_at--after_2099_in_utc",
    "occurred_at--no_such_day",
    "occurred_at--leap_second",
    "occurred_at--offset_of_99_hours",
    "period--week_53_of_52",
    "period--no_such_day",
    "type--given_twice",
    "event_id--lone_surrogate",
    "revision--float",
    "schedule--prices_that_do_not_rise",
    "schedule--prices_that_fall",
    "schedule--quantities_of_a_bid_that_fall",
    "schedule--quantities_of_a_plan_line_that_rise",
    "schedule--plan_line_at_a_price_of_nothing",
    "schedule--plan_line_at_a_negative_price",
    "members--company_itself",
    "members--named_twice",
    "closes_at--after_2099_in_utc",
    "closes_at--before_2000_in_utc",
    "signatures--more_than_signers",
    "signatures--without_signers",
    "signers--named_twice",
    "parent_id--itself",
}


def validator(definition: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(
        {"$ref": f"#/$defs/{definition}", "$defs": DOCUMENT["$defs"]}
    )


@pytest.mark.parametrize(
    ("file", "document", "option"),
    [
        ("parfeed.schema.json", DOCUMENT, ""),
        ("parfeed.asyncapi.json", ASYNCAPI, "--asyncapi "),
    ],
)
def test_the_published_file_is_the_one_that_the_code_makes(file, document, option):
    held = (SCHEMAS / file).read_text(encoding="utf-8")
    assert held == published.text(document), (
        f"schemas/json/{file} is stale; renew it with: "
        f"parfeed schema {option}--out schemas/json/{file}"
    )


def test_the_json_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(DOCUMENT)


@pytest.mark.parametrize("file", GOLDEN, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_every_golden_payload_is_valid(file):
    payload = json.loads(file.read_bytes())
    jsonschema.Draft202012Validator(DOCUMENT).validate(payload)
    if file.parent.name in DEFINITION:
        validator(DEFINITION[file.parent.name]).validate(payload)


@pytest.mark.parametrize("file", MALFORMED, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_a_malformed_event_is_not_valid_where_a_schema_can_know(file):
    try:
        payload = json.loads(file.read_bytes().decode())
    except (ValueError, RecursionError):
        return  # not JSON: there is nothing to validate
    if file.parent.name == "too_large" and file.stem.startswith("event--one_byte"):
        return  # its length in bytes is not in what was parsed
    valid = validator("Event").is_valid(payload)
    assert valid == (file.stem in BEYOND_A_SCHEMA)


@pytest.mark.parametrize("union", [Event, ClientMessage, ServerMessage])
def test_every_field_of_the_wire_is_described_with_its_bounds(union):
    for kind in get_args(union):
        schema = DOCUMENT["$defs"][kind.__name__]
        fields = {field.encode_name for field in msgspec.structs.fields(kind)}
        assert set(schema["properties"]) == fields | {"type"}
        assert schema["properties"]["type"] == {"const": kind.__struct_config__.tag}
        assert schema["description"]


def test_no_definition_is_without_use_and_no_reference_without_definition():
    text = json.dumps(DOCUMENT)
    used = set(re.findall(r'"#/\$defs/(\w+)"', text))
    assert used == set(DOCUMENT["$defs"])


def test_all_codes_are_in_the_document():
    assert DOCUMENT["x-refusals"] == REFUSALS
    assert set(DOCUMENT["x-errors"]) == set(ERRORS)
    assert set(DOCUMENT["x-closes"]) == {str(code) for code in CLOSES}


def test_every_channel_is_listed_with_the_row_that_it_shows():
    assert DOCUMENT["x-channels"] == list(CHANNELS)
    rows = {reference["$ref"] for reference in DOCUMENT["$defs"]["FeedRow"]["oneOf"]}
    for name in CHANNELS:
        listed = DOCUMENT["x-rows"][name]
        assert f"#/$defs/{listed['row']}" in rows
        row = DOCUMENT["$defs"][listed["row"]]
        assert row["properties"]["type"] == {"const": listed["type"]}
        assert set(listed["named_by"]) <= set(row["properties"])
        assert f"`{name}`" in ASYNCAPI["channels"]["feed"]["description"]
    assert len(rows) == len(CHANNELS)


def at(pointer: str) -> Any:
    node: Any = ASYNCAPI
    for step in pointer.removeprefix("#/").split("/"):
        node = node[step]
    return node


def references(node: Any) -> set[str]:
    if isinstance(node, list):
        return {found for part in node for found in references(part)}
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
    return own | {found for part in node.values() for found in references(part)}


def test_every_reference_of_the_asyncapi_document_leads_somewhere():
    assert all(at(pointer) for pointer in references(ASYNCAPI))
    assert not {pointer for pointer in references(ASYNCAPI) if "$defs" in pointer}


def test_the_asyncapi_document_has_every_message_and_topic():
    kinds = [
        *get_args(Event),
        *get_args(ClientMessage),
        *get_args(ServerMessage),
        *get_args(FeedRow),
        Line,
        RejectedRecord,
        DecisionRow,
        SettledRow,
        Posting,
    ]
    tags = {kind.__struct_config__.tag for kind in kinds}
    assert set(ASYNCAPI["components"]["messages"]) == tags
    addresses = {channel["address"] for channel in ASYNCAPI["channels"].values()}
    assert addresses == {"/", *(full_name("parfeed", topic) for topic in ALL)}
    reached = {
        reference["$ref"].rpartition("/")[2]
        for operation in ASYNCAPI["operations"].values()
        for reference in (
            *operation["messages"],
            *operation.get("reply", {}).get("messages", []),
        )
    }
    assert reached == tags


def test_schemas_of_the_asyncapi_document_are_of_draft_7():
    for schema in ASYNCAPI["components"]["schemas"].values():
        jsonschema.Draft7Validator.check_schema(schema)
        assert "prefixItems" not in json.dumps(schema)


def test_an_operations_messages_belong_to_its_channel():
    for operation in ASYNCAPI["operations"].values():
        channel = operation["channel"]["$ref"]
        assert all(
            reference["$ref"].startswith(f"{channel}/messages/")
            for reference in operation["messages"]
        )
