import pytest

from parfeed.client.inbox import Inbox
from parfeed.client.replica import Change


def change(*rows: tuple[str, int]) -> Change:
    return [((product, "w"), b"%d" % version) for product, version in rows]


def test_an_empty_inbox_has_nothing_to_take() -> None:
    inbox = Inbox(is_stream=False)
    assert not inbox
    assert inbox.take() is None


def test_an_update_without_rows_is_no_news_but_its_count_is_kept() -> None:
    inbox = Inbox(is_stream=False)
    inbox.add([], 3)
    assert inbox.take() is None
    inbox.add(change(("a", 1)), 0)
    taken = inbox.take()
    assert taken is not None
    assert taken.merged == 3


def test_a_conflated_inbox_keeps_the_newest_in_the_order_of_the_last_change() -> None:
    inbox = Inbox(is_stream=False)
    inbox.add(change(("a", 1), ("b", 1)), 0)
    inbox.add(change(("c", 1), ("a", 2)), 5)
    assert len(inbox) == 3
    taken = inbox.take()
    assert taken is not None
    assert taken.change == change(("b", 1), ("c", 1), ("a", 2))
    assert taken.merged == 6
    assert not taken.is_snapshot
    assert inbox.take() is None


def test_a_stream_inbox_keeps_every_version_in_order() -> None:
    inbox = Inbox(is_stream=True)
    inbox.add(change(("a", 1), ("b", 1)), 0)
    inbox.add(change(("a", 2)), 0)
    taken = inbox.take()
    assert taken is not None
    assert taken.change == change(("a", 1), ("b", 1), ("a", 2))
    assert taken.merged == 0


def test_a_stream_inbox_that_is_full_merges_and_counts_what_it_skips() -> None:
    inbox = Inbox(is_stream=True, bound=3)
    for version in range(1, 101):
        inbox.add(change(("a", version), ("b", version)), 0)
        assert len(inbox) <= 2 + 3
    taken = inbox.take()
    assert taken is not None
    assert taken.merged == 200 - len(taken.change)
    assert taken.change[-2:] == change(("a", 100), ("b", 100))
    inbox.add(change(("a", 101), ("a", 102)), 0)
    taken = inbox.take()
    assert taken is not None
    assert taken.change == change(("a", 101), ("a", 102))


@pytest.mark.parametrize("is_stream", [False, True])
def test_a_snapshot_voids_what_waits_and_is_delivered_even_if_empty(
    is_stream: bool,
) -> None:
    inbox = Inbox(is_stream=is_stream)
    inbox.add(change(("a", 1)), 0)
    inbox.replace([])
    taken = inbox.take()
    assert taken is not None
    assert taken.is_snapshot
    assert taken.change == []
    assert taken.merged == 1


@pytest.mark.parametrize("is_stream", [False, True])
def test_updates_on_a_waiting_snapshot_are_part_of_it(is_stream: bool) -> None:
    inbox = Inbox(is_stream=is_stream)
    inbox.replace(change(("a", 1), ("b", 1)))
    inbox.add(change(("b", 2)), 0)
    taken = inbox.take()
    assert taken is not None
    assert taken.is_snapshot
    assert dict(taken.change) == dict(change(("a", 1), ("b", 2)))
