"""What people type becomes a value or a refusal that says what to type instead."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from parfeed.planning import cells
from parfeed.planning.errors import UnfitCell
from schemas.planning import MAX_POINTS


@pytest.mark.parametrize("text", ["0", "12", "12.5", "0.000001", "1000000000000"])
def test_a_plain_number_is_a_quantity_digit_by_digit(text):
    assert str(cells.quantity(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "-1", "-0", "1,000", "1 000", "1.234.567", "1e3", "NaN", "ten", "0x10", "٣",
     "1.0000001", "1000000000001", "+5", "5.", ".5", "$5", "5%"],
)  # fmt: skip
def test_what_is_no_plain_number_is_refused_with_what_it_was(text):
    with pytest.raises(UnfitCell) as refused:
        cells.quantity(text)
    assert repr(text) in str(refused.value)


def test_a_price_may_be_negative_and_a_start_price_must_be_above_0():
    assert cells.price("-3.5") == Decimal("-3.5")
    for text in ("0", "0.0", "-1"):
        with pytest.raises(UnfitCell, match="above 0"):
            cells.positive(text)


@pytest.mark.parametrize(
    "text", ["10:100,12:150", " 10:100  12:150 ", "10:100|12:150", "10:100, 12:150"]
)
def test_a_schedule_is_points_of_price_and_quantity(text):
    points = cells.schedule(text)
    assert [(str(point.price), str(point.quantity)) for point in points] == [
        ("10", "100"),
        ("12", "150"),
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("10", "PRICE:QUANTITY"),
        ("10:", "number of units"),
        (":100", "a price"),
        ("10:100:3", "number of units"),
        ("12:100,10:150", "prices that rise, but 10 follows 12"),
        ("10:100,10:150", "prices that rise"),
        ("10:100,12:50", "do not fall, but 50 at 12 follows 100"),
        ("10:-5", "0 or more"),
        (",".join(f"{n}:{n}" for n in range(1, MAX_POINTS + 2)), "at most 32 points"),
    ],
)
def test_a_schedule_that_no_bid_can_have_is_refused_with_the_point(text, complaint):
    with pytest.raises(UnfitCell, match=complaint):
        cells.schedule(text)


def test_a_schedule_of_as_many_points_as_may_be_is_taken():
    points = cells.schedule(",".join(f"{n}:5" for n in range(1, MAX_POINTS + 1)))
    assert len(points) == MAX_POINTS


def test_inputs_are_named_with_their_quantities():
    assert cells.needs("flour=20|a=b=0.5") == (
        ("flour", Decimal(20)),
        ("a=b", Decimal("0.5")),
    )
    for text, complaint in (
        ("flour", "PRODUCT=QUANTITY"),
        ("=3", "a name of 1 to 64"),
        ("flour=", "number of units"),
        ("flour=1|flour=2", "name each product once"),
    ):
        with pytest.raises(UnfitCell, match=complaint):
            cells.needs(text)


def test_names_are_apart_by_bars_and_each_stands_once():
    assert cells.names("Mill Ltd | dairy|") == ("Mill Ltd", "dairy")
    with pytest.raises(UnfitCell, match="each one once"):
        cells.names("mill|mill")
    with pytest.raises(UnfitCell, match="1 to 64"):
        cells.names("x" * 65)
    with pytest.raises(UnfitCell, match="printable"):
        cells.names("mill\x1b[2J")


@pytest.mark.parametrize(
    ("text", "percent"), [("3%", 3.0), ("3", 3.0), ("0.05%", 0.05), ("100 %", 100.0)]
)
def test_a_percentage_may_carry_its_sign(text, percent):
    assert cells.percentage(text) == percent


@pytest.mark.parametrize("text", ["0", "0%", "-1", "101%", "three", "%", "0.03"])
def test_a_percentage_that_could_mean_two_things_is_refused(text):
    with pytest.raises(UnfitCell):
        cells.percentage(text)


def test_a_fraction_for_a_percentage_is_asked_about():
    with pytest.raises(UnfitCell, match=r"could be 3\.00% or 0\.03%; write the sign"):
        cells.percentage("0.03")


def test_a_time_has_an_offset_or_is_this_machines():
    assert cells.moment("2026-11-22T18:00:00Z") == datetime(
        2026, 11, 22, 18, tzinfo=UTC
    )
    assert cells.moment("2026-11-22 18:00").tzinfo is not None
    for text in ("tomorrow", "18:00", "1999-01-01", "2100-01-01T00:00Z", "0001-01-01"):
        with pytest.raises(UnfitCell, match="a time from 2000 to 2099"):
            cells.moment(text)


@pytest.mark.parametrize(
    ("text", "pointed"),
    [("1,5", "1.5"), ("-2,25", "-2.25"), ("1234,5000", "1234.5000"), ("7", "7"),
     ("1.234,5", "1.234,5"), ("1,2,3", "1,2,3")],
)  # fmt: skip
def test_a_decimal_comma_becomes_a_point_where_it_can_be_nothing_else(text, pointed):
    assert cells.with_point(text) == pointed


def test_a_comma_that_could_part_thousands_is_asked_about():
    with pytest.raises(UnfitCell, match=r"could be 1\.500 or 1500"):
        cells.with_point("1,500")


@pytest.mark.parametrize("text", ["", "-1", "1.0", "9007199254740992", "x", "1" * 17])
def test_a_revision_is_a_whole_number_that_every_language_reads(text):
    with pytest.raises(UnfitCell, match="whole number from 0 to 9007199254740991"):
        cells.revision(text)


def test_yes_and_no_are_words_that_spreadsheets_write():
    assert [cells.yes_or_no(word) for word in ("yes", "TRUE", "x", "No", "false")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    with pytest.raises(UnfitCell, match="yes or no, was 'maybe'"):
        cells.yes_or_no("maybe")
