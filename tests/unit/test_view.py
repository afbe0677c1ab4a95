"""The view: newest versions, cursors made from rows alone, broken logs refused."""

import zlib
from datetime import UTC, datetime

import pytest
from support.by_the_letter import council_record, round_record, row_key, row_value

from feed_server.selection import Selection
from feed_server.view import INDEX_LIMIT, View
from schemas.cursor import Cursor
from schemas.errors import IntegrityError

ALL = Selection()


def apply(view, partition, offset, product_id, sequence=1, period="2011-W44"):
    return view.apply(
        partition,
        offset,
        row_key(product_id, period),
        row_value(product_id, sequence, period),
    )


def products(versions):
    return [version.product_id for version in versions]


def test_an_empty_view_has_no_rows_and_begins_at_the_beginning():
    view = View("ab", 3)
    assert len(view) == 0
    assert view.rows(ALL) == []
    assert str(view.cursor) == "ab:0.0.0"
    assert view.occurred_at is None


def test_the_cursor_is_the_next_offset_of_each_partition():
    view = View("ab", 2)
    apply(view, 1, 7, "salt")
    assert str(view.cursor) == "ab:0.8"
    apply(view, 0, 0, "rye")
    assert str(view.cursor) == "ab:1.8"


def test_offsets_that_hold_no_row_are_passed_over():
    view = View("ab", 1)
    apply(view, 0, 0, "salt")
    apply(view, 0, 5, "salt", 2)
    assert str(view.cursor) == "ab:6"


def test_a_row_is_kept_byte_for_byte_with_its_checksum():
    view = View("ab", 1)
    value = row_value("salt", 3)
    version, previous = view.apply(0, 4, row_key("salt"), value)
    assert previous is None
    assert version.value is value
    assert version.crc32 == zlib.crc32(value)
    assert (version.product_id, version.period) == ("salt", "2011-W44")


def test_a_newer_version_replaces_the_older_and_names_it():
    view = View("ab", 1)
    first, _ = apply(view, 0, 0, "salt", 1)
    second, previous = apply(view, 0, 1, "salt", 2)
    assert previous is first
    assert view.rows(ALL) == [second]
    assert len(view) == 1


def test_rows_come_in_the_order_of_their_last_change_across_partitions():
    view = View("ab", 2)
    apply(view, 0, 0, "rye")
    apply(view, 1, 0, "salt")
    apply(view, 0, 1, "oats")
    apply(view, 0, 2, "rye", 2)
    assert products(view.rows(ALL)) == ["salt", "oats", "rye"]


def test_exactly_what_lies_behind_a_cursor_has_changed_since():
    view = View("ab", 2)
    apply(view, 0, 0, "rye")
    apply(view, 1, 0, "salt")
    cursor = view.cursor
    assert view.changed_since(cursor, ALL) == []
    apply(view, 0, 1, "oats")
    apply(view, 1, 9, "salt", 2)
    assert products(view.changed_since(cursor, ALL)) == ["oats", "salt"]
    assert products(view.changed_since(Cursor("ab", (2, 0)), ALL)) == ["salt"]
    assert products(view.changed_since(Cursor("ab", (0, 0)), ALL)) == [
        "rye",
        "oats",
        "salt",
    ]


def test_a_row_that_changes_again_is_found_before_those_that_did_not():
    view = View("ab", 1)
    for offset, name in enumerate(["rye", "salt", "oats"]):
        apply(view, 0, offset, name)
    cursor = view.cursor
    apply(view, 0, 3, "rye", 2)
    assert products(view.changed_since(cursor, ALL)) == ["rye"]


@pytest.mark.parametrize("padding", [0, INDEX_LIMIT])
def test_only_wanted_products_and_periods_are_looked_up(padding):
    view = View("ab", 1)
    for offset, name in enumerate(["rye", "salt", "oats"]):
        apply(view, 0, 2 * offset, name, period="2011-W44")
        apply(view, 0, 2 * offset + 1, name, period="2011-W45")
    listed = frozenset({"salt", "rye", *(f"none-{n}" for n in range(padding))})
    cursor = Cursor("ab", (1,))

    both = view.rows(Selection(products=listed))
    assert products(both) == ["rye", "rye", "salt", "salt"]
    one = Selection(products=listed, period="2011-W45")
    assert [(v.product_id, v.period) for v in view.rows(one)] == [
        ("rye", "2011-W45"),
        ("salt", "2011-W45"),
    ]
    assert products(view.changed_since(cursor, Selection(products=listed))) == [
        "rye",
        "salt",
        "salt",
    ]
    assert products(view.rows(Selection(period="2011-W44"))) == ["rye", "salt", "oats"]


def test_the_newest_event_time_of_any_row_is_kept():
    view = View("ab", 1)
    late, early = datetime(2011, 11, 2, tzinfo=UTC), datetime(2011, 11, 1, tzinfo=UTC)
    view.apply(0, 0, row_key("rye"), row_value("rye", occurred_at=late))
    view.apply(0, 1, row_key("salt"), row_value("salt", occurred_at=early))
    view.apply(
        0,
        2,
        row_key("oats"),
        b'{"type":"market","product_id":"oats","period":"2011-W44"}',
    )
    assert view.occurred_at == late


@pytest.mark.parametrize(
    ("partition", "offset", "key", "value", "says"),
    [
        (2, 0, row_key("rye"), row_value("rye"), "the view has 2 partitions"),
        (-1, 0, row_key("rye"), row_value("rye"), "the view has 2 partitions"),
        (0, 4, row_key("rye"), row_value("rye"), "had to be 5 or later"),
        (0, 5, None, row_value("rye"), "has no key"),
        (0, 5, row_key("rye"), None, "has no value; rows are never deleted"),
        (0, 5, row_key("oats"), b"", "is no row"),
        (0, 5, row_key("oats"), b"[]", "is no row"),
        (0, 5, row_key("oats"), row_value("oats") + b",", "is no row"),
        (0, 5, b"oats", row_value("oats"), "its key names no row"),
        (0, 5, b'["oats"]', row_value("oats"), "its key names no row"),
        (0, 5, row_key("oats"), b'{"product_id":"oats","period":"p"}', "is no row"),
        (0, 5, b'["oats",7]', row_value("oats"), "its key names no row"),
        (0, 5, round_record()[0], row_value("*"), "of a row of type 'round'"),
        (0, 5, row_key("*"), round_record()[1], "type 'market', the row's is 'round'"),
        (
            0,
            5,
            round_record()[0],
            council_record("n", "*")[1],
            "the row's is 'council'",
        ),
        (0, 5, row_key("oats"), b'{"product_id":"\xff","period":"p"}', "is no row"),
        (0, 5, row_key("oats"), row_value("rye"), "the key says 'oats'"),
        (0, 5, row_key("rye", "2011-W45"), row_value("rye"), "the key says 'rye'"),
        (1, 5, row_key("rye"), row_value("rye"), "lies in partition 0 too"),
    ],
)
def test_what_no_worker_writes_is_refused_and_changes_nothing(
    partition, offset, key, value, says
):
    view = View("ab", 2)
    version, _ = apply(view, 0, 4, "rye")
    with pytest.raises(IntegrityError, match=says):
        view.apply(partition, offset, key, value)
    assert view.rows(ALL) == [version]
    assert str(view.cursor) == "ab:5.0"


def test_rows_of_all_channels_lie_in_one_log_and_are_looked_up_apart():
    view = View("ab", 1)
    apply(view, 0, 0, "rye")
    view.apply(0, 1, *council_record("north", "rye"))
    view.apply(0, 2, *round_record(1))
    cursor = view.cursor
    view.apply(0, 3, *council_record("south", "rye"))
    view.apply(0, 4, *round_record(1, sequence=2))
    councils = Selection(channel="councils")
    assert len(view) == 4
    assert [v.offset for v in view.rows(ALL)] == [0]
    assert [v.offset for v in view.rows(councils)] == [1, 3]
    assert [v.offset for v in view.rows(Selection(channel="rounds"))] == [4]
    assert view.changed_since(cursor, ALL) == []
    assert [v.offset for v in view.changed_since(cursor, councils)] == [3]


def test_councils_are_found_by_product_and_period_like_the_market():
    view = View("ab", 1)
    for offset, name in enumerate(["rye", "salt"]):
        view.apply(0, 2 * offset, *council_record("north", name))
        view.apply(0, 2 * offset + 1, *council_record("north", name, 1, "2011-W45"))
    wanted = Selection(
        channel="councils", products=frozenset({"salt"}), period="2011-W45"
    )
    assert [(v.product_id, v.period) for v in view.rows(wanted)] == [
        ("salt", "2011-W45")
    ]


def test_a_row_of_a_type_from_later_on_moves_the_cursor_and_nothing_else():
    view = View("ab", 1)
    key = b'["rye","2011-W44","gossip","mill"]'
    value = b'{"type":"gossip","product_id":"rye","period":"2011-W44","company_id":"m"}'
    assert view.apply(0, 3, key, value) is None
    assert str(view.cursor) == "ab:4"
    assert len(view) == 0
    assert view.rows(ALL) == []


def test_the_boards_clock_is_not_the_markets():
    view = View("ab", 1)
    apply(view, 0, 0, "rye")
    then = view.occurred_at
    row = (
        b'{"type":"round","product_id":"*","period":"2011-W44","round":1,'
        b'"occurred_at":"2012-01-01T00:00:00Z"}'
    )
    view.apply(0, 1, round_record(1)[0], row)
    assert view.occurred_at == then
