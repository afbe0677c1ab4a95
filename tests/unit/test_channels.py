"""The channels: the strict rule of cursors, frames built once, nobody left behind."""

import pytest
from support.by_the_letter import checksum_of
from support.fake_wire import Market, Wire

from feed_server.errors import MessageRefused
from schemas.errors import IntegrityError
from schemas.feed import Subscribe, Unsubscribe
from schemas.settings import Settings


@pytest.fixture
def market():
    return Market()


def types(messages):
    return [message["type"] for message in messages]


def test_a_subscription_begins_with_a_snapshot_of_what_it_wants(market):
    market.change("rye")
    market.change("salt")
    wire = Wire(market)
    (snapshot,) = wire.subscribe(products=("salt",))
    assert snapshot["type"] == "snapshot"
    assert snapshot["cursor"] == str(market.channels.view.cursor)
    assert wire.reader.sequences("s") == {"salt": 1}


def test_a_change_comes_as_an_update_that_follows_on_the_cursor(market):
    wire = Wire(market)
    wire.subscribe()
    market.change("rye")
    (update,) = wire.tick()
    assert (update["from"], update["to"]) == (
        "ab:0.0",
        str(market.channels.view.cursor),
    )
    assert wire.reader.sequences("s") == {"rye": 1}
    assert wire.tick() == []


def test_changes_of_one_tick_come_in_one_update_newest_only(market):
    wire = Wire(market)
    wire.subscribe()
    for name in ("rye", "salt", "rye", "rye"):
        market.change(name)
    (update,) = wire.tick()
    assert [row["product_id"] for row in update["rows"]] == ["salt", "rye"]
    assert update["merged"] == 2
    assert wire.reader.sequences("s") == {"rye": 3, "salt": 1}


def test_a_stream_gets_every_version_in_order(market):
    wire = Wire(market)
    wire.subscribe(mode="stream")
    for name in ("rye", "salt", "rye"):
        market.change(name)
    (update,) = wire.tick()
    assert [(row["product_id"], row["sequence"]) for row in update["rows"]] == [
        ("rye", 1),
        ("salt", 1),
        ("rye", 2),
    ]
    assert update["merged"] == 0


def test_what_nobody_wants_is_sent_to_nobody(market):
    wire = Wire(market)
    wire.subscribe(products=("salt",))
    market.change("rye")
    assert not market.channels.has_work
    assert wire.tick() == []


def test_equal_subscriptions_share_the_same_bytes(market):
    wires = [Wire(market) for _ in range(3)]
    sent = []
    for wire in wires:
        wire.session.receive(Subscribe(id="s", channel="market"), market.now)
        sent.append(wire.session.messages_to_send()[0])
    market.change("rye")
    market.flush()
    updates = [wire.session.messages_to_send()[0] for wire in wires]
    market.channels.begin_heartbeats()
    for wire in wires:
        wire.session.beat()
    beats = [wire.session.messages_to_send()[0] for wire in wires]
    for frames in (sent, updates, beats):
        assert frames[0] is frames[1] is frames[2]


def test_subscriptions_that_came_at_different_cursors_each_follow_their_own(market):
    early = Wire(market)
    early.subscribe(products=("salt",))
    market.change("rye")
    late = Wire(market)
    late.subscribe(products=("salt",))
    market.change("salt")
    market.flush()
    (one,), (other,) = early.deliver(), late.deliver()
    assert one["from"] != other["from"]
    assert one["to"] == other["to"]
    market.change("salt")
    market.flush()
    assert early.deliver() == late.deliver()


@pytest.mark.parametrize("mode", ["stream", "conflated"])
def test_who_comes_within_a_tick_gets_only_what_its_snapshot_lacks(market, mode):
    first = Wire(market)
    first.subscribe(mode=mode)
    market.change("rye")
    market.change("salt")
    second = Wire(market)
    second.subscribe(mode=mode)
    market.change("salt")
    market.change("oats")
    market.flush()
    (update,) = second.deliver()
    assert [(row["product_id"], row["sequence"]) for row in update["rows"]] == [
        ("salt", 2),
        ("oats", 1),
    ]
    assert update["merged"] == 0
    first.deliver()
    assert first.reader.rows == second.reader.rows


@pytest.mark.parametrize("mode", ["stream", "conflated"])
def test_who_comes_within_a_tick_and_lacks_nothing_gets_nothing(market, mode):
    first = Wire(market)
    first.subscribe(mode=mode)
    market.change("rye")
    second = Wire(market)
    second.subscribe(mode=mode)
    market.flush()
    assert second.deliver() == []
    assert len(first.deliver()) == 1


def test_resuming_gives_exactly_what_changed_since(market):
    wire = Wire(market)
    for name in ("rye", "salt", "oats"):
        market.change(name)
    wire.subscribe()
    cursor = wire.reader.cursors["s"]
    market.change("salt")
    market.change("salt")
    back = Wire(market)
    back.reader = wire.reader
    (update,) = back.subscribe(resume=cursor)
    assert update["type"] == "update"
    assert (update["from"], update["to"]) == (cursor, str(market.channels.view.cursor))
    assert [row["product_id"] for row in update["rows"]] == ["salt"]


def test_resuming_where_nothing_changed_gives_an_update_without_rows(market):
    wire = Wire(market)
    wire.subscribe(products=("salt",))
    market.change("rye")
    (update,) = wire.subscribe(products=("salt",), resume=wire.reader.cursors["s"])
    assert update["rows"] == []
    assert update["merged"] == 0
    assert update["to"] == str(market.channels.view.cursor)


@pytest.mark.parametrize(
    ("resume", "reason"),
    [("cd:1.0", "its epoch is ab"), ("ab:9.0", "has not read so far")],
)
def test_a_cursor_of_another_log_or_ahead_means_resync_and_snapshot(
    market, resume, reason
):
    market.change("rye")
    wire = Wire(market)
    resync, snapshot = wire.subscribe(resume=resume)
    assert resync["type"] == "resync"
    assert reason in resync["reason"]
    assert snapshot["type"] == "snapshot"
    assert wire.reader.sequences("s") == {"rye": 1}


def test_another_log_may_have_another_number_of_partitions(market):
    assert types(Wire(market).subscribe(resume="cd:1.0.0")) == ["resync", "snapshot"]


@pytest.mark.parametrize("resume", ["ab:1", "ab:0.0.0.0"])
def test_a_cursor_of_another_length_is_void_and_no_error(market, resume):
    market.change("rye")
    wire = Wire(market)
    resync, snapshot = wire.subscribe(resume=resume)
    assert (resync["type"], snapshot["type"]) == ("resync", "snapshot")
    assert "2 partitions" in resync["reason"]
    assert wire.reader.sequences("s") == {"rye": 1}


@pytest.mark.parametrize("resume", ["", "ab", "ab:", "ab:01.2", "AB:1.2"])
def test_a_cursor_that_no_server_made_is_refused_and_subscribes_nothing(market, resume):
    wire = Wire(market)
    (error,) = wire.subscribe(resume=resume)
    assert (error["code"], error["id"]) == ("invalid_cursor", "s")
    assert wire.session.subscriptions == {}
    assert len(market.channels._groups) == 0


def test_a_stream_has_no_rate(market):
    (error,) = Wire(market).subscribe(mode="stream", max_rate=1.0)
    assert error["code"] == "invalid_field"
    assert "$.max_rate" in error["message"]


def test_a_rate_merges_what_comes_between_its_turns(market):
    wire = Wire(market)
    wire.subscribe(max_rate=2.0)
    market.change("rye")
    assert wire.tick() == []
    assert market.channels.due_at == 1_000.5
    market.change("rye")
    market.change("salt")
    assert wire.tick(0.4) == []
    (update,) = wire.tick(0.1)
    assert update["merged"] == 1
    assert wire.reader.sequences("s") == {"rye": 2, "salt": 1}
    assert market.channels.due_at is None


def test_a_heartbeat_lists_who_has_everything_and_moves_its_cursor(market):
    wire = Wire(market)
    market.change("rye")
    wire.subscribe("all")
    wire.subscribe("salt", products=("salt",))
    wire.subscribe("slow", max_rate=0.5)
    market.change("rye")
    beat = wire.beat()
    assert beat["cursor"] == str(market.channels.view.cursor)
    assert set(beat["checksum"]) == {"all", "salt"}
    assert beat["checksum"]["all"] == checksum_of(wire.reader.rows["all"].values())
    assert beat["checksum"]["salt"] == 0
    assert wire.reader.cursors["salt"] == beat["cursor"]
    market.change("salt")
    (update, *_) = wire.tick()
    assert update["from"] == beat["cursor"]


def test_heartbeats_and_turns_of_a_rate_meet_on_the_grid(market):
    wire = Wire(market)
    wire.subscribe(max_rate=1.0)
    market.change("rye")
    wire.tick(0.7)
    market.change("rye")
    market.now = 1_001.0
    assert "s" in wire.beat()["checksum"]


def test_a_heartbeat_says_how_far_the_feed_is(market):
    wire = Wire(market)
    assert wire.beat()["watermark"] == {"occurred_at": None, "lag_ms": None}
    market.change("rye")
    market.channels.lag_ms = 4.5
    assert wire.beat()["watermark"] == {
        "occurred_at": "2011-11-01T00:00:00Z",
        "lag_ms": 4.5,
    }


def test_who_is_full_is_passed_over_and_gets_the_newest_once_drained(market):
    slow, quick = Wire(market), Wire(market)
    for wire in (slow, quick):
        wire.subscribe(mode="stream")
    slow.session.fill(market.now)
    for name in ("rye", "salt", "rye", "rye"):
        market.change(name)
        assert slow.tick() == []
        quick.deliver()
    slow.session.drain()
    assert market.channels.has_work
    (update,) = slow.tick()
    assert [(row["product_id"], row["sequence"]) for row in update["rows"]] == [
        ("salt", 1),
        ("rye", 3),
    ]
    assert update["merged"] == 2
    assert slow.reader.rows == quick.reader.rows
    assert slow.reader.versions == quick.reader.versions == {"s": 4}
    assert not market.channels.has_work


def test_who_drains_within_a_tick_gets_one_update_only(market):
    wire = Wire(market)
    wire.subscribe()
    wire.session.fill(market.now)
    market.change("rye")
    market.flush()
    market.change("salt")
    wire.session.drain()
    (update,) = wire.tick()
    assert len(update["rows"]) == 2


def test_who_drains_while_its_group_waits_for_a_turn_waits_too(market):
    wire = Wire(market)
    wire.subscribe(max_rate=1.0)
    wire.session.fill(market.now)
    market.change("rye")
    market.flush()
    market.flush(1.0)
    market.change("salt")
    market.flush()
    wire.session.drain()
    assert wire.tick() == []
    (update,) = wire.tick(1.0)
    assert len(update["rows"]) == 2


def test_who_lacked_nothing_when_it_drains_gets_nothing(market):
    wire = Wire(market)
    wire.subscribe()
    wire.session.fill(market.now)
    wire.session.drain()
    assert not market.channels.has_work
    assert wire.tick() == []


def test_who_leaves_while_drained_is_sent_nothing(market):
    wire = Wire(market)
    wire.subscribe()
    wire.session.fill(market.now)
    market.change("rye")
    market.flush()
    wire.session.drain()
    wire.session.lose()
    assert wire.tick() == []


def test_an_ended_subscription_is_sent_nothing_although_it_has_drained(market):
    wire = Wire(market)
    wire.subscribe()
    wire.session.fill(market.now)
    market.change("rye")
    market.flush()
    wire.session.drain()
    wire.say(Unsubscribe(id="s"))
    assert wire.tick() == []


def test_a_group_without_members_costs_nothing(market):
    wire = Wire(market)
    wire.subscribe()
    market.change("rye")
    wire.session.lose()
    market.flush()
    market.change("rye")
    assert not market.channels.has_work


def test_snapshots_are_kept_only_until_a_row_changes_or_a_heartbeat_passes(market):
    market.change("rye")
    one, other = Wire(market), Wire(market)
    one.subscribe()
    kept = market.channels._snapshots
    assert len(kept) == 1
    market.channels.begin_heartbeats()
    assert market.channels._snapshots == {}
    other.subscribe()
    market.change("rye")
    assert market.channels._snapshots == {}


def test_snapshots_that_are_kept_are_bounded(market, monkeypatch):
    monkeypatch.setattr("feed_server.channels.KEPT_SNAPSHOTS_BYTES", 1_500)
    market.change("rye")
    wire = Wire(market)
    for number in range(10):
        wire.subscribe(f"s{number}")
    assert sum(map(len, market.channels._snapshots.values())) <= 1_500
    assert len(market.channels._snapshots) >= 1


def test_a_broken_record_is_no_change(market):
    wire = Wire(market)
    wire.subscribe()
    with pytest.raises(IntegrityError):
        market.channels.apply(0, 0, b"no key", b"no row")
    assert wire.tick() == []


def test_a_refused_message_is_an_exception_for_who_joins_by_hand(market):
    with pytest.raises(MessageRefused):
        market.channels.join(
            Wire(market, Settings()).session, Subscribe(id="s", channel="none")
        )
