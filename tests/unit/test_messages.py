"""Clients' messages: each one is taken, or refused with what is wrong."""

import pytest

from feed_server.errors import MAX_MESSAGE, MessageRefused
from feed_server.messages import decode_message
from schemas.feed import Hello, Ping, Publish, Subscribe, Unsubscribe

MALFORMED = [
    "",
    " ",
    "{",
    "nonsense",
    "[]",
    "3",
    "null",
    '"hello"',
    '{"type":"ping"} {"type":"ping"}',
    '{"type":"ping",}',
    "{'type':'ping'}",
    '{"type":NaN}',
    "[" * 30_000,
    '{"type":"publish","id":"p","events":[' + "[" * 30_000,
    '{"type":"publish","id":"p","events":[' + '{"a":' * 10_000 + "1" + "}" * 10_000,
    '{"type":"ping"}\x00',
    "\ufeff" + '{"type":"ping"}',
    '{"type":"unsubscribe","id":"\\ud800"}',
]
UNKNOWN_TYPE = [
    "{}",
    '{"type":null}',
    '{"type":"hullo"}',
    '{"type":"Hello"}',
    '{"type":["hello"]}',
    '{"type":"welcome"}',
    '{"id":"s"}',
]
INVALID_FIELD = [
    '{"type":"hello","tokn":"x"}',
    '{"type":"hello","client":7}',
    '{"type":"hello","client":"' + "x" * 129 + '"}',
    '{"type":"hello","token":"' + "x" * 4_097 + '"}',
    '{"type":"subscribe"}',
    '{"type":"subscribe","id":"s"}',
    '{"type":"subscribe","id":"","channel":"market"}',
    '{"type":"subscribe","id":"' + "x" * 65 + '","channel":"market"}',
    '{"type":"subscribe","id":"s","channel":"market","products":[]}',
    '{"type":"subscribe","id":"s","channel":"market","products":"*"}',
    '{"type":"subscribe","id":"s","channel":"market","products":[""]}',
    '{"type":"subscribe","id":"s","channel":"market","products":["\\u0000"]}',
    '{"type":"subscribe","id":"s","channel":"market","period":"2011-W60"}',
    '{"type":"subscribe","id":"s","channel":"market","period":[]}',
    '{"type":"subscribe","id":"s","channel":"market","period":{"a":[1]}}',
    '{"type":"subscribe","id":"s","channel":"market","mode":"fast"}',
    '{"type":"subscribe","id":"s","channel":"market","max_rate":0}',
    '{"type":"subscribe","id":"s","channel":"market","max_rate":1e9}',
    '{"type":"subscribe","id":"s","channel":"market","max_rate":1e400}',
    '{"type":"subscribe","id":"s","channel":"market","max_rate":"1"}',
    '{"type":"subscribe","id":"s","channel":"market","resume":7}',
    '{"type":"subscribe","id":"s","channel":"consumer","party":"\\u0007"}',
    '{"type":"subscribe","id":"s","channel":"consumer","party":7}',
    '{"type":"subscribe","id":"s","channel":"consumer","party":""}',
    '{"type":"quote","id":"q"}',
    '{"type":"quote","product_id":"rye"}',
    '{"type":"quote","id":"q","product_id":"\\u0007"}',
    '{"type":"quote","id":"q","product_id":"rye","party":"\\u0007"}',
    '{"type":"quote","id":"q","product_id":"rye","quantity":"0"}',
    '{"type":"quote","id":"q","product_id":"rye","quantity":"-1"}',
    '{"type":"quote","id":"q","product_id":"rye","quantity":1}',
    '{"type":"quote","id":"q","product_id":"rye","quantity":"1e9"}',
    '{"type":"quote","id":"q","product_id":"rye","period":"now"}',
    '{"type":"quote","id":"q","product_id":"rye","price":"1"}',
    '{"type":"unsubscribe"}',
    '{"type":"unsubscribe","id":7}',
    '{"type":"unsubscribe","id":"a\\nb"}',
    '{"type":"unsubscribe","id":"a\x7fb"}',
    '{"type":"unsubscribe","id":"a\u2028b"}',
    '{"type":"publish","id":"p"}',
    '{"type":"publish","id":"p","events":[]}',
    '{"type":"publish","id":"p","events":{}}',
    '{"type":"ping","id":"x"}',
]


def refusal(text):
    with pytest.raises(MessageRefused) as caught:
        decode_message(text)
    return caught.value


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_no_json_object_is_malformed(text):
    assert refusal(text).code == "malformed"


@pytest.mark.parametrize("text", UNKNOWN_TYPE)
def test_what_has_no_type_of_ours_is_of_unknown_type(text):
    refused = refusal(text)
    assert refused.code == "unknown_type"
    assert "hello, ping, publish, quote, subscribe, unsubscribe" in refused.message


@pytest.mark.parametrize("text", INVALID_FIELD)
def test_a_field_out_of_bounds_is_named(text):
    refused = refusal(text)
    assert refused.code == "invalid_field"
    assert "`" in refused.message


def test_a_refusal_knows_the_id_of_its_message():
    assert refusal('{"type":"unsubscribe","id":"a","x":1}').id == "a"
    assert refusal('{"type":"nothing","id":"a"}').id == "a"


@pytest.mark.parametrize("own", ["7", '""', '"a\\nb"', '"' + "x" * 65 + '"', "[[]]"])
def test_an_id_that_could_be_none_of_ours_is_not_repeated(own):
    assert refusal('{"type":"nothing","id":' + own + "}").id is None


def test_a_refusal_is_short_whatever_was_sent():
    assert len(refusal('{"type":"' + "x" * 60_000 + '"}').message) <= MAX_MESSAGE
    assert len(refusal('{"' + "x" * 60_000 + '":1,"type":"ping"}').message) <= (
        MAX_MESSAGE
    )
    assert "\n" not in refusal('{"type":"a\\nb\n"}').message


def test_good_messages_are_taken():
    assert decode_message('{"type":"hello"}') == Hello()
    assert decode_message(' {"type" : "ping"} ') == Ping()
    assert decode_message('{"type":"unsubscribe","id":"ä"}') == Unsubscribe(id="ä")
    assert decode_message(
        '{"type":"subscribe","id":"s","channel":"market","products":["\\u00e4"]}'
    ) == Subscribe(id="s", channel="market", products=("ä",))


def test_events_are_handed_on_as_they_are():
    message = decode_message('{"type":"publish","id":"p","events":[{ "a":1e400 }, 7]}')
    assert isinstance(message, Publish)
    assert [bytes(raw) for raw in message.events] == [b'{ "a":1e400 }', b"7"]


def test_an_unknown_code_is_an_error_of_ours():
    with pytest.raises(AssertionError, match="not in the table"):
        MessageRefused("no_such_code")


def test_a_refusal_reads_as_code_and_meaning():
    assert str(MessageRefused("hello_first")) == (
        "hello_first: The first message must be `hello`."
    )
