"""
PURE. The protocol as documents that machines read: JSON Schema and AsyncAPI.

Both are made from the structs and tables of `schemas/`, and nothing in them is written
twice. The files in `schemas/json/` are their texts; a test fails when those are stale.
"""

import json
from typing import Any, Final, get_args

import msgspec

from schemas.channels import CHANNELS, FeedRow
from schemas.errors import REFUSALS
from schemas.events import Event
from schemas.feed import (
    CLOSES,
    ERRORS,
    HTTP_REFUSALS,
    MAX_MESSAGE_BYTES,
    SUBPROTOCOL,
    ClientMessage,
    Code,
    Error,
    ServerMessage,
    Welcome,
)
from schemas.json_schema import Schema, definitions, reference
from schemas.rows import Line, RejectedRecord
from schemas.settings import Settings
from schemas.topics import (
    ACCOUNTS,
    AGENDA,
    ALL,
    DECISIONS,
    EPOCH,
    LINES,
    MARKET,
    POSTINGS,
    REJECTED,
    REQUESTS,
    SOURCES,
    Topic,
    full_name,
)
from schemas.trading_rows import DecisionRow, Posting, SettledRow

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
VERSION: Final = "1.2.0"
"""Of the protocol `parfeed.v1`: the second figure counts additions."""

ABOUT: Final = (
    "The live feed of a participatory economy: planned and unplanned supply, demand "
    "and price of every product in every period, exact and resumable."
)

_RAW: Final = {
    ("Publish", "events"): "Event",
    ("Snapshot", "rows"): "FeedRow",
    ("Update", "rows"): "FeedRow",
}
_UNIONS: Final[dict[str, Any]] = {
    "Event": Event,
    "ClientMessage": ClientMessage,
    "ServerMessage": ServerMessage,
    "FeedRow": FeedRow,
}
_ROWS: Final[dict[Topic, tuple[type[msgspec.Struct], ...]]] = {
    MARKET: tuple(each.row for each in CHANNELS.values() if not each.is_private),
    LINES: (Line,),
    ACCOUNTS: tuple(each.row for each in CHANNELS.values() if each.is_private),
    DECISIONS: (DecisionRow, SettledRow),
    POSTINGS: (Posting,),
    REJECTED: (RejectedRecord,),
}
_UNSHOWN: Final = (Line, DecisionRow, SettledRow, Posting, RejectedRecord)
"""Rows of topics alone: no channel shows them."""


def json_schema() -> Schema:
    """Return the JSON Schema of all events, rows and messages, and the codes."""
    return {
        "$schema": DIALECT,
        "$id": "urn:parfeed:v1",
        "title": "parfeed",
        "description": f"{ABOUT} Validate an event against #/$defs/Event, a message "
        "against #/$defs/ClientMessage or #/$defs/ServerMessage.",
        "oneOf": [
            reference(name)
            for name in (*_UNIONS, *(kind.__name__ for kind in _UNSHOWN))
        ],
        "$defs": _definitions(),
        "x-refusals": dict(REFUSALS),
        "x-errors": _codes(ERRORS),
        "x-closes": _codes(CLOSES),
        "x-handshake": {str(status): text for status, text in HTTP_REFUSALS.items()},
        "x-channels": list(CHANNELS),
        "x-rows": {
            channel.name: {
                "description": channel.about,
                "row": channel.row.__name__,
                "type": channel.row_type,
                "named_by": list(channel.named_by),
                "by_product": channel.is_by_product,
                "private": channel.is_private,
            }
            for channel in CHANNELS.values()
        },
    }


def asyncapi() -> Schema:
    """Return the AsyncAPI 3.0 document of the feed and of the topics behind it."""
    settings = Settings()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "parfeed",
            "version": VERSION,
            "description": ABOUT,
            "license": {
                "name": "Apache-2.0",
                "url": "https://www.apache.org/licenses/LICENSE-2.0",
            },
        },
        "defaultContentType": "application/json",
        "servers": {
            "feed": {
                "host": f"{settings.host}:{settings.port}",
                "pathname": "/",
                "protocol": "ws",
                "description": f"A feed server; subprotocol {SUBPROTOCOL}, messages "
                f"of at most {MAX_MESSAGE_BYTES} bytes, text frames only.",
            },
            "kafka": {
                "host": "127.0.0.1:9092",
                "protocol": "kafka",
                "description": "The Kafka that PARFEED_BROKER names. Producers use "
                "the partitioner murmur2 (librdkafka: murmur2_random).",
            },
        },
        "channels": {
            "feed": {
                "address": "/",
                "description": "One websocket carries all subscriptions; `subscribe` "
                f"names a channel: {_channel_list()}.",
                "servers": [{"$ref": "#/servers/feed"}],
                "messages": _message_references((*_kinds("ClientMessage"),))
                | _message_references((*_kinds("ServerMessage"),)),
            },
            **{topic.name: _topic_channel(topic, settings) for topic in ALL},
        },
        "operations": _operations(),
        "components": {
            "messages": _messages(),
            "schemas": _for_asyncapi(_definitions()),
        },
    }


def text(document: Schema) -> str:
    """Return the document as the text of its file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _kinds(union: str) -> tuple[type[msgspec.Struct], ...]:
    return get_args(_UNIONS[union])


def _all_kinds() -> list[type[msgspec.Struct]]:
    return [*(kind for union in _UNIONS for kind in _kinds(union)), *_UNSHOWN]


def _channel_list() -> str:
    return ", ".join(
        f"`{channel.name}` ({channel.row.__name__})" for channel in CHANNELS.values()
    )


def _definitions() -> dict[str, Schema]:
    unions: dict[str, Schema] = {
        name: {
            "title": name,
            "oneOf": [reference(kind.__name__) for kind in _kinds(name)],
        }
        for name in _UNIONS
    }
    return unions | definitions(_all_kinds(), _RAW)


def _codes(table: dict[Any, Code]) -> dict[str, Schema]:
    return {
        str(code): {"retry": entry.retry, "meaning": entry.meaning}
        for code, entry in table.items()
    }


def _messages() -> dict[str, Schema]:
    return {
        _tag(kind): {
            "name": _tag(kind),
            "title": kind.__name__,
            "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
        }
        for kind in _all_kinds()
    }


def _tag(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


def _message_references(kinds: tuple[type[msgspec.Struct], ...]) -> dict[str, Schema]:
    return {
        _tag(kind): {"$ref": f"#/components/messages/{_tag(kind)}"} for kind in kinds
    }


def _kinds_of(topic: Topic) -> tuple[type[msgspec.Struct], ...]:
    if topic.event_types:
        kinds = _kinds("Event")
        return tuple(kind for kind in kinds if _tag(kind) in topic.event_types)
    return _ROWS.get(topic, ())


def _topic_channel(topic: Topic, settings: Settings) -> Schema:
    partitions = 1 if topic.single_partition else settings.partitions
    config = topic.config()
    kafka: Schema = {"cleanup.policy": [config["cleanup.policy"]]}
    if "retention.ms" in config:
        kafka["retention.ms"] = int(config["retention.ms"])
    name = full_name(settings.topic_prefix, topic)
    return {
        "address": name,
        "description": f"{topic.about} Key: {topic.key}.",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": _message_references(_kinds_of(topic)),
        "bindings": {
            "kafka": {
                "topic": name,
                "partitions": partitions,
                "replicas": settings.replication,
                "topicConfiguration": kafka,
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operations() -> dict[str, Schema]:
    # From the side of parfeed: it receives what clients send.
    feed = "#/channels/feed"
    operations: dict[str, Schema] = {}
    answers = {
        "hello": "welcome",
        "publish": "ack",
        "quote": "quoted",
        "ping": "heartbeat",
    }
    for kind in _kinds("ClientMessage"):
        tag = _tag(kind)
        operation: Schema = {
            "action": "receive",
            "channel": {"$ref": feed},
            "summary": (kind.__doc__ or "").strip().partition("\n")[0],
            "messages": [{"$ref": f"{feed}/messages/{tag}"}],
        }
        if tag in answers:
            operation["reply"] = {
                "channel": {"$ref": feed},
                "messages": [
                    {"$ref": f"{feed}/messages/{answers[tag]}"},
                    {"$ref": f"{feed}/messages/{_tag(Error)}"},
                ],
            }
        operations[tag] = operation
    for kind in _kinds("ServerMessage"):
        if _tag(kind) not in {_tag(Welcome), "ack", "quoted"}:
            operations[_tag(kind)] = {
                "action": "send",
                "channel": {"$ref": feed},
                "summary": (kind.__doc__ or "").strip().partition("\n")[0],
                "messages": [{"$ref": f"{feed}/messages/{_tag(kind)}"}],
            }
    for topic in ALL:
        if topic is not EPOCH:
            channel = f"#/channels/{topic.name}"
            is_read = topic in (*SOURCES, AGENDA, REQUESTS)
            operations[f"{'fold' if is_read else 'write'}_{topic.name}"] = {
                "action": "receive" if is_read else "send",
                "channel": {"$ref": channel},
                "messages": [
                    {"$ref": f"{channel}/messages/{_tag(kind)}"}
                    for kind in _kinds_of(topic)
                ],
            }
    return operations


def _for_asyncapi(schema: Any) -> Any:
    # AsyncAPI's schemas are those of JSON Schema's draft 7, and lie elsewhere.
    if isinstance(schema, list):
        return [_for_asyncapi(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    adapted: Schema = {}
    for key, value in schema.items():
        if key == "$ref":
            adapted[key] = value.replace("#/$defs/", "#/components/schemas/")
        else:
            adapted["items" if key == "prefixItems" else key] = _for_asyncapi(value)
    return adapted
