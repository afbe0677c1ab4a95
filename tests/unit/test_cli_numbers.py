from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parfeed.cli.numbers import money, number, signed

values = st.decimals(
    allow_nan=False,
    allow_infinity=False,
    places=6,
    min_value=-(10**30),
    max_value=10**30,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"),
        ("-0.00", "0"),
        ("1000", "1000"),
        ("1.500", "1.5"),
        ("0.000001", "0.000001"),
        ("1234567.25", "1234567"),
        ("12345678901", "12345.7M"),
        ("-12345678.9", "-12346k"),
        ("1E+15", "1000000G"),
    ],
)
def test_a_number_is_exact_where_it_fits_and_else_as_fine_as_can_be(
    value: str, text: str
) -> None:
    assert number(Decimal(value), 8) == text


@given(value=values, width=st.integers(6, 20))
def test_no_number_is_wider_than_its_column(value: Decimal, width: int) -> None:
    assert len(number(value, width)) <= width
    assert len(money(value, width)) <= width
    assert len(signed(value, width)) <= width


@given(value=values)
def test_a_number_that_fits_is_exact(value: Decimal) -> None:
    assert Decimal(number(value, 50)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [("2.5", "2.50"), ("2", "2.00"), ("0", "0.00"), ("2.1234", "2.1234")],
)
def test_a_price_has_two_decimals_at_least(value: str, text: str) -> None:
    assert money(Decimal(value), 8) == text


def test_a_difference_has_its_sign() -> None:
    assert signed(Decimal("0.5"), 8) == "+0.5"
    assert signed(Decimal("-0.5"), 8) == "-0.5"
    assert signed(Decimal(0), 8) == "0"


def test_no_number_is_a_dot() -> None:
    assert (number(None, 8), money(None, 8), signed(None, 8)) == ("·", "·", "·")
