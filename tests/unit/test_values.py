"""The value types let in what is finite, bounded and exact, and nothing else."""

import re
from decimal import Decimal

import pytest

from schemas.errors import InvalidValue
from schemas.values import (
    EXACT,
    MAX_AMOUNT,
    MAX_DECIMALS,
    Period,
    PositiveQuantity,
    Price,
    Quantity,
    escaped,
    from_wire,
    is_printable,
)

NO_DECIMALS = [
    "",
    " 1",
    "1 ",
    "1\n",
    "+1",
    "--1",
    ".5",
    "5.",
    "1e3",
    "1E400",
    "0x10",
    "1_000",
    "1,5",
    "NaN",
    "sNaN",
    "Infinity",
    "-Infinity",
    "\u0661",  # a digit, but not one of ASCII's
    "1.0000000",
    "1000000000000.000001",
    "10000000000000",
    "9" * 5000,
    12,
    1.5,
    None,
    True,
    Decimal(1),
    ["1"],
    {"1": 1},
]


@pytest.mark.parametrize("kind", [Price, Quantity, PositiveQuantity])
@pytest.mark.parametrize("text", NO_DECIMALS, ids=lambda text: repr(text)[:20])
def test_what_is_no_plain_bounded_decimal_text_is_refused(kind, text):
    with pytest.raises(InvalidValue, match="must be a decimal in quotes"):
        kind(text)


@pytest.mark.parametrize(
    "text", ["0", "0.000001", "12.50", "007.10", "1000000000000", "999999999999.999999"]
)
def test_a_plain_decimal_is_kept_to_the_last_digit(text):
    assert Price(text) == Decimal(text)
    assert Quantity(text).as_tuple() == Decimal(text).as_tuple()


def test_the_bounds_are_those_that_the_module_names():
    assert Price(str(MAX_AMOUNT)) == MAX_AMOUNT
    assert Price(f"-{MAX_AMOUNT}") == -MAX_AMOUNT
    assert Price("0." + "1" * MAX_DECIMALS)
    with pytest.raises(InvalidValue):
        Price("0." + "1" * (MAX_DECIMALS + 1))
    with pytest.raises(InvalidValue):
        Price(f"-{MAX_AMOUNT}.000001")


def test_a_price_may_be_negative():
    assert Price("-3362.95") == Decimal("-3362.95")


@pytest.mark.parametrize("text", ["-0", "-0.00", "-0.000001", "-1000000000000"])
@pytest.mark.parametrize("kind", [Quantity, PositiveQuantity])
def test_a_quantity_has_no_minus_sign(kind, text):
    with pytest.raises(InvalidValue, match="a quantity of 0 or more"):
        kind(text)


@pytest.mark.parametrize("text", ["0", "0.000000", "000"])
def test_what_is_bought_or_made_is_above_0(text):
    assert Quantity(text) == 0
    with pytest.raises(InvalidValue, match="a quantity above 0"):
        PositiveQuantity(text)


def test_values_without_a_text_are_the_least_that_their_type_allows():
    assert Price() == Quantity() == 0
    assert PositiveQuantity() == 1


def test_no_value_within_the_bounds_has_a_scientific_form():
    # str() of a Decimal is what goes on the wire.
    assert re.fullmatch(r"0\.0+1?", str(Quantity("0.000001")))
    assert str(Price("-0.000000")) == "-0.000000"


def test_sums_and_products_of_values_are_exact():
    least, most = Price("0.000001"), Price("999999999999.999999")
    product = EXACT.multiply(most, most)
    assert EXACT.subtract(EXACT.add(product, least), product) == least


@pytest.mark.parametrize(
    "text",
    [
        "2011-W44",
        "2015-W53",
        "2011-10-31",
        "2012-02-29",
        "2011-10-31T00",
        "2011-10-31T23",
        "1999-W52",
        "2000-01-01",
        "2099-12-31T23",
        "2099-W53",
    ],
)
def test_weeks_days_and_hours_are_periods(text):
    assert Period(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2011",
        "2011-W00",
        "2011-W53",  # 2011 had 52
        "2011-W54",
        "2011-w44",
        "2011-10-32",
        "2011-02-29",
        "2011-13-01",
        "2011-10-31T24",
        "2011-10-31T14:00",
        "2011-10-31 14",
        "2011-10-31\n",
        " 2011-W44",
        "0001-01-01",
        "1999-W51",
        "1999-12-31",
        "2100-01-01",
        "9999-W52",
        "\u0662\u0660\u0661\u0661-W44",
        201144,
        None,
        ["2011-W44"],
    ],
    ids=repr,
)
def test_what_names_no_period_from_2000_to_2099_is_refused(text):
    with pytest.raises(InvalidValue, match="must be a period such as 2011-W44"):
        Period(text)


@pytest.mark.parametrize(
    "text",
    ["\x00", "a\n", "\t", "\x1b[31m", "\x7f", "\x80", "\x9f", "\u2028", "\u2029"],
    ids=ascii,
)
def test_control_characters_and_line_separators_are_not_printable(text):
    assert not is_printable(text)
    assert not is_printable(f"before{text}after")
    assert is_printable(escaped(text))


@pytest.mark.parametrize(
    "text", ["", " ", "85123A", "Müsli", "日本", "\U0001f600", "~"]
)
def test_letters_of_all_writings_are_printable_and_stay_as_they_are(text):
    assert is_printable(text)
    assert escaped(text) == text


def test_escaped_text_says_which_character_it_was():
    assert escaped("a\nb\u2028") == "a\\u000ab\\u2028"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Price, "-1.50"),
        (Quantity, "0"),
        (PositiveQuantity, "3"),
        (Period, "2011-W44"),
    ],
)
def test_the_decoders_hook_makes_each_value_type(kind, text):
    value = from_wire(kind, text)
    assert type(value) is kind
    assert str(value) == text


def test_the_decoders_hook_never_confuses_types_that_share_a_text():
    assert type(from_wire(Price, "7")) is Price
    assert type(from_wire(PositiveQuantity, "7")) is PositiveQuantity
    assert from_wire(Quantity, "0") == 0
    with pytest.raises(InvalidValue):
        from_wire(PositiveQuantity, "0")


def test_the_decoders_hook_knows_no_other_types():
    with pytest.raises(NotImplementedError, match="complex"):
        from_wire(complex, "1")
