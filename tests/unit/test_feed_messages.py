"""The feed's messages and tables: bounded, told apart by type, complete."""

import json
from typing import get_args

import msgspec
import pytest

from schemas.codec import encode
from schemas.errors import REFUSALS
from schemas.feed import (
    CLOSES,
    ERRORS,
    HTTP_REFUSALS,
    MAX_MESSAGE_BYTES,
    MAX_PRODUCTS,
    ClientMessage,
    Hello,
    Ping,
    Publish,
    ServerMessage,
    Subscribe,
    Unsubscribe,
    Update,
    describe,
)
from schemas.values import from_wire

decode_client = msgspec.json.Decoder(ClientMessage, dec_hook=from_wire).decode
decode_server = msgspec.json.Decoder(ServerMessage, dec_hook=from_wire).decode


def message(**fields: object) -> bytes:
    return json.dumps(fields).encode()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (message(type="hello"), Hello(token=None, client="")),
        (
            message(type="subscribe", id="a", channel="market"),
            Subscribe(
                id="a",
                channel="market",
                products=("*",),
                period=None,
                mode="conflated",
                max_rate=None,
                resume=None,
            ),
        ),
        (message(type="unsubscribe", id="a"), Unsubscribe(id="a")),
        (message(type="ping"), Ping()),
        (
            b'{"type":"publish","id":"a","events":[{"any": "thing"} , 5]}',
            Publish(
                id="a", events=(msgspec.Raw(b'{"any": "thing"}'), msgspec.Raw(b"5"))
            ),
        ),
    ],
    ids=lambda case: type(case).__name__,
)
def test_what_a_client_may_leave_out_has_its_default(raw, expected):
    assert decode_client(raw) == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""),
        ("id", "x" * 65),
        ("id", 5),
        ("channel", "x" * 65),
        ("channel", None),
        ("products", []),
        ("products", "*"),
        ("products", [""]),
        ("products", ["x" * 65]),
        ("products", [22423]),
        ("products", ["x"] * (MAX_PRODUCTS + 1)),
        ("period", "2011-W54"),
        ("period", 201144),
        ("mode", "fast"),
        ("max_rate", 0),
        ("max_rate", -1),
        ("max_rate", 100.5),
        ("max_rate", "5"),
        ("resume", 5),
        ("resume", "x" * 49_153),
        ("maxrate", 5),
    ],
    ids=lambda part: str(part)[:20],
)
def test_a_subscription_out_of_bounds_is_refused_with_its_field(field, value):
    raw = message(**{"type": "subscribe", "id": "a", "channel": "market", field: value})
    with pytest.raises(msgspec.ValidationError, match=field):
        decode_client(raw)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400"])
def test_a_rate_that_is_no_number_is_refused(number):
    raw = b'{"type":"subscribe","id":"a","channel":"market","max_rate":%s}'
    with pytest.raises(msgspec.DecodeError):
        decode_client(raw % number.encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        message(type="shout"),
        message(type="welcome"),
        message(type="hello", token="x" * 4097),
        message(type="hello", client="x" * 129),
        message(type="hello", hello=1),
        message(type="ping", id="a"),
        message(type="unsubscribe"),
        message(type="publish", id="a", events=[]),
        message(type="publish", id="a", events={}),
        message(type="publish", events=[{}]),
    ],
)
def test_what_is_no_message_of_a_client_is_refused(raw):
    with pytest.raises(msgspec.ValidationError):
        decode_client(raw)


@pytest.mark.parametrize(
    "kind", get_args(ClientMessage), ids=lambda kind: kind.__name__
)
def test_a_misspelt_option_of_a_client_never_goes_unnoticed(kind):
    assert kind.__struct_config__.forbid_unknown_fields


@pytest.mark.parametrize(
    "kind", get_args(ServerMessage), ids=lambda kind: kind.__name__
)
def test_a_client_can_read_messages_of_a_newer_server(kind):
    assert not kind.__struct_config__.forbid_unknown_fields


def test_an_update_names_the_cursor_that_it_follows_from():
    update = Update(id="a", from_="1:0", to="1:1", rows=())
    assert json.loads(encode(update)) == {
        "type": "update",
        "id": "a",
        "from": "1:0",
        "to": "1:1",
        "rows": [],
        "merged": 0,
    }
    assert decode_server(encode(update)) == update


def test_no_type_belongs_to_two_messages():
    kinds = (*get_args(ClientMessage), *get_args(ServerMessage))
    assert len({kind.__struct_config__.tag for kind in kinds}) == len(kinds)


def test_the_longest_list_of_products_fits_a_message():
    products = [f"{n:08}" for n in range(MAX_PRODUCTS)]
    raw = json.dumps(
        {"type": "subscribe", "id": "a", "channel": "market", "products": products},
        separators=(",", ":"),
    ).encode()
    assert len(raw) <= MAX_MESSAGE_BYTES
    assert len(decode_client(raw).products) == MAX_PRODUCTS


@pytest.mark.parametrize("code", [*ERRORS, *REFUSALS])
def test_every_code_of_an_error_or_refusal_has_words_for_people(code):
    assert describe(code).endswith(".")


def test_an_error_code_that_refusals_have_too_is_described_as_of_a_message():
    assert describe("malformed") == ERRORS["malformed"].meaning
    assert describe("duplicate") == REFUSALS["duplicate"]


def test_a_code_of_a_newer_server_is_shown_as_it_is():
    assert describe("added_later") == "added_later"


@pytest.mark.parametrize("code", CLOSES)
def test_close_codes_are_those_that_a_websocket_may_send(code):
    # RFC 6455, 7.4: 1004 to 1006 and 1015 are reserved, 3000 to 3999 registered.
    assert code in {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011} or (
        4000 <= code <= 4999
    )
    assert len(CLOSES[code].meaning.encode()) <= 123


def test_a_failed_handshake_has_a_status_of_http():
    assert all(400 <= status <= 599 for status in HTTP_REFUSALS)
