"""The session: the whole machine walked, limits, and what each message brings."""

import msgspec
import pytest
from support.fake_wire import Market, Wire

from feed_server.errors import MessageRefused
from feed_server.session import (
    LISTED_PRODUCTS,
    REFUSALS_AT_ONCE,
    TRANSITIONS,
    Gone,
    State,
)
from feed_server.verdicts import VERDICT_S
from schemas.channels import CHANNELS
from schemas.feed import (
    CLOSES,
    MAX_PRODUCTS,
    ClientMessage,
    Closing,
    Hello,
    Ping,
    Publish,
    Quote,
    Result,
    Subscribe,
    Unsubscribe,
)
from schemas.settings import Settings

MESSAGES = {
    Hello: Hello(),
    Subscribe: Subscribe(id="s", channel="market"),
    Unsubscribe: Unsubscribe(id="old"),
    Publish: Publish(id="p", events=(msgspec.Raw(b"{}"),)),
    Quote: Quote(id="q", product_id="rye"),
    Ping: Ping(),
}


@pytest.fixture
def market():
    return Market()


def wire_in(state, market):
    wire = Wire(market, hello=state is not State.AWAITING_HELLO)
    if state is not State.AWAITING_HELLO:
        wire.subscribe("old")
    if state in (State.CLOSING, State.CLOSED):
        wire.session.close(1001, 5)
        wire.deliver()
    if state is State.CLOSED:
        wire.session.lose()
    assert wire.state is state
    return wire


def visible(wire):
    session = wire.session
    return (
        session.state,
        session.close_code,
        session.client,
        session.wants_heartbeat,
        session.is_full,
        list(session.subscriptions),
        session.events(),
    )


def test_the_table_names_every_state_and_only_known_messages():
    known = {*MESSAGES, Closing, Gone}
    assert set(TRANSITIONS) == set(State)
    assert all(set(moves) <= known for moves in TRANSITIONS.values())
    assert set(MESSAGES) == set(ClientMessage.__args__)


@pytest.mark.parametrize(
    ("state", "kind"),
    [(state, kind) for state in State for kind in TRANSITIONS[state]],
    ids=str,
)
def test_every_move_in_the_table_leads_where_it_says(state, kind, market):
    wire = wire_in(state, market)
    if kind is Closing:
        wire.session.close(1001, 7)
    elif kind is Gone:
        wire.session.lose()
    else:
        wire.session.receive(MESSAGES[kind], market.now)
    assert wire.state is TRANSITIONS[state][kind]
    # An empty market has nothing to quote; that is no fault of the moment.
    errors = {each["code"] for each in wire.deliver() if each["type"] == "error"}
    assert errors == ({"nothing_to_quote"} if kind is Quote else set())


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (state, kind)
        for state in (State.AWAITING_HELLO, State.OPEN)
        for kind in MESSAGES
        if kind not in TRANSITIONS[state]
    ],
    ids=str,
)
def test_a_message_that_is_not_in_the_table_is_an_error_and_no_change(
    state, kind, market
):
    wire = wire_in(state, market)
    before = visible(wire)
    (error,) = wire.say(MESSAGES[kind])
    assert error["type"] == "error"
    assert error["code"] == ("hello_again" if state is State.OPEN else "hello_first")
    assert error.get("id") == getattr(MESSAGES[kind], "id", None)
    assert visible(wire) == before


@pytest.mark.parametrize("kind", MESSAGES, ids=str)
@pytest.mark.parametrize("state", [State.CLOSING, State.CLOSED])
def test_nothing_is_answered_after_closing(state, kind, market):
    wire = wire_in(state, market)
    before = visible(wire)
    assert wire.say(MESSAGES[kind]) == []
    wire.session.refuse(MessageRefused("malformed"), market.now)
    wire.session.offer(b"frame")
    wire.session.acknowledge("p", ())
    wire.session.close(1011)
    wire.session.beat()
    assert wire.deliver() == []
    assert visible(wire) == before


def test_hello_is_answered_with_what_the_client_may_do(market):
    settings = Settings(
        max_subscriptions=7, publish_per_s=9, heartbeat_s=2.5, period="hour"
    )
    wire = Wire(market, settings, hello=False)
    (welcome,) = wire.say(Hello(client="probe/1"))
    assert welcome == {
        "type": "welcome",
        "epoch": "ab",
        "server": "server-1",
        "limits": {
            "message_bytes": 65_536,
            "subscriptions": 7,
            "publish_per_s": 9,
            "verdict_s": VERDICT_S,
        },
        "heartbeat_s": 2.5,
        "channels": list(CHANNELS),
        "period": "hour",
    }
    assert wire.session.client == "probe/1"


def test_a_subscription_under_the_same_id_replaces_the_old_one(market):
    market.change("rye")
    market.change("salt")
    wire = Wire(market)
    wire.subscribe(products=("rye",))
    wire.subscribe(products=("salt",))
    assert wire.reader.sequences("s") == {"salt": 1}
    market.change("rye")
    assert wire.tick() == []
    market.change("salt")
    assert len(wire.tick()) == 1
    assert len(wire.session.subscriptions) == 1


def test_a_refused_replacement_leaves_the_old_one_standing(market):
    wire = Wire(market)
    wire.subscribe(products=("rye",))
    (error,) = wire.subscribe(resume="none")
    assert error["code"] == "invalid_cursor"
    market.change("rye")
    assert len(wire.tick()) == 1


def test_an_ended_subscription_gets_nothing_more(market):
    wire = Wire(market)
    wire.subscribe("a")
    wire.subscribe("b")
    assert wire.say(Unsubscribe(id="a")) == []
    market.change("rye")
    (update,) = wire.tick()
    assert update["id"] == "b"
    assert set(wire.beat()["checksum"]) == {"b"}


def test_ending_what_is_not_there_is_an_error(market):
    (error,) = Wire(market).say(Unsubscribe(id="none"))
    assert (error["code"], error["id"]) == ("unknown_subscription", "none")
    assert error["retry"] is False


def test_subscriptions_are_limited_and_replacing_one_is_not_one_more(market):
    wire = Wire(market, Settings(max_subscriptions=2))
    wire.subscribe("a")
    wire.subscribe("b")
    (error,) = wire.subscribe("c")
    assert error["code"] == "too_many_subscriptions"
    assert wire.subscribe("b")[0]["type"] == "snapshot"
    wire.say(Unsubscribe(id="a"))
    assert wire.subscribe("c")[0]["type"] == "snapshot"


def test_listed_products_are_limited_in_all(market):
    wire = Wire(market)
    names = tuple(f"p{number}" for number in range(MAX_PRODUCTS))
    for number in range(LISTED_PRODUCTS // MAX_PRODUCTS):
        assert wire.subscribe(f"s{number}", products=names)[0]["type"] == "snapshot"
    (error,) = wire.subscribe("more", products=("rye", "salt"))
    assert error["code"] == "too_many_subscriptions"
    assert wire.subscribe("s0", products=names)[0]["type"] == "snapshot"


def test_events_are_handed_on_once_and_acknowledged(market):
    wire = Wire(market)
    wire.session.receive(MESSAGES[Publish], market.now)
    assert wire.session.events() == [MESSAGES[Publish]]
    assert wire.session.events() == []
    wire.session.acknowledge(
        "p",
        (
            Result(event_id="e1", topic="bids", partition=2, offset=9),
            Result(event_id=None, error="malformed", detail="not JSON"),
        ),
    )
    assert wire.deliver() == [
        {
            "type": "ack",
            "id": "p",
            "results": [
                {"event_id": "e1", "topic": "bids", "partition": 2, "offset": 9},
                {"event_id": None, "error": "malformed", "detail": "not JSON"},
            ],
        }
    ]


def test_events_over_the_rate_are_refused_whole_and_may_come_again(market):
    wire = Wire(market, Settings(publish_per_s=10))
    eight = Publish(id="p", events=(msgspec.Raw(b"{}"),) * 8)
    assert wire.say(eight) == []
    (error,) = wire.say(eight)
    assert (error["code"], error["id"], error["retry"]) == ("rate_exceeded", "p", True)
    assert len(wire.session.events()) == 1
    market.now += 0.6
    assert wire.say(eight) == []


def test_a_ping_asks_for_a_heartbeat(market):
    wire = Wire(market)
    assert wire.say(Ping()) == []
    assert wire.session.wants_heartbeat
    assert wire.beat()["type"] == "heartbeat"
    assert not wire.session.wants_heartbeat


def test_who_is_full_is_sent_no_heartbeats(market):
    wire = Wire(market)
    wire.session.fill(market.now)
    wire.session.beat()
    assert wire.deliver() == []


def test_nothing_but_answers_is_sent_before_hello(market):
    wire = Wire(market, hello=False)
    wire.session.beat()
    wire.session.offer(b"frame")
    assert wire.session.messages_to_send() == []


def test_too_many_refusals_close_the_session(market):
    wire = Wire(market)
    for _ in range(REFUSALS_AT_ONCE):
        assert [answer["type"] for answer in wire.say(Hello())] == ["error"]
    error, closing = wire.say(Hello())
    assert error["type"] == "error"
    assert (closing["type"], closing["code"]) == ("closing", 4003)
    assert closing["reconnect_ms"] is None
    assert wire.session.close_code == 4003


def test_refusals_are_forgiven_with_time(market):
    wire = Wire(market)
    for _ in range(5 * REFUSALS_AT_ONCE):
        market.now += 1.0
        wire.say(Hello())
    assert wire.state is State.OPEN


def test_refusals_that_say_to_try_again_close_nothing(market):
    wire = Wire(market)
    for _ in range(5 * REFUSALS_AT_ONCE):
        wire.session.refuse(MessageRefused("overloaded", "", "p"), market.now)
    assert wire.state is State.OPEN


@pytest.mark.parametrize("code", CLOSES)
def test_closing_says_when_to_come_back_only_where_that_helps(code, market):
    wire = Wire(market)
    wire.session.close(code, 250)
    (closing,) = wire.deliver()
    assert (closing["type"], closing["code"]) == ("closing", code)
    assert closing["reason"] == CLOSES[code].meaning
    assert closing["reconnect_ms"] == (250 if CLOSES[code].retry else None)
    assert wire.session.close_code == code


def test_a_session_that_closes_is_in_no_group_any_more(market):
    wire = Wire(market)
    wire.subscribe()
    wire.session.close(1001)
    assert wire.session.subscriptions == {}
    assert len(market.channels._groups) == 0


def test_who_says_no_hello_is_to_be_closed(market):
    wire = Wire(market, Settings(hello_timeout_s=3.0), hello=False)
    assert wire.session.check(market.now + 2.9) is None
    assert wire.session.check(market.now + 3.0) == 4002
    wire.say(Hello())
    assert wire.session.check(market.now + 99.0) is None


def test_who_stays_full_is_to_be_closed(market):
    wire = Wire(market, Settings(slow_limit_s=4.0))
    wire.session.fill(market.now)
    assert wire.session.check(market.now + 3.9) is None
    assert wire.session.check(market.now + 4.0) == 4001


def test_who_drains_in_time_begins_anew(market):
    wire = Wire(market, Settings(slow_limit_s=4.0))
    wire.session.fill(market.now)
    wire.session.drain()
    assert wire.session.check(market.now + 99.0) is None
    wire.session.fill(market.now + 99.0)
    assert wire.session.check(market.now + 102.0) is None


def test_a_large_snapshot_has_an_allowance_of_its_own(market):
    settings = Settings(slow_limit_s=4.0, subscriber_buffer_bytes=65_536)
    for number in range(400):
        market.change(f"product-{number}")
    wire = Wire(market, settings)
    wire.session.receive(MESSAGES[Subscribe], market.now)
    (frame,) = wire.session.messages_to_send()
    wire.session.fill(market.now)
    allowed_s = 4.0 * (1 + len(frame) / 65_536)
    assert len(frame) > 3 * 65_536
    assert wire.session.check(market.now + allowed_s - 0.1) is None
    assert wire.session.check(market.now + allowed_s) == 4001
    wire.session.receive(MESSAGES[Subscribe], market.now)
    assert wire.session.check(market.now + allowed_s) is None
    wire.session.drain()
    wire.session.fill(market.now)
    assert wire.session.check(market.now + 4.0) == 4001


def test_allowances_of_snapshots_that_were_read_do_not_add_up(market):
    wire = Wire(market, Settings(slow_limit_s=4.0))
    for number in range(400):
        market.change(f"product-{number}")
    for _ in range(50):
        wire.subscribe()
    wire.session.fill(market.now)
    assert wire.session.check(market.now + 6.0) == 4001


def test_what_was_under_way_is_dropped_when_the_connection_goes(market):
    wire = Wire(market)
    wire.session.receive(MESSAGES[Publish], market.now)
    wire.session.receive(MESSAGES[Subscribe], market.now)
    wire.session.lose()
    assert wire.session.events() == []
    assert wire.session.messages_to_send() == []
    wire.session.lose()
    assert wire.state is State.CLOSED
