"""Rounding: together, to the smallest unit, by largest remainder."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.market.settlement.rounding import rounded


def texts(amounts):
    return {name: f"{amount}" for name, amount in amounts.items()}


def test_what_is_left_over_goes_to_the_largest_remainders():
    shares = {name: Fraction(2370 * part, 4700) for name, part in _TAXES.items()}
    assert texts(rounded(shares, 2)) == {"ann": "10.08", "bob": "8.07", "cat": "5.55"}


_TAXES = {"ann": 20, "bob": 16, "cat": 11}


def test_the_names_decide_among_equal_remainders_whatever_order_they_come_in():
    third = Fraction(1, 3)
    for names in ("abc", "bca", "cba"):
        made = rounded(dict.fromkeys(names, third) | {"d": Fraction(-1)}, 1)
        assert texts(made)["a"] == "0.4"
        assert {texts(made)["b"], texts(made)["c"]} == {"0.3"}


def test_the_remainder_counts_and_not_the_name():
    amounts = {"a": Decimal("0.001"), "b": Decimal("0.009"), "c": Decimal("-0.01")}
    assert texts(rounded(amounts, 2)) == {"a": "0.00", "b": "0.01", "c": "-0.01"}


def test_below_zero_a_unit_is_cut_off_downwards_before_it_is_given_back():
    amounts = {"a": Decimal("-0.004"), "b": Decimal("0.004")}
    assert texts(rounded(amounts, 2)) == {"a": "0.00", "b": "0.00"}


def test_whole_units_are_left_as_they_are():
    amounts = {"a": Decimal("-1.5"), "b": Decimal("1.50")}
    assert texts(rounded(amounts, 2)) == {"a": "-1.50", "b": "1.50"}


def test_amounts_are_made_to_add_up_to_a_total_that_was_rounded_before():
    amounts = {"a": Decimal("0.333"), "b": Decimal("0.333"), "c": Decimal("0.334")}
    assert texts(rounded(amounts, 0, Decimal(1))) == {"a": "0", "b": "0", "c": "1"}
    tied = {"a": Decimal("0.2"), "b": Decimal("0.2"), "c": Decimal("0.1")}
    assert texts(rounded(tied, 0, Decimal(1))) == {"a": "1", "b": "0", "c": "0"}


def test_amounts_that_do_not_add_up_are_refused():
    with pytest.raises(AssertionError, match="do not add up to whole units"):
        rounded({"a": Decimal("0.005")}, 2)
    with pytest.raises(AssertionError, match="5 units are left over of 1 remainders"):
        rounded({"a": Decimal("0.5")}, 0, Decimal(5))
    with pytest.raises(AssertionError, match="-1 units are left over"):
        rounded({"a": Decimal("1.5")}, 0, Decimal(0))


@given(
    st.dictionaries(
        st.text("abcdef", min_size=1, max_size=3),
        st.fractions(-(10**12), 10**12, max_denominator=10**9),
        min_size=1,
        max_size=9,
    ),
    st.integers(0, 6),
)
def test_rounded_amounts_add_up_and_lie_less_than_a_unit_off(amounts, decimals):
    amounts["rest"] = -sum(amounts.values())
    made = rounded(amounts, decimals)
    assert sum(made.values()) == 0
    for name, amount in amounts.items():
        assert abs(Fraction(made[name]) - amount) < Fraction(1, 10**decimals)
