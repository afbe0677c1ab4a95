"""The imbalance is 200 (S - D) / (S + D), rounded once, with its published colour."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.market.imbalance import colour_of, imbalance_of

AMOUNTS = st.decimals(0, 10**18, places=6, allow_nan=False, allow_infinity=False)


def test_nothing_planned_has_no_imbalance():
    assert imbalance_of(Decimal(0), Decimal("0.000000")) is None


@pytest.mark.parametrize(
    ("supply", "demand", "percent", "colour"),
    [
        ("100", "100", "0.00", "blue"),
        ("100", "0", "200.00", "red"),
        ("0", "0.000001", "-200.00", "red"),
        ("105", "100", "4.88", "green"),
        ("100", "105", "-4.88", "green"),
        ("108", "100", "7.69", "yellow"),
        ("100", "120", "-18.18", "orange"),
        ("130", "100", "26.09", "red"),
    ],
)
def test_the_imbalance_is_positive_when_supply_is_larger(
    supply, demand, percent, colour
):
    imbalance = imbalance_of(Decimal(supply), Decimal(demand))
    assert str(imbalance.percent) == percent
    assert imbalance.colour == colour


def test_next_to_nothing_is_never_minus_zero():
    imbalance = imbalance_of(Decimal(10**12), Decimal("1000000000000.000001"))
    assert str(imbalance.percent) == "0.00"


@pytest.mark.parametrize(
    ("percent", "colour"),
    [
        ("0.00", "blue"),
        ("2.99", "blue"),
        ("3.00", "green"),
        ("4.99", "green"),
        ("5.00", "yellow"),
        ("9.99", "yellow"),
        ("10.00", "orange"),
        ("19.99", "orange"),
        ("20.00", "red"),
        ("200.00", "red"),
    ],
)
def test_the_colours_begin_at_their_published_limits_on_both_sides(percent, colour):
    assert colour_of(Decimal(percent)) == colour
    assert colour_of(-Decimal(percent)) == colour


def test_what_is_shown_as_3_is_not_blue():
    # 2.9999 % exactly: shown as 3.00.
    imbalance = imbalance_of(Decimal("1.0149995"), Decimal("0.9850005"))
    assert (str(imbalance.percent), imbalance.colour) == ("3.00", "green")


@given(AMOUNTS, AMOUNTS)
@settings(max_examples=200, deadline=None)
def test_the_percentage_is_the_exact_ratio_rounded_half_to_even(supply, demand):
    imbalance = imbalance_of(supply, demand)
    if not supply + demand:
        assert imbalance is None
        return
    s, d = Fraction(supply), Fraction(demand)
    assert Fraction(imbalance.percent) == Fraction(
        round(20_000 * (s - d) / (s + d)), 100
    )
