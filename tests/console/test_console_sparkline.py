"""A sparkline's heights follow its values."""

from hypothesis import example, given
from hypothesis import strategies as st

from parfeed.console.sparkline import BLOCKS, narrowed, sparkline

values = st.lists(
    st.none() | st.floats(-1e300, 1e300, allow_nan=False, allow_infinity=False),
    max_size=20,
)


@given(values, st.integers(0, 15), st.booleans())
def test_a_sparkline_is_as_wide_as_its_cell(series, width, from_zero):
    drawn = sparkline(series, width, from_zero=from_zero)
    assert len(drawn) == width
    assert set(drawn) <= {*BLOCKS, " "}


@given(values)
@example([0.0, 5e-324])  # half of it is no float any more
def test_what_is_greater_is_never_drawn_lower(series):
    drawn = sparkline(series, len(series))
    heights = [
        (value, BLOCKS.index(block))
        for value, block in zip(series, drawn, strict=True)
        if value is not None
    ]
    heights.sort()
    assert [height for _, height in heights] == sorted(height for _, height in heights)


def test_the_least_and_the_greatest_reach_the_ends():
    assert sparkline([1, 2, 3], 3) == "▁▅█"
    assert sparkline([0, 4, 8], 5, from_zero=True) == "  ▁▅█"


def test_a_series_that_stands_still_says_neither_low_nor_high():
    assert sparkline([5, 5], 2) == "▄▄"


def test_what_is_absent_is_blank_and_nothing_sold_is_too():
    assert sparkline([1, None, 2], 3) == "▁ █"
    assert sparkline([None, None], 2) == "  "
    assert sparkline([0, 0], 2, from_zero=True) == "  "
    assert sparkline([0, 0], 2) == "▄▄"


def test_neighbours_are_merged_from_the_newest_back():
    assert narrowed([1, 2, 3, 4], 2) == [1.5, 3.5]
    assert narrowed([9, 1, 2, 3, 4], 3) == [9, 1.5, 3.5]
    assert narrowed([None, None, None, 4], 2) == [None, 4]
    assert narrowed([1, 2], 6) == [1, 2]
    assert narrowed([1, 2], 0) == [1, 2]


@given(values, st.integers(1, 15))
def test_what_is_narrowed_fits(series, width):
    assert len(narrowed(series, width)) <= width
