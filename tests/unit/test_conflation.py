"""What waits: the newest of each row or every version, and how many there were."""

from support.by_the_letter import row_key, row_value

from feed_server.conflation import Pending
from feed_server.view import View


class Changes:
    def __init__(self):
        self.view = View("ab", 1)

    def of(self, product_id):
        offset = self.view.cursor.offsets[0]
        value = row_value(product_id, offset + 1)
        return self.view.apply(0, offset, row_key(product_id), value)[0]


def test_a_conflated_group_keeps_the_newest_of_each_row_in_order_of_change():
    changes, pending = Changes(), Pending(keeps_every=False)
    rye, salt, newer_rye = changes.of("rye"), changes.of("salt"), changes.of("rye")
    for version in (rye, salt, newer_rye):
        pending.add(version)
    assert pending.since(0) == [salt, newer_rye]
    assert len(pending) == 2
    assert pending.versions == 3


def test_what_waits_for_a_conflated_group_is_bounded_by_the_rows():
    changes, pending = Changes(), Pending(keeps_every=False)
    for number in range(1_000):
        pending.add(changes.of(f"p{number % 7}"))
    assert len(pending) == 7
    assert pending.versions == 1_000


def test_a_stream_keeps_every_version_in_order():
    changes, pending = Changes(), Pending(keeps_every=True)
    versions = [changes.of(name) for name in ("rye", "salt", "rye")]
    for version in versions:
        pending.add(version)
    assert pending.since(0) == versions
    assert len(pending) == 3


def test_who_joined_a_stream_midway_lacks_only_what_came_after():
    changes, pending = Changes(), Pending(keeps_every=True)
    pending.add(changes.of("rye"))
    joined = pending.versions
    later = changes.of("salt")
    pending.add(later)
    assert pending.since(joined) == [later]


def test_who_joined_a_conflated_group_midway_is_looked_up_in_the_view():
    changes, pending = Changes(), Pending(keeps_every=False)
    pending.add(changes.of("rye"))
    joined = pending.versions
    pending.add(changes.of("salt"))
    assert pending.since(joined) is None


def test_who_was_passed_over_is_looked_up_in_the_view():
    for keeps_every in (False, True):
        changes, pending = Changes(), Pending(keeps_every=keeps_every)
        pending.add(changes.of("rye"))
        pending.clear()
        later = changes.of("salt")
        pending.add(later)
        assert pending.since(0) is None
        assert pending.since(1) == [later]


def test_what_was_sent_is_forgotten_and_still_counted():
    for keeps_every in (False, True):
        changes, pending = Changes(), Pending(keeps_every=keeps_every)
        pending.add(changes.of("rye"))
        pending.clear()
        assert len(pending) == 0
        assert pending.versions == 1
        assert pending.since(1) == []
