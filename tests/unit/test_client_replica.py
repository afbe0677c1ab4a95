import zlib

import msgspec
import pytest
from support.joined import row_bytes

from parfeed.client.errors import ServerViolation
from parfeed.client.replica import Replica, Verdict, checksum_of
from schemas.feed import Snapshot, Update


def snapshot(cursor: str, *rows: bytes) -> Snapshot:
    return Snapshot(id="s1", cursor=cursor, rows=tuple(map(msgspec.Raw, rows)))


def update(start: str, end: str, *rows: bytes) -> Update:
    return Update(id="s1", from_=start, to=end, rows=tuple(map(msgspec.Raw, rows)))


def at(cursor: str, *rows: bytes) -> Replica:
    replica = Replica()
    replica.apply_snapshot(snapshot(cursor, *rows))
    return replica


def test_a_snapshot_replaces_all_rows() -> None:
    replica = at("c1", row_bytes("a"), row_bytes("b"))
    replica.apply_snapshot(snapshot("c9", row_bytes("b", sequence=5)))
    assert replica.rows == {("b", "2011-W44"): row_bytes("b", sequence=5)}
    assert replica.cursor == "c9"
    assert replica.checksum == zlib.crc32(row_bytes("b", sequence=5))


def test_an_update_that_follows_on_the_cursor_applies() -> None:
    replica = at("c1", row_bytes("a"), row_bytes("b"))
    changed = row_bytes("a", sequence=2)
    verdict, change = replica.apply_update(update("c1", "c2", changed))
    assert verdict is Verdict.APPLIED
    assert change == [(("a", "2011-W44"), changed)]
    assert replica.cursor == "c2"
    assert replica.checksum == checksum_of([changed, row_bytes("b")])


def test_a_row_that_changes_twice_in_one_update_ends_as_the_later() -> None:
    replica = at("c1")
    rows = (row_bytes("a", sequence=1), row_bytes("a", sequence=2))
    replica.apply_update(update("c1", "c2", *rows))
    assert replica.rows == {("a", "2011-W44"): rows[1]}
    assert replica.checksum == zlib.crc32(rows[1])


def test_an_update_that_does_not_follow_changes_nothing_but_asks() -> None:
    replica = at("c1", row_bytes("a"))
    verdict, change = replica.apply_update(update("c2", "c3", row_bytes("b")))
    assert (verdict, change) == (Verdict.GAP, [])
    assert replica.rows == {("a", "2011-W44"): row_bytes("a")}
    assert replica.cursor == "c1"
    assert not replica.is_current


def test_after_a_gap_only_what_follows_on_the_cursor_applies() -> None:
    replica = at("c1", row_bytes("a"))
    replica.apply_update(update("c2", "c3"))
    assert replica.apply_update(update("c3", "c4"))[0] is Verdict.LEFT_ASIDE
    assert replica.prove("c4", replica.checksum) is Verdict.LEFT_ASIDE
    assert replica.cursor == "c1"
    verdict, _ = replica.apply_update(update("c1", "c4", row_bytes("b")))
    assert verdict is Verdict.APPLIED
    assert replica.is_current


def test_a_heartbeat_with_the_same_checksum_moves_the_cursor() -> None:
    replica = at("c1", row_bytes("a"))
    assert replica.prove("c2", zlib.crc32(row_bytes("a"))) is Verdict.APPLIED
    assert replica.cursor == "c2"
    assert replica.apply_update(update("c2", "c3"))[0] is Verdict.APPLIED


def test_a_heartbeat_with_another_checksum_voids_the_cursor() -> None:
    replica = at("c1", row_bytes("a"))
    assert replica.prove("c2", 1) is Verdict.MISMATCH
    assert replica.cursor is None
    assert replica.apply_update(update("c1", "c2"))[0] is Verdict.LEFT_ASIDE
    replica.apply_snapshot(snapshot("c2", row_bytes("a")))
    assert replica.is_current


def test_the_checksum_of_no_rows_is_0() -> None:
    assert at("c1").prove("c2", 0) is Verdict.APPLIED


@pytest.mark.parametrize("row", [b"1", b"{}", b'{"product_id":"a"}', b'{"period":"p"}'])
def test_a_row_without_a_name_breaks_the_protocol_and_changes_nothing(
    row: bytes,
) -> None:
    replica = at("c1", row_bytes("a"))
    with pytest.raises(ServerViolation, match="without its name"):
        replica.apply_update(update("c1", "c2", row_bytes("b"), row))
    with pytest.raises(ServerViolation, match="without its name"):
        replica.apply_snapshot(snapshot("c2", row))
    assert replica.cursor == "c1"
    assert list(replica.rows) == [("a", "2011-W44")]
    assert replica.prove("c1", zlib.crc32(row_bytes("a"))) is Verdict.APPLIED


def test_rows_do_not_keep_the_frame_alive_that_brought_them() -> None:
    frame = b"[%b]" % row_bytes("a")
    (raw,) = msgspec.json.decode(frame, type=list[msgspec.Raw])
    replica = Replica()
    replica.apply_snapshot(Snapshot(id="s1", cursor="c1", rows=(raw,)))
    assert type(replica.rows["a", "2011-W44"]) is bytes


def test_a_pause_keeps_the_cursor_and_takes_nothing_else() -> None:
    replica = at("c1")
    replica.pause()
    assert replica.cursor == "c1"
    assert replica.prove("c2", 0) is Verdict.LEFT_ASIDE
