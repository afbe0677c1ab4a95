"""A window holds what happened in it, in whatever order that was heard of."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.market_model import window_words

from schemas.rows import Rolling
from schemas.values import EXACT
from streams.market.windows import (
    BASE_SLICE_S,
    DAY,
    HOUR,
    MINUTE,
    additions_by_slice,
    mean_price,
    roll,
)

SPANS = {"minute": MINUTE, "hour": HOUR, "day": DAY}
BEGIN = 1_320_019_200
A_DAY = 86_400

seconds = st.one_of(
    st.integers(0, 150), st.integers(0, 4_000), st.integers(0, 2 * A_DAY)
)
sales = st.tuples(
    seconds,
    st.integers(1, 10**18).map(lambda micros: Decimal(micros).scaleb(-6)),
    st.integers(-(10**24), 10**24).map(lambda units: Decimal(units).scaleb(-12)),
)


def add(rolling, heard, newest):
    """Add sales that were heard of together."""
    additions = {}
    for at, quantity, value in heard:
        start = BEGIN + at - at % BASE_SLICE_S
        known = additions.get(start, (0, 0))
        additions[start] = (known[0] + quantity, known[1] + value)
    with localcontext(EXACT):
        return roll(rolling, additions, BEGIN + newest)


def searched(heard, newest, span):
    """The window that a look at every sale ever made gives."""
    buckets = {}
    for at, quantity, value in heard:
        start = (BEGIN + at) // span.slice_s * span.slice_s
        if start > BEGIN + newest - span.length_s:
            known = buckets.get(start, (Fraction(0), Fraction(0)))
            buckets[start] = (known[0] + Fraction(quantity), known[1] + Fraction(value))
    total = tuple(
        sum((bucket[part] for bucket in buckets.values()), Fraction(0))
        for part in (0, 1)
    )
    mean = Fraction(round(total[1] / total[0] * 10**6), 10**6) if total[0] else None
    return {
        "sum": total,
        "mean": mean,
        "buckets": [(start, *buckets[start]) for start in sorted(buckets)],
    }


@given(st.lists(st.lists(sales, max_size=4), max_size=12), st.lists(seconds))
@settings(max_examples=150, deadline=None)
def test_windows_equal_a_search_through_all_sales_at_every_step(batches, others):
    # `others`: events that are no sales but make the row newer.
    rolling, heard, newest = Rolling(), [], 0
    with localcontext(EXACT):
        for index, batch in enumerate(batches):
            heard += batch
            newest = max(
                [newest, *others[index : index + 1], *(at for at, _, _ in batch)]
            )
            rolling = add(rolling, batch, newest)
            for name, span in SPANS.items():
                window = window_words(getattr(rolling, name))
                assert window == searched(heard, newest, span), name


def test_slices_of_all_windows_are_made_of_base_slices():
    for length_s, slice_s in SPANS.values():
        assert slice_s % BASE_SLICE_S == 0
        assert length_s % slice_s == 0


def test_a_late_sale_counts_in_the_slice_in_which_it_happened():
    rolling = add(Rolling(), [(119, Decimal(1), Decimal(5))], 119)
    rolling = add(rolling, [(60, Decimal(2), Decimal(4))], 119)
    assert [bucket.start - BEGIN for bucket in rolling.minute.buckets] == [60, 110]
    assert rolling.minute.mean_price == 3


def test_a_sale_later_than_the_window_changes_the_longer_windows_only():
    early = add(Rolling(), [(3_000, Decimal(1), Decimal(5))], 3_000)
    rolling = add(early, [(0, Decimal(2), Decimal(4))], 3_000)
    assert rolling.minute == early.minute
    assert rolling.hour.quantity == 3


def test_a_window_runs_dry_when_its_row_becomes_newer():
    full = add(Rolling(), [(0, Decimal(1), Decimal(5))], 0)
    dry = add(full, [], 60)
    assert dry.minute.buckets == ()
    assert (dry.minute.quantity, dry.minute.mean_price) == (0, None)
    assert dry.hour is full.hour


def test_windows_that_do_not_change_stay_the_same_object():
    full = add(Rolling(), [(0, Decimal(1), Decimal(5))], 0)
    assert add(full, [], 5) is full
    empty = Rolling()
    assert add(empty, [], 10**6) is empty


def test_additions_fall_into_the_coarser_slice_they_lie_in():
    one = (Decimal(1), Decimal(2))
    assert additions_by_slice({290: one, 300: one}, 300) == [(0, *one), (300, *one)]


@pytest.mark.parametrize(
    ("quantity", "value", "mean"),
    [
        ("0", "0", None),
        ("3", "1", "0.333333"),
        ("1000000", "0.5", "0.000000"),
        ("1000000", "1.5", "0.000002"),
        ("1", "0", "0.000000"),
        ("1000000000000", "-0.000001", "0.000000"),
        ("0.000001", "1000000", "1000000000000.000000"),
    ],
)
def test_a_mean_price_has_six_places_and_is_rounded_once(quantity, value, mean):
    found = mean_price(Decimal(quantity), Decimal(value))
    assert (found if found is None else str(found)) == mean


def test_a_mean_a_little_over_a_tie_is_rounded_up():
    # Half of the units and one millionth more cost one millionth more: the tie shows
    # in the 32nd digit.
    dear, cheap = Decimal("500000000000.000001"), Decimal(500000000000)
    with localcontext(EXACT):
        value = dear * Decimal("1000000.000001") + cheap * Decimal(1_000_000)
        quantity = dear + cheap
    assert str(mean_price(quantity, value)) == "1000000.000001"
