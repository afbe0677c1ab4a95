"""Groups: who wants the same shares the work, and is found by what it wants."""

import itertools

from support.by_the_letter import row_key, row_value

from feed_server.selection import Selection
from feed_server.subscriptions import Group, Groups, Subscription
from feed_server.view import View


class Taker:
    def __init__(self):
        self.is_full = False
        self.frames = []

    def offer(self, frame):
        self.frames.append(frame)


def group(max_rate=None, *, stream=False, rows=(), **wanted):
    return Group((Selection(**wanted), stream, max_rate), rows)


def wanting(groups, product_id, period="2011-W44", channel="market"):
    return set(groups.wanting(channel, product_id, period))


def test_groups_are_found_by_product_and_period():
    groups = Groups()
    everything, listed = group(), group(products=frozenset({"rye", "salt"}))
    week = group(products=frozenset({"rye"}), period="2011-W44")
    for each in (everything, listed, week):
        groups.add(each)
    assert wanting(groups, "rye") == {everything, listed, week}
    assert wanting(groups, "rye", "2011-W45") == {everything, listed}
    assert wanting(groups, "salt") == {everything, listed}
    assert wanting(groups, "oats") == {everything}
    assert groups.get(listed.key) is listed
    assert len(groups) == 3


def test_a_removed_group_leaves_nothing_behind():
    groups = Groups()
    everything, listed = group(), group(products=frozenset({"rye", "salt"}))
    other = group(products=frozenset({"rye"}))
    for each in (everything, listed, other):
        groups.add(each)
    groups.remove(everything)
    groups.remove(listed)
    assert wanting(groups, "salt") == set()
    assert wanting(groups, "rye") == {other}
    assert groups.get(listed.key) is None
    groups.remove(other)
    assert len(groups) == 0
    assert all(index.of_name == {} for index in groups._channels.values())


def test_groups_of_other_channels_are_not_found():
    groups = Groups()
    of_rounds = group(channel="rounds")
    of_councils = group(channel="councils", products=frozenset({"rye"}))
    of_market = group()
    for each in (of_rounds, of_councils, of_market):
        groups.add(each)
    assert wanting(groups, "rye") == {of_market}
    assert wanting(groups, "rye", channel="councils") == {of_councils}
    assert wanting(groups, "*", channel="rounds") == {of_rounds}
    groups.remove(of_councils)
    assert wanting(groups, "rye", channel="councils") == set()


def test_a_groups_checksum_is_that_of_its_rows_from_the_start_and_after_changes():
    view = View("ab", 1)
    for offset, name in enumerate(["rye", "salt"]):
        view.apply(0, offset, row_key(name), row_value(name))
    one = group(rows=view.rows(Selection()))
    for offset, (name, sequence) in enumerate([("rye", 2), ("oats", 1)], start=2):
        one.add(*view.apply(0, offset, row_key(name), row_value(name, sequence)))
    expected = sum(version.crc32 for version in view.rows(Selection()))
    assert one.checksum == expected % 2**32


def test_a_subscription_has_seen_what_there_was_when_it_came():
    view, one = View("ab", 1), group()
    first = Subscription("a", Taker(), one, "ab:0")
    one.add(*view.apply(0, 0, row_key("rye"), row_value("rye")))
    second = Subscription("b", Taker(), one, "ab:1")
    assert not first.is_caught_up
    assert second.is_caught_up


def test_a_group_without_a_rate_is_always_due():
    one = group()
    assert one.is_due(0.0)
    assert one.is_due(0.0)
    assert one.due_at is None


def test_a_group_with_a_rate_waits_for_its_turn_on_the_grid():
    one = group(max_rate=2.0)
    assert one.due_at is None
    assert not one.is_due(10.1)
    assert one.due_at == 10.5
    assert not one.is_due(10.49)
    assert one.is_due(10.5)
    assert one.due_at is None


def test_updates_of_a_group_with_a_rate_are_never_closer_than_the_rate_allows():
    for max_rate in (0.3, 1.0, 3.0, 7.0, 100.0):
        one = group(max_rate=max_rate)
        sent = [step / 997 for step in range(20_000) if one.is_due(step / 997)]
        gaps = [later - sooner for sooner, later in itertools.pairwise(sent)]
        assert min(gaps) > 1 / max_rate - 1 / 997 - 1e-9
        assert len(sent) >= int(20_000 / 997 * max_rate * 0.9) or max_rate == 100.0


def test_the_time_that_a_group_names_is_late_enough():
    for max_rate in (0.1, 0.7, 3.0, 7.0, 11.0, 49.0, 99.0):
        one = group(max_rate=max_rate)
        now = 0.001
        for _ in range(500):
            assert not one.is_due(now)
            now = one.due_at
            assert one.is_due(now)
