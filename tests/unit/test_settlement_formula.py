"""Formulas: one way to write one number."""

from decimal import Decimal

import pytest

from streams.market.settlement.formula import money, plain, tidy


@pytest.mark.parametrize(
    ("value", "as_plain", "as_money"),
    [
        ("10", "10", "10.00"),
        ("10.000000", "10", "10.00"),
        ("1E+2", "100", "100.00"),
        ("0.125", "0.125", "0.125"),
        ("0.000001", "0.000001", "0.000001"),
        ("-8.5", "(-8.5)", "(-8.50)"),
        ("0", "0", "0.00"),
        ("0E-9", "0", "0.00"),
    ],
)
def test_a_number_is_written_in_one_way_however_it_was_spelt(value, as_plain, as_money):
    assert plain(Decimal(value)) == as_plain
    assert money(Decimal(value), 2) == as_money


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        ("1E+2", 0, "100"),
        ("100.000", 0, "100"),
        ("1.250", 0, "1.25"),
        ("10", 2, "10.00"),
        ("10.123400", 2, "10.1234"),
        ("0", 2, "0.00"),
    ],
)
def test_a_number_of_a_row_has_one_form(value, decimals, text):
    assert f"{tidy(Decimal(value), decimals)}" == text
