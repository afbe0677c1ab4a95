"""The errors say what was wrong, carry it as values and stay short."""

import pytest

from schemas.errors import (
    MAX_DETAIL,
    REFUSALS,
    IntegrityError,
    InvalidSettings,
    InvalidValue,
    ParfeedError,
    Refused,
    shortened,
)


@pytest.mark.parametrize(
    "kind", [InvalidValue, Refused, InvalidSettings, IntegrityError]
)
def test_every_error_of_ours_is_a_parfeed_error(kind):
    assert issubclass(kind, ParfeedError)


def test_an_invalid_value_says_what_was_expected_and_what_it_was():
    error = InvalidValue("a quantity above 0", "0")
    assert str(error) == "must be a quantity above 0, was '0'"
    assert (error.expected, error.value) == ("a quantity above 0", "0")
    # msgspec adds the field's name to ValueErrors only.
    assert isinstance(error, ValueError)


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_without_detail_says_its_codes_meaning(code):
    refused = Refused(code)
    assert str(refused) == f"{code}: {REFUSALS[code]}"
    assert refused.event_id is None


def test_a_refusal_carries_its_code_detail_and_event():
    refused = Refused("invalid_field", "must be less - at `$.quantity`", "e-1")
    assert refused.code == "invalid_field"
    assert refused.event_id == "e-1"
    assert str(refused) == "invalid_field: must be less - at `$.quantity`"


def test_a_refusal_with_a_code_that_is_not_published_is_a_fault_of_ours():
    with pytest.raises(AssertionError, match="'whim' is not in the table"):
        Refused("whim")


def test_a_refusals_detail_is_cut_to_what_a_person_reads():
    assert len(Refused("malformed", "x" * MAX_DETAIL).detail) == MAX_DETAIL
    cut = Refused("malformed", "x" * (MAX_DETAIL + 1)).detail
    assert len(cut) == MAX_DETAIL
    assert cut.endswith("x...")


def test_short_values_are_shown_whole():
    assert shortened("12") == "'12'"
    assert shortened(3) == "3"
    assert shortened(None) == "None"


@pytest.mark.parametrize(
    "value",
    ["x" * 10**6, b"x" * 10**6, list(range(10**4)), {"a" * 200: "b" * 200}, 10**4000],
    ids=["text", "bytes", "list", "dict", "number"],
)
def test_long_values_are_cut(value):
    assert len(shortened(value)) <= 80


def test_a_value_nested_beyond_pythons_recursion_limit_is_still_shown():
    value: list = []
    for _ in range(100_000):
        value = [value]
    assert shortened(value) == "[[[[[[[...]]]]]]]"
    while value:  # taken apart by hand: so is its end within the limit
        value = value[0]
