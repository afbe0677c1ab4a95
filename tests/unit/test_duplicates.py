"""An id is seen while its record is among the newest, however batches lie."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.market.duplicates import SeenIds

# Window 4: generations of two offsets.
ids = st.lists(st.sampled_from("abcde"), max_size=24)
cuts = st.sets(st.integers(1, 24))


def answers(seen, event_ids, first=0):
    return [seen.add(event_id, at) for at, event_id in enumerate(event_ids, first)]


def expected(event_ids, span, offset):
    oldest = (offset // span - 1) * span
    return event_ids[offset] not in event_ids[max(0, oldest) : offset]


@given(ids, st.integers(2, 9))
@settings(max_examples=200, deadline=None)
def test_an_id_is_new_unless_a_record_of_the_window_had_it(event_ids, window):
    assert answers(SeenIds(window), event_ids) == [
        expected(event_ids, window // 2, offset) for offset in range(len(event_ids))
    ]


@given(ids, cuts)
@settings(max_examples=200, deadline=None)
def test_batches_get_the_answers_that_single_records_get(event_ids, cut_before):
    single = answers(SeenIds(4), event_ids)
    seen, batched = SeenIds(4), []
    ends = [0, *sorted(cut for cut in cut_before if cut < len(event_ids))]
    for begin, end in zip(ends, [*ends[1:], len(event_ids)], strict=True):
        batch = event_ids[begin:end]
        if batch and seen.add_all_if_new(batch, begin, end - 1):
            batched += [True] * len(batch)
        else:
            batched += answers(seen, batch, begin)
    assert batched == single


@given(ids, st.data())
@settings(max_examples=200, deadline=None)
def test_reading_the_span_back_gives_the_answers_of_never_having_stopped(
    event_ids, data
):
    end = data.draw(st.integers(0, len(event_ids)))
    never_stopped = SeenIds(4)
    answers(never_stopped, event_ids[:end])
    recovered = SeenIds(4)
    span = recovered.span_to_read(end)
    answers(recovered, event_ids[span.start : span.stop], span.start)
    assert answers(recovered, event_ids[end:], end) == answers(
        never_stopped, event_ids[end:], end
    )


def test_at_least_half_the_window_is_remembered_and_never_more_than_all():
    window = 10
    seen = SeenIds(window)
    for offset in range(100):
        seen.add(f"e-{offset}", offset)
        newest = range(max(0, offset - window // 2 + 1), offset + 1)
        assert all(f"e-{at}" in seen for at in newest)
        assert f"e-{offset - window}" not in seen
        assert len(seen) <= window


def test_a_hole_in_the_offsets_counts_as_records_gone_by():
    seen = SeenIds(4)
    seen.add("a", 0)
    assert "a" in seen
    assert seen.add("a", 4)
    assert len(seen) == 1


def test_a_batch_with_an_id_of_old_leaves_nothing_behind():
    seen = SeenIds(100)
    assert seen.add_all_if_new(["a", "b"], 0, 1)
    assert not seen.add_all_if_new(["c", "a"], 2, 3)
    assert not seen.add_all_if_new(["d", "d"], 2, 3)
    assert "c" not in seen
    assert "d" not in seen


def test_a_batch_with_an_id_of_the_older_generation_is_seen():
    seen = SeenIds(4)
    seen.add("a", 1)
    assert not seen.add_all_if_new(["b", "a"], 2, 3)


def test_a_batch_that_reaches_into_another_generation_is_looked_at_singly():
    seen = SeenIds(4)
    assert not seen.add_all_if_new(["a", "b"], 1, 2)
    assert len(seen) == 0


@pytest.mark.parametrize(
    ("end", "span"),
    [(0, range(0)), (3, range(3)), (5, range(5)), (9, range(9)), (10, range(5, 10))],
)
def test_the_span_to_read_holds_the_generation_and_the_one_before(end, span):
    assert SeenIds(10).span_to_read(end) == span
