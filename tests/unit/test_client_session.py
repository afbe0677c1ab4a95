from decimal import Decimal

import msgspec
import pytest
from support.joined import Joined, Log, Server, new_client, row_bytes

from parfeed.client.errors import InvalidRequest, ServerViolation
from parfeed.client.happenings import (
    Answered,
    Arrived,
    Complained,
    Declined,
    Mismatched,
    Missed,
    Proved,
    Voided,
)
from parfeed.client.replica import checksum_of
from parfeed.client.session import Session
from parfeed.client.states import TRANSITIONS, State
from schemas.feed import (
    Ack,
    Closing,
    Error,
    Heartbeat,
    Limits,
    Quoted,
    Resync,
    ServerMessage,
    Snapshot,
    Subscribe,
    Update,
    Watermark,
    Welcome,
)
from schemas.values import Period

WELCOME = Welcome(
    epoch="e1",
    server="test",
    limits=Limits(message_bytes=65_536, subscriptions=9, publish_per_s=10_000),
    heartbeat_s=1.0,
)
MARKET = Subscribe(id="-", channel="market")

MESSAGES: dict[type, ServerMessage] = {
    type(message): message
    for message in (
        WELCOME,
        Snapshot(id="s1", cursor="c1", rows=()),
        Update(id="s1", from_="c1", to="c2", rows=()),
        Heartbeat(cursor="c1", checksum={}, watermark=Watermark()),
        Resync(id="s1", reason="test"),
        Quoted(
            id="q1", product_id="rye", period=Period("2011-W44"), quantity=Decimal(1)
        ),
        Error(code="malformed", message="test", retry=False),
        Closing(code=1001, reason="stop", reconnect_ms=5),
    )
}


def in_state(state: State) -> Session:
    client = new_client()
    if state is not State.DISCONNECTED:
        client.connect()
        client.messages_to_send(0.0)
    if state in (State.OPEN, State.CLOSING, State.ENDED):
        client.receive(WELCOME, 0.0)
    if state is State.CLOSING:
        client.receive(MESSAGES[Closing], 0.0)
    if state is State.ENDED:
        client.receive(Closing(code=4003, reason="mend", reconnect_ms=None), 0.0)
        client.lose(4003, "mend")
    assert client.state is state
    return client


def open_with_rows(*rows: bytes) -> tuple[Session, str]:
    client = in_state(State.OPEN)
    subscription_id = client.subscribe(MARKET)
    client.messages_to_send(0.0)
    raws = tuple(map(msgspec.Raw, rows))
    client.receive(Snapshot(id=subscription_id, cursor="c1", rows=raws), 0.0)
    client.events()
    return client, subscription_id


def asked(client: Session, now: float = 0.0) -> list[Subscribe]:
    return [
        msgspec.json.decode(message, type=Subscribe)
        for message in client.messages_to_send(now)
        if message.startswith(b'{"type":"subscribe"')
    ]


# The states.


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", MESSAGES)
def test_every_message_moves_the_state_as_the_table_says_or_not_at_all(
    state: State, kind: type
) -> None:
    client = in_state(state)
    following = TRANSITIONS[state].get(kind)
    if following is None:
        with pytest.raises(ServerViolation, match=state.value):
            client.receive(MESSAGES[kind], 0.0)
        assert client.state is state
    else:
        client.receive(MESSAGES[kind], 0.0)
        assert client.state is following


def test_hello_comes_first_and_alone_until_the_welcome() -> None:
    client = new_client()
    client.subscribe(MARKET)
    client.publish([b"{}"])
    client.connect()
    assert client.messages_to_send(0.0) == [
        b'{"type":"hello","token":null,"client":"test"}'
    ]
    assert client.messages_to_send(0.0) == []
    client.receive(WELCOME, 0.0)
    kinds = [msgspec.json.decode(m)["type"] for m in client.messages_to_send(0.0)]
    assert kinds == ["subscribe", "publish"]


def test_nothing_is_said_without_a_connection_or_after_closing() -> None:
    for state in (State.DISCONNECTED, State.CLOSING, State.ENDED):
        client = in_state(state)
        client.subscribe(MARKET)
        client.publish([b"{}"])
        assert client.messages_to_send(0.0) == []
        assert client.wake_at(0.0) is None


@pytest.mark.parametrize("code", [None, 1001, 1006, 1011, 1012, 4001, 4004, 4005, 4999])
def test_a_connection_that_broke_or_may_be_made_again_is_not_the_end(
    code: int | None,
) -> None:
    client = in_state(State.OPEN)
    assert client.lose(code, "") is None
    assert client.state is State.DISCONNECTED
    assert client.reconnect_s is None


@pytest.mark.parametrize("code", [1000, 1002, 1009, 4002, 4003])
def test_a_code_that_says_not_to_come_back_is_the_end(code: int) -> None:
    client = in_state(State.OPEN)
    closing = client.lose(code, "why")
    assert closing is not None
    assert (closing.code, closing.reason) == (code, "why")
    assert client.state is State.ENDED


def test_closing_says_when_to_come_back() -> None:
    client = in_state(State.OPEN)
    client.receive(Closing(code=1001, reason="stop", reconnect_ms=750), 0.0)
    assert client.lose(1001, "") is None
    assert client.reconnect_s == 0.75
    client.connect()
    assert client.reconnect_s is None


def test_closing_without_a_time_is_the_end_whatever_the_code() -> None:
    client = in_state(State.OPEN)
    client.receive(Closing(code=1001, reason="moved", reconnect_ms=None), 0.0)
    assert client.lose(1001, "") is not None
    assert client.state is State.ENDED


# Subscriptions.


def test_a_subscription_resumes_from_its_cursor_on_the_next_connection() -> None:
    client, subscription_id = open_with_rows(row_bytes("a"))
    client.receive(Update(id=subscription_id, from_="c1", to="c2", rows=()), 0.0)
    client.lose(None, "")
    assert not client.subscribed(subscription_id).replica.is_current
    client.connect()
    client.receive(WELCOME, 0.0)
    (request,) = asked(client)
    assert (request.id, request.resume) == (subscription_id, "c2")


def test_a_new_epoch_voids_all_cursors() -> None:
    client, subscription_id = open_with_rows(row_bytes("a"))
    client.lose(None, "")
    client.connect()
    client.receive(msgspec.structs.replace(WELCOME, epoch="e2"), 0.0)
    assert client.events() == [Voided(subscription_id, "a new epoch")]
    (request,) = asked(client)
    assert request.resume is None


def test_a_gap_asks_again_from_the_cursor_once() -> None:
    client, subscription_id = open_with_rows(row_bytes("a"))
    for _ in range(3):
        client.receive(Update(id=subscription_id, from_="c5", to="c6", rows=()), 0.0)
    assert client.events() == [Missed(subscription_id, "c1", "c5")]
    assert client.gaps == 1
    (request,) = asked(client)
    assert request.resume == "c1"


def test_a_mismatch_asks_for_all_rows_at_once_then_ever_less_often() -> None:
    client, subscription_id = open_with_rows(row_bytes("a"))
    wrong = Heartbeat(
        cursor="c2", checksum={subscription_id: 1}, watermark=Watermark(lag_ms=3.0)
    )
    now = 0.0
    for pause in (0.0, 2.0, 4.0, 8.0):
        client.receive(wrong, now)
        mine = checksum_of([row_bytes("a")])
        assert client.events()[0] == Mismatched(subscription_id, mine, 1, "c2")
        if pause:
            assert asked(client, now + pause * 0.99) == []
            assert client.wake_at(now) == now + pause
        now += pause
        (request,) = asked(client, now)
        assert request.resume is None
        rows = (msgspec.Raw(row_bytes("a")),)
        client.receive(Snapshot(id=subscription_id, cursor="c2", rows=rows), now)
        client.events()
    assert client.mismatches == 4
    right = msgspec.structs.replace(wrong, checksum={subscription_id: mine})
    client.receive(right, now)
    client.receive(wrong, now)
    assert len(asked(client, now)) == 1


def test_a_heartbeat_moves_cursor_and_watermark() -> None:
    client, subscription_id = open_with_rows(row_bytes("a"))
    checksum = {subscription_id: checksum_of([row_bytes("a")]), "unknown": 5}
    watermark = Watermark(lag_ms=4.5)
    client.receive(Heartbeat(cursor="c7", checksum=checksum, watermark=watermark), 0.0)
    assert client.events() == [Proved()]
    assert client.subscribed(subscription_id).replica.cursor == "c7"
    assert client.watermark == watermark


def test_a_resync_voids_until_the_snapshot_comes() -> None:
    client, subscription_id = open_with_rows(row_bytes("a"))
    client.receive(Resync(id=subscription_id, reason="moved"), 0.0)
    assert client.events() == [Voided(subscription_id, "moved")]
    replica = client.subscribed(subscription_id).replica
    assert (replica.cursor, replica.is_current) == (None, False)
    client.receive(Snapshot(id=subscription_id, cursor="c9", rows=()), 0.0)
    assert client.events() == [Arrived(subscription_id)]
    assert (replica.cursor, replica.is_current) == ("c9", True)


def test_a_subscription_refused_for_good_has_ended() -> None:
    client = in_state(State.OPEN)
    subscription_id = client.subscribe(MARKET)
    asked(client)
    error = Error(id=subscription_id, code="unknown_channel", message="x", retry=False)
    client.receive(error, 0.0)
    assert client.events() == [Declined(subscription_id, "unknown_channel", "x")]
    client.lose(None, "")
    client.connect()
    client.receive(WELCOME, 0.0)
    assert asked(client) == []


def test_a_subscription_refused_for_now_is_asked_for_again_later() -> None:
    client = in_state(State.OPEN)
    subscription_id = client.subscribe(MARKET)
    asked(client)
    error = Error(id=subscription_id, code="overloaded", message="x", retry=True)
    client.receive(error, 0.0)
    assert client.events() == []
    wake_at = client.wake_at(0.0)
    assert wake_at is not None
    assert wake_at > 0
    assert len(asked(client, wake_at)) == 1


def test_a_cursor_that_the_server_refuses_is_given_up() -> None:
    client, subscription_id = open_with_rows(row_bytes("a"))
    client.lose(None, "")
    client.connect()
    client.receive(WELCOME, 0.0)
    asked(client)
    error = Error(id=subscription_id, code="invalid_cursor", message="x", retry=False)
    client.receive(error, 0.0)
    (request,) = asked(client)
    assert request.resume is None


def test_after_unsubscribing_what_is_under_way_is_left_aside() -> None:
    client, subscription_id = open_with_rows(row_bytes("a"))
    client.unsubscribe(subscription_id)
    client.unsubscribe(subscription_id)
    assert len(client.messages_to_send(0.0)) == 1
    client.receive(Snapshot(id=subscription_id, cursor="c2", rows=()), 0.0)
    client.receive(Update(id=subscription_id, from_="c1", to="c2", rows=()), 0.0)
    client.receive(Resync(id=subscription_id, reason=""), 0.0)
    crossed = Error(
        id=subscription_id, code="unknown_subscription", message="", retry=False
    )
    client.receive(crossed, 0.0)
    assert client.events() == []


def test_a_list_of_products_too_long_for_a_message_is_refused_with_the_cure() -> None:
    client = new_client()
    products = tuple(f"{n:064}" for n in range(2_000))
    with pytest.raises(InvalidRequest, match="ask for fewer, or all"):
        client.subscribe(msgspec.structs.replace(MARKET, products=products))
    assert client.subscribe(msgspec.structs.replace(MARKET, period=Period("2011-W44")))
    with pytest.raises(InvalidRequest, match="max_rate"):
        client.subscribe(msgspec.structs.replace(MARKET, max_rate=1e9))


def test_a_cursor_that_does_not_fit_beside_the_products_is_left_out() -> None:
    client = in_state(State.OPEN)
    products = tuple(f"{n:064}" for n in range(960))
    subscription_id = client.subscribe(
        msgspec.structs.replace(MARKET, products=products)
    )
    assert len(asked(client)) == 1
    client.receive(Snapshot(id=subscription_id, cursor="c" * 9_000, rows=()), 0.0)
    client.lose(None, "")
    client.connect()
    client.receive(WELCOME, 0.0)
    (request,) = asked(client)
    assert request.resume is None


# Publishing.


def test_an_answer_completes_its_submission() -> None:
    client = in_state(State.OPEN)
    submission = client.publish([b'{"event_id":"e1"}'])
    (message,) = client.messages_to_send(0.0)
    assert msgspec.json.decode(message)["id"] == "p1"
    with pytest.raises(ServerViolation):
        client.receive(Ack(id="p1", results=()), 0.0)
    assert client.state is State.OPEN
    error = Error(id="p1", code="malformed", message="x", retry=False)
    client.receive(error, 0.0)
    assert client.events() == [Answered(submission)]


def test_an_error_that_belongs_to_nothing_is_told() -> None:
    client = in_state(State.OPEN)
    client.receive(Error(code="malformed", message="x", retry=False), 0.0)
    assert client.events() == [Complained("malformed", "x")]


# Both ends.


def test_two_ends_agree_through_snapshot_updates_heartbeats_and_a_cut() -> None:
    log = Log()
    for product in "abcdef":
        log.write(product)
    joined = Joined(new_client())
    subscription_id = joined.client.subscribe(MARKET)
    replica = joined.client.subscribed(subscription_id).replica
    server = Server(log)
    joined.connect(server)
    joined.settle()
    assert replica.rows == log.newest()
    log.write("a")
    joined.tick()
    joined.settle()
    log.write("g")
    joined.tick()
    joined.cut()  # The update with g is lost on its way.
    log.write("b")
    joined.connect(Server(log))
    joined.settle()
    assert replica.is_current
    assert replica.rows == log.newest()
    joined.beat()
    joined.settle()
    assert joined.client.mismatches == joined.client.gaps == 0
    assert replica.checksum == checksum_of(log.newest().values())


def test_a_server_with_another_log_gives_its_own_rows_and_no_mixture() -> None:
    log, other = Log("e1"), Log("e2")
    for product in "abc":
        log.write(product)
    other.write("z")
    joined = Joined(new_client())
    replica = joined.client.subscribed(joined.client.subscribe(MARKET)).replica
    joined.connect(Server(log))
    joined.settle()
    joined.cut()
    joined.connect(Server(other))
    joined.settle()
    assert replica.rows == other.newest()


def test_a_server_that_is_behind_the_cursor_resyncs() -> None:
    log = Log()
    log.write("a")
    behind = Server(log)
    behind.read()
    log.write("a")
    joined = Joined(new_client())
    replica = joined.client.subscribed(joined.client.subscribe(MARKET)).replica
    joined.connect(Server(log))
    joined.settle()
    joined.cut()
    behind.read = lambda: None  # type: ignore[method-assign]  # it reads no further
    joined.connect(behind)
    joined.settle()
    assert replica.is_current
    assert replica.rows != log.newest()
    assert replica.cursor == str(behind.channels.view.cursor)


# What is left.


def test_a_session_has_one_connection_at_a_time() -> None:
    client = in_state(State.OPEN)
    with pytest.raises(AssertionError, match="while open"):
        client.connect()


def test_the_heartbeat_is_what_the_welcome_says() -> None:
    client = new_client()
    assert client.heartbeat_s == 1.0
    client.connect()
    client.receive(msgspec.structs.replace(WELCOME, heartbeat_s=0.25), 0.0)
    assert client.heartbeat_s == 0.25


def test_a_heartbeat_proves_nothing_while_rows_are_asked_for() -> None:
    client, subscription_id = open_with_rows(row_bytes("a"))
    client.receive(Update(id=subscription_id, from_="c8", to="c9", rows=()), 0.0)
    beat = Heartbeat(cursor="c9", checksum={subscription_id: 1}, watermark=Watermark())
    client.receive(beat, 0.0)
    assert client.mismatches == 0
    assert client.subscribed(subscription_id).replica.cursor == "c1"


def test_events_that_wait_for_the_allowed_rate_wake_the_session() -> None:
    client = in_state(State.OPEN)
    client.publish([b"{}"] * 9_000)
    client.messages_to_send(0.0)
    for number in range(1, 9):
        error = Error(id=f"p{number}", code="overloaded", message="", retry=True)
        client.receive(error, 0.0)
    wake_at = client.wake_at(0.0)
    assert wake_at is not None
    assert client.messages_to_send(wake_at)


def test_withdrawn_events_are_not_sent() -> None:
    client = in_state(State.OPEN)
    client.withdraw(client.publish([b"{}"]))
    assert client.messages_to_send(0.0) == []
    assert client.wake_at(0.0) is None
